//! Applications of all kinds, invitations and what is assigned, as far as rules of their own hold.

mod common;

use base64::{Engine, engine::general_purpose::STANDARD};
use common::{Fixture, Result, answer, browser::Browser, header, string};
use reqwest::{Method, Url};
use serde_json::{Value, json};

impl Fixture {
    async fn make(&self, path: &str, body: Value) -> Result<String> {
        let (status, made) = self.send(Method::POST, path, body).await?;
        assert!(status.is_success(), "{path}: {made}");
        Ok(string(&made["id"]))
    }

    /// Status and code.
    async fn refusal(&self, method: Method, path: &str, body: Value) -> Result<(u16, String)> {
        let (status, body) = self.send(method, path, body).await?;
        Ok((status.as_u16(), string(&body["code"])))
    }
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn protected_applications_are_found_below_the_servers_domain() -> Result {
    let fixture = Fixture::start().await?;
    let body = |name: &str| {
        let metadata = json!({ "subDomain": name, "origin": "https://origin.example" });
        json!({ "name": "p", "type": "Protected", "protectedAppMetadata": metadata })
    };
    let create = async |name| fixture.refusal(Method::POST, "/api/applications", body(name)).await;
    let code = "application.protected_app_not_configured";
    assert_eq!(create("a").await?, refused(501, code));
    fixture.mock.set_protected_app_domain(Some("apps.example"));
    assert_eq!(create("a b").await?, refused(422, "application.invalid_subdomain"));
    let id = fixture.make("/api/applications", body("a")).await?;
    let code = "application.protected_application_subdomain_exists";
    assert_eq!(create("a").await?, refused(422, code));

    let path = format!("/api/applications/{id}");
    let domains = format!("{path}/protected-app-metadata/custom-domains");
    let domain = json!({ "domain": "a.example.com" });
    let (status, _) = fixture.send(Method::POST, &domains, domain.clone()).await?;
    assert_eq!(status, 201);
    let again = fixture.refusal(Method::POST, &domains, domain).await?;
    assert_eq!(again, refused(422, "domain.limit_to_one_domain"));
    let (_, own) = answer(fixture.get(&path).await?).await?;
    assert_eq!(
        own["oidcClientMetadata"]["redirectUris"],
        json!([
            "https://a.apps.example/sign-in-callback",
            "https://a.example.com/sign-in-callback"
        ])
    );
    let early = fixture.refusal(Method::DELETE, &path, Value::Null).await?;
    assert_eq!(early, refused(422, "application.should_delete_custom_domains_first"));
    let held = format!("{domains}/a.example.com");
    assert_eq!(fixture.request(Method::DELETE, &held).send().await?.status(), 204);
    assert_eq!(fixture.request(Method::DELETE, &path).send().await?.status(), 204);
    Ok(())
}

#[tokio::test]
async fn a_saml_application_is_an_application_with_operations_of_its_own() -> Result {
    let fixture = Fixture::start().await?;
    let id = fixture.make("/api/saml-applications", json!({ "name": "s" })).await?;
    let (_, listed) = answer(fixture.get("/api/applications?types=SAML").await?).await?;
    assert_eq!(
        (&listed[0]["id"], &listed[0]["oidcClientMetadata"]["redirectUris"]),
        (&json!(id), &json!([]))
    );
    let code = "application.saml.use_saml_app_api";
    let path = format!("/api/applications/{id}");
    let change = json!({ "name": "t" });
    assert_eq!(fixture.refusal(Method::PATCH, &path, change).await?, refused(400, code));
    assert_eq!(fixture.refusal(Method::DELETE, &path, Value::Null).await?, refused(400, code));
    let other = format!("/api/saml-applications/{}", fixture.mock.web_app_id());
    let code = "application.saml.saml_application_only";
    assert_eq!(fixture.refusal(Method::GET, &other, Value::Null).await?, refused(422, code));

    let secrets = format!("/api/saml-applications/{id}/secrets");
    let secret = fixture.make(&secrets, json!({ "lifeSpanInYears": 1 })).await?;
    let secret = format!("{secrets}/{secret}");
    fixture.send(Method::PATCH, &secret, json!({ "active": true })).await?;
    let (_, listed) = answer(fixture.get(&secrets).await?).await?;
    let active = listed.as_array().into_iter().flatten().filter(|own| own["active"] == true);
    assert_eq!((active.count(), listed.as_array().map(Vec::len)), (1, Some(2)));
    let (_, refusal) =
        fixture.send(Method::POST, &secrets, json!({ "lifeSpanInYears": 0 })).await?;
    assert_eq!(refusal["data"]["issues"][0]["code"], "too_small");

    for name in ["b", "c"] {
        fixture.make("/api/saml-applications", json!({ "name": name })).await?;
    }
    // The limit is looked at before the body.
    let more = fixture.refusal(Method::POST, "/api/saml-applications", json!({})).await?;
    assert_eq!(more, refused(403, "application.saml.reach_oss_limit"));
    Ok(())
}

#[tokio::test]
async fn a_service_provider_gets_users_by_saml() -> Result {
    let fixture = Fixture::start().await?;
    let acs_url = json!({
        "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", "url": "https://sp.example/acs",
    });
    let body = json!({ "name": "s", "entityId": "https://sp.example", "acsUrl": acs_url });
    let id = fixture.make("/api/saml-applications", body).await?;
    let browser = Browser::of(fixture.mock)?;
    let path = format!("/api/saml/{id}/authn");
    let ask = async |request: &str| {
        let url = format!("{}{path}", browser.mock.endpoint());
        let form = [("SAMLRequest", STANDARD.encode(request)), ("RelayState", "there".to_owned())];
        browser.http.post(url).form(&form).send().await
    };
    let request = |issuer: &str| {
        format!(
            "<samlp:AuthnRequest ID=\"_1\"><saml:Issuer>{issuer}</saml:Issuer></samlp:AuthnRequest>"
        )
    };
    assert_eq!(answer(ask("bad").await?).await?.1["code"], "application.saml.invalid_saml_request");
    let other = answer(ask(&request("https://other.example")).await?).await?.1;
    assert_eq!(other["code"], "application.saml.auth_request_issuer_not_match");
    assert_eq!(browser.get(&format!("{path}?SAMLRequest=bad")).await?.status(), 500);

    let asked = ask(&request("https://sp.example")).await?;
    assert_eq!(asked.status(), 302);
    browser.get(&header(&asked, "location")).await?;
    browser.start("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let mut way = string(&browser.submit().await?.1["redirectTo"]);
    while !way.contains("/callback?code=") {
        let next = browser.get(&way).await?;
        assert!(next.status().is_redirection(), "{way}");
        way = header(&next, "location");
    }
    let page = browser.get(&way).await?;
    assert!(header(&page, "content-type").starts_with("text/html"));
    let page = page.text().await?;
    assert!(page.contains("action=\"https://sp.example/acs\"") && page.contains("value=\"there\""));
    let response = page.split("name=\"SAMLResponse\" value=\"").nth(1).unwrap_or_default();
    let response = STANDARD.decode(response.split('"').next().unwrap_or_default())?;
    assert!(String::from_utf8(response)?.contains(browser.alice()));
    // Neither the code nor the state is good twice.
    assert_eq!(browser.get(&way).await?.status(), 400);
    Ok(())
}

#[tokio::test]
async fn a_callback_has_either_a_code_or_an_error() -> Result {
    let fixture = Fixture::start().await?;
    let path = "/api/saml-applications/nobody/callback";
    for query in ["", "?code=x&error=y", "?error=y&state=z"] {
        let (status, refusal) = answer(fixture.get(&format!("{path}{query}")).await?).await?;
        assert_eq!((status.as_u16(), &refusal["code"]), (400, &json!("guard.invalid_input")));
    }
    let (status, refusal) = answer(fixture.get(&format!("{path}?code=x")).await?).await?;
    assert_eq!((status.as_u16(), &refusal["code"]), (404, &json!("entity.not_found")));
    let refusal = fixture.refusal(Method::POST, "/api/authn/saml/nobody", json!({})).await?;
    assert_eq!(refusal, refused(422, "session.invalid_connector_id"));
    Ok(())
}

#[tokio::test]
async fn an_application_is_closed_only_when_somebody_may_use_it() -> Result {
    let fixture = Fixture::start().await?;
    let user = string(&fixture.add(json!({ "username": "alice" })).await?["id"]);
    let app = format!("/api/applications/{}", fixture.mock.web_app_id());
    let close = json!({ "appLevelAccessControlEnabled": true });
    let early = fixture.refusal(Method::PATCH, &app, close.clone()).await?;
    assert_eq!(early, refused(422, "request.invalid_input"));
    let rules = |users: Value| {
        json!({
            "userIds": users, "userRoleIds": [], "organizationIds": [], "organizationRoleRules": [],
        })
    };
    let access = format!("{app}/access-control");
    assert_eq!(fixture.send(Method::PUT, &access, rules(json!([user]))).await?.0, 200);
    assert_eq!(fixture.send(Method::PATCH, &app, close).await?.0, 200);
    let late = fixture.refusal(Method::PUT, &access, rules(json!([]))).await?;
    assert_eq!(late, refused(422, "request.invalid_input"));
    Ok(())
}

#[tokio::test]
async fn what_is_held_is_not_assigned_again_from_the_side_of_roles() -> Result {
    let fixture = Fixture::start().await?;
    let user = string(&fixture.add(json!({ "username": "alice" })).await?["id"]);
    let role = fixture.make("/api/roles", json!({ "name": "a", "description": "d" })).await?;
    let path = format!("/api/roles/{role}/users");
    let body = json!({ "userIds": [user] });
    assert_eq!(fixture.send(Method::POST, &path, body.clone()).await?.0, 201);
    let again = fixture.refusal(Method::POST, &path, body).await?;
    assert_eq!(again, refused(422, "role.user_exists"));

    let machine = json!({ "name": "m", "description": "d", "type": "MachineToMachine" });
    let role = fixture.make("/api/roles", machine).await?;
    let path = format!("/api/applications/{}/roles", fixture.mock.app_id());
    let body = json!({ "roleIds": [role] });
    let put = fixture.request(Method::PUT, &path).json(&body).send().await?;
    assert_eq!(put.text().await?, "OK");
    let again = fixture.refusal(Method::PUT, &path, body).await?;
    assert_eq!(again, refused(422, "entity.invalid_input"));
    let path = format!("/api/applications/{}/roles", fixture.mock.web_app_id());
    let other = fixture.refusal(Method::GET, &path, Value::Null).await?;
    assert_eq!(other, refused(422, "application.invalid_type"));
    Ok(())
}

#[tokio::test]
async fn members_are_not_invited_and_share_only_what_they_belong_to() -> Result {
    let fixture = Fixture::start().await?;
    let organization = fixture.make("/api/organizations", json!({ "name": "Acme" })).await?;
    let user = fixture.add(json!({ "primaryEmail": "alice@example.com" })).await?;
    let user = string(&user["id"]);
    let app = json!({ "name": "t", "type": "Traditional", "isThirdParty": true });
    let app = fixture.make("/api/applications", app).await?;
    let shared = format!("/api/applications/{app}/users/{user}/consent-organizations");
    let consent = json!({ "organizationIds": [organization] });
    let early = fixture.refusal(Method::POST, &shared, consent.clone()).await?;
    assert_eq!(early, refused(422, "organization.require_membership"));
    let members = format!("/api/organizations/{organization}/users");
    fixture.send(Method::POST, &members, json!({ "userIds": [user] })).await?;
    assert_eq!(fixture.send(Method::POST, &shared, consent).await?.0, 201);

    let invite = async |email: &str, more: Value| {
        let mut body = json!({
            "invitee": email, "organizationId": organization, "expiresAt": 4_102_444_800_000_u64,
        });
        body["messagePayload"] = more;
        fixture.send(Method::POST, "/api/organization-invitations", body).await
    };
    let (status, refusal) = invite("alice@example.com", json!(false)).await?;
    assert_eq!((status.as_u16(), &refusal["code"]), (422, &json!("request.invalid_input")));
    // Nothing can be sent without a connector for e-mail.
    let (status, refusal) = invite("bob@example.com", json!({ "link": "x" })).await?;
    assert_eq!((status.as_u16(), &refusal["code"]), (501, &json!("connector.not_found")));
    let (_, invitation) = invite("bob@example.com", json!(false)).await?;
    let path = format!("/api/organization-invitations/{}", string(&invitation["id"]));
    let nobody = json!({ "status": "Accepted" });
    let nobody = fixture.refusal(Method::PUT, &format!("{path}/status"), nobody).await?;
    assert_eq!(nobody, refused(422, "request.invalid_input"));
    Ok(())
}

#[tokio::test]
async fn usernames_conflict_where_only_their_case_differs() -> Result {
    let fixture = Fixture::start().await?;
    for username in ["alice", "Alice", "bob"] {
        fixture.add(json!({ "username": username })).await?;
    }
    let path = "/api/sign-in-exp/username-policy/case-sensitivity-conflicts";
    let (_, conflicts) = answer(fixture.get(path).await?).await?;
    assert_eq!(conflicts["totalConflicts"], 1);
    assert_eq!(conflicts["samples"][0]["usernameLower"], "alice");
    let (status, _) = answer(fixture.get(&format!("{path}?limit=0")).await?).await?;
    assert_eq!(status, 400);
    Ok(())
}

#[tokio::test]
async fn users_are_counted_and_share_no_address() -> Result {
    let fixture = Fixture::start().await?;
    fixture.add(json!({ "primaryEmail": "alice@example.com" })).await?;
    let same = json!({ "primaryEmail": "Alice@Example.com" });
    let same = fixture.refusal(Method::POST, "/api/users", same).await?;
    assert_eq!(same, refused(422, "user.email_already_in_use"));
    let long = json!({ "name": "x".repeat(129) });
    let long = fixture.refusal(Method::POST, "/api/users", long).await?;
    assert_eq!(long, refused(422, "entity.value_too_long"));
    let (_, counts) = answer(fixture.get("/api/dashboard/users/new").await?).await?;
    assert_eq!(counts["today"], json!({ "count": 1, "delta": 1 }));
    let hook = json!({ "config": { "url": "https://hook.example" } });
    let hook = fixture.refusal(Method::POST, "/api/hooks", hook).await?;
    assert_eq!(hook, refused(400, "hook.missing_events"));
    Ok(())
}

#[tokio::test]
async fn a_legacy_secret_is_good_until_it_is_deleted() -> Result {
    let fixture = Fixture::start().await?;
    let id = fixture.mock.app_id().to_owned();
    let path = format!("/api/applications/{id}/legacy-secret");
    let none = fixture.refusal(Method::DELETE, &path, Value::Null).await?;
    assert_eq!(none, refused(400, "application.no_legacy_secret_found"));
    fixture.mock.set_legacy_secret(&id, "old");
    let token = async || {
        let url = Url::parse(fixture.mock.endpoint())?.join("/oidc/token")?;
        let form = [("grant_type", "client_credentials"), ("resource", fixture.mock.resource())];
        let request = fixture.http.post(url).basic_auth(&id, Some("old")).form(&form);
        Result::Ok(request.send().await?.status())
    };
    assert_eq!(token().await?, 200);
    assert_eq!(fixture.send(Method::DELETE, &path, Value::Null).await?.0, 200);
    assert_eq!(token().await?, 401);
    Ok(())
}

/// What each body is refused with, by the path that it is sent to.
#[tokio::test]
async fn what_the_contract_does_not_say_is_checked_too() -> Result {
    let fixture = Fixture::start().await?;
    let organization = fixture.make("/api/organizations", json!({ "name": "Acme" })).await?;
    let role = json!({ "name": "User", "description": "d" });
    let role = fixture.make("/api/roles", role).await?;
    let long = "x".repeat(129);
    let settings = json!({ "refreshTokenTtlInDays": 0 });
    let application = json!({ "name": "a", "type": "SPA", "customClientMetadata": settings });
    let (organization, role) =
        (format!("/api/organizations/{organization}"), format!("/api/roles/{role}"));
    for (method, path, body, expected) in [
        (Method::POST, "/api/organizations", json!({ "name": long }), (400, "guard.invalid_input")),
        (Method::POST, "/api/applications", application, (400, "guard.invalid_input")),
        (Method::PATCH, &organization, json!({}), (422, "entity.invalid_input")),
        (Method::PATCH, &organization, json!({ "nope": 1 }), (422, "entity.invalid_input")),
        (
            Method::POST,
            &format!("{organization}/jit/roles"),
            json!({ "organizationRoleIds": [] }),
            (400, "guard.invalid_input"),
        ),
        (
            Method::POST,
            "/api/organizations/nobody/jit/email-domains",
            json!({ "emailDomain": "a.example" }),
            (422, "entity.relation_foreign_key_not_found"),
        ),
        (
            Method::POST,
            &format!("{role}/scopes"),
            json!({ "scopeIds": ["management-api-all"] }),
            (400, "role.management_api_scopes_not_assignable_to_user_role"),
        ),
        (Method::PATCH, "/api/roles/nobody", json!({}), (404, "entity.not_exists_with_id")),
    ] {
        let got = fixture.refusal(method, path, body).await?;
        assert_eq!(got, refused(expected.0, expected.1), "{path}");
    }
    for query in ["types=Nope", "isThirdParty=maybe", "excludeRoleId=a&excludeOrganizationId=b"] {
        let response = fixture.get(&format!("/api/applications?{query}")).await?;
        assert_eq!(response.status(), 400, "{query}");
    }
    Ok(())
}
