//! How a tenant is configured: what is refused, and what others are shown of it.

mod common;

use common::{Fixture, Result, answer};
use reqwest::Method;
use serde_json::{Value, json};

const MAIL: &str = "mock-email-service";

fn mail() -> Value {
    json!({ "apiKey": "k", "fromEmail": "a@example.com", "templates": [] })
}

async fn send(fixture: &Fixture, method: Method, path: &str, body: Value) -> Result<(u16, Value)> {
    let (status, body) = fixture.send(method, path, body).await?;
    Ok((status.as_u16(), body))
}

async fn read(fixture: &Fixture, path: &str) -> Result<(u16, Value)> {
    let (status, body) = answer(fixture.get(path).await?).await?;
    Ok((status.as_u16(), body))
}

async fn connect(fixture: &Fixture, body: Value) -> Result<(u16, Value)> {
    send(fixture, Method::POST, "/api/connectors", body).await
}

#[tokio::test]
async fn a_connector_is_tried_out_before_it_is_made() -> Result {
    let fixture = Fixture::start().await?;
    let test = async |factory: &str, body: Value| {
        let path = format!("/api/connectors/{factory}/test");
        let (status, answer) = send(&fixture, Method::POST, &path, body).await?;
        Ok::<_, Box<dyn std::error::Error>>((status, answer["code"].clone()))
    };
    let to = |config: Value| json!({ "email": "a@example.com", "config": config });
    assert_eq!(test(MAIL, to(mail())).await?, (204, Value::Null));
    assert_eq!(test(MAIL, to(json!({}))).await?, (400, json!("connector.invalid_config")));
    assert_eq!(test("nope", to(json!({}))).await?, (400, json!("connector.not_found")));
    let sms = json!({ "phone": "34600111222", "config": {} });
    assert_eq!(test(MAIL, sms).await?, (400, json!("connector.unexpected_type")));
    let nobody = json!({ "config": {} });
    assert_eq!(test(MAIL, nobody).await?, (400, json!("guard.invalid_input")));
    Ok(())
}

#[tokio::test]
async fn connectors_are_made_of_what_is_installed() -> Result {
    let fixture = Fixture::start().await?;
    let github = json!({
        "connectorId": "github-universal", "config": { "clientId": "a", "clientSecret": "b" },
    });
    fixture.mock.set_connector_factories(Some(&[MAIL]));
    let (_, factories) = read(&fixture, "/api/connector-factories").await?;
    assert_eq!((factories[0]["id"].as_str(), factories[1].is_null()), (Some(MAIL), true));
    let (status, refused) = connect(&fixture, github.clone()).await?;
    assert_eq!((status, &refused["code"]), (422, &json!("connector.not_found_with_connector_id")));
    fixture.mock.set_connector_factories(None);
    assert_eq!(connect(&fixture, github).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn one_connector_sends_all_mails_and_no_two_share_a_target() -> Result {
    let fixture = Fixture::start().await?;
    let body = json!({ "connectorId": MAIL, "config": mail() });
    for _ in 0..2 {
        assert_eq!(connect(&fixture, body.clone()).await?.0, 200);
    }
    let (_, listed) = read(&fixture, "/api/connectors").await?;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let oauth = |target: &str| json!({ "connectorId": "oauth2", "config": {}, "metadata": { "target": target } });
    assert_eq!(connect(&fixture, oauth("acme")).await?.0, 200);
    assert_eq!(connect(&fixture, oauth("other")).await?.0, 200);
    let (status, refused) = connect(&fixture, oauth("acme")).await?;
    let code = "connector.multiple_target_with_same_platform";
    assert_eq!((status, &refused["code"]), (422, &json!(code)));
    let (status, refused) = connect(&fixture, oauth("")).await?;
    assert_eq!((status, &refused["code"]), (400, &json!("connector.should_specify_target")));
    Ok(())
}

#[tokio::test]
async fn pages_are_told_of_connectors_and_captcha_and_not_of_secrets() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.add_social_connector();
    connect(&fixture, json!({ "connectorId": MAIL, "config": mail() })).await?;
    let enterprise = json!({
        "providerName": "OIDC", "connectorName": "acme", "domains": ["Acme.example"],
        "config": { "clientId": "a", "clientSecret": "b", "issuer": "https://idp.example" },
        "branding": { "displayName": "Acme" },
    });
    send(&fixture, Method::POST, "/api/sso-connectors", enterprise).await?;
    let captcha = json!({ "type": "Turnstile", "siteKey": "site", "secretKey": "hidden" });
    send(&fixture, Method::PUT, "/api/captcha-provider", json!({ "config": captcha })).await?;
    let settings = json!({
        "socialSignInConnectorTargets": ["mock-social"], "captchaPolicy": { "enabled": true },
    });
    send(&fixture, Method::PATCH, "/api/sign-in-exp", settings).await?;
    let shown_now = async || read(&fixture, "/api/.well-known/sign-in-exp").await;
    let (_, shown) = shown_now().await?;
    assert_eq!(shown["socialConnectors"][0]["target"], "mock-social");
    assert_eq!(shown["ssoConnectors"][0]["connectorName"], "Acme");
    assert_eq!(shown["forgotPassword"], json!({ "email": true, "phone": false }));
    assert_eq!(shown["captchaConfig"], json!({ "type": "Turnstile", "siteKey": "site" }));
    fixture.request(Method::DELETE, "/api/captcha-provider").send().await?;
    assert_eq!(shown_now().await?.1["captchaPolicy"]["enabled"], false);
    Ok(())
}

#[tokio::test]
async fn enterprise_domains_are_given_once_and_configurations_are_whole() -> Result {
    let fixture = Fixture::start().await?;
    let create = async |more: Value| {
        let mut body = json!({ "providerName": "OIDC", "connectorName": "acme" });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let (status, answer) = send(&fixture, Method::POST, "/api/sso-connectors", body).await?;
        Ok::<_, Box<dyn std::error::Error>>((status, answer["code"].clone()))
    };
    let twice = json!({ "domains": ["a.example", "A.example"] });
    assert_eq!(create(twice).await?, (422, json!("single_sign_on.duplicated_domains")));
    let partial = json!({ "config": { "issuer": "https://idp.example" } });
    assert_eq!(create(partial).await?, (400, json!("connector.invalid_config")));
    assert_eq!(create(json!({})).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn phrases_are_those_that_pages_have() -> Result {
    let fixture = Fixture::start().await?;
    let put = async |body: Value| {
        let (status, answer) = send(&fixture, Method::PUT, "/api/custom-phrases/es", body).await?;
        Ok::<_, Box<dyn std::error::Error>>((status, answer))
    };
    let (status, kept) = put(json!({ "input": { "username": "Usuario", "email": "" } })).await?;
    assert_eq!(
        (status, &kept["translation"]),
        (201, &json!({ "input": { "username": "Usuario" } }))
    );
    for unknown in [json!({ "nope": { "x": "y" } }), json!({ "input": { "nope": "y" } })] {
        let (status, refused) = put(unknown).await?;
        assert_eq!(status, 422);
        assert_eq!(refused["code"], "localization.invalid_translation_structure");
    }
    let (status, refused) = put(json!({ "input": { "username": 3 } })).await?;
    assert_eq!((status, &refused["code"]), (400, &json!("guard.invalid_input")));
    assert_eq!(refused["data"]["issues"][0]["code"], "invalid_union");
    let default = fixture.request(Method::DELETE, "/api/custom-phrases/en").send().await?;
    assert_eq!(default.status(), 409);
    Ok(())
}

#[tokio::test]
async fn keys_for_cookies_are_rotated_and_one_of_them_stays() -> Result {
    let fixture = Fixture::start().await?;
    let keys = "/api/configs/oidc/cookie-keys";
    let (_, rotated) = send(&fixture, Method::POST, &format!("{keys}/rotate"), json!({})).await?;
    assert_eq!(rotated.as_array().map(Vec::len), Some(2));
    let delete = async |key: &Value| {
        let path = format!("{keys}/{}", key["id"].as_str().unwrap_or_default());
        Ok::<_, Box<dyn std::error::Error>>(
            fixture.request(Method::DELETE, &path).send().await?.status().as_u16(),
        )
    };
    assert_eq!(delete(&rotated[1]).await?, 204);
    assert_eq!(delete(&rotated[0]).await?, 422);
    Ok(())
}

#[tokio::test]
async fn scripts_are_listed_with_what_they_are_for_and_fail_as_they_say() -> Result {
    let fixture = Fixture::start().await?;
    let script = json!({ "script": "() => ({})" });
    for path in ["actions/action.postSignIn", "jwt-customizer/client-credentials"] {
        let path = format!("/api/configs/{path}");
        assert_eq!(send(&fixture, Method::PUT, &path, script.clone()).await?.0, 201);
    }
    let (_, actions) = read(&fixture, "/api/configs/actions").await?;
    assert_eq!(actions[0]["key"], "action.postSignIn");
    let (_, customizers) = read(&fixture, "/api/configs/jwt-customizer").await?;
    assert_eq!(customizers[0]["key"], "jwt.clientCredentials");
    assert_eq!(customizers[0]["value"]["script"], "() => ({})");
    let test = json!({
        "tokenType": "client-credentials", "token": {}, "context": {},
        "script": "() => { throw new Error('boom') }",
    });
    let (status, failed) =
        send(&fixture, Method::POST, "/api/configs/jwt-customizer/test", test).await?;
    assert_eq!((status, &failed["data"]["message"]), (422, &json!("boom")));
    Ok(())
}

#[tokio::test]
async fn domains_are_served_unless_the_server_cannot() -> Result {
    let fixture = Fixture::start().await?;
    let body = json!({ "domain": "auth.example.com" });
    assert_eq!(send(&fixture, Method::POST, "/api/domains", body.clone()).await?.0, 201);
    let (status, taken) = send(&fixture, Method::POST, "/api/domains", body.clone()).await?;
    assert_eq!((status, &taken["code"]), (422, &json!("domain.domain_in_use")));
    fixture.mock.set_custom_domains(false);
    let other = json!({ "domain": "other.example.com" });
    let (status, refused) = send(&fixture, Method::POST, "/api/domains", other).await?;
    assert_eq!((status, &refused["code"]), (400, &json!("domain.not_configured")));
    Ok(())
}

#[tokio::test]
async fn hasura_is_told_who_asks_and_in_which_role() -> Result {
    let fixture = Fixture::start().await?;
    let resource = fixture.mock.resource();
    let ask = async |query: &[(&str, &str)], role: Option<&str>| {
        let mut request = fixture.request(Method::GET, "/api/authn/hasura").query(query);
        if let Some(role) = role {
            request = request.header("expected-role", role);
        }
        let (status, body) = answer(request.send().await?).await?;
        Ok::<_, Box<dyn std::error::Error>>((status.as_u16(), body))
    };
    let own = [("resource", resource)];
    let app = fixture.mock.app_id();
    assert_eq!(ask(&own, None).await?, (200, json!({ "X-Hasura-User-Id": app })));
    let (status, refused) = ask(&own, Some("admin")).await?;
    assert_eq!((status, &refused["code"]), (401, &json!("auth.expected_role_not_found")));
    let fallback = [("resource", resource), ("unauthorizedRole", "anonymous")];
    let (_, answered) = ask(&fallback, Some("admin")).await?;
    assert_eq!(answered["X-Hasura-Role"], "anonymous");
    assert_eq!(ask(&[], None).await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn the_sign_in_experience_is_consistent() -> Result {
    let fixture = Fixture::start().await?;
    for (body, status, code) in [
        (json!({ "adaptiveMfa": { "enabled": true } }), 422, "adaptive_mfa_requires_mfa"),
        (
            json!({
                "adaptiveMfa": { "enabled": true },
                "mfa": { "factors": ["Totp"], "policy": "UserControlled" },
            }),
            422,
            "adaptive_mfa_requires_non_skippable_policy",
        ),
        (
            json!({ "mfa": { "factors": ["Totp", "Totp"], "policy": "Mandatory" } }),
            400,
            "duplicated_mfa_factors",
        ),
        (
            json!({
                "signUp": {
                    "identifiers": ["email"], "password": true, "verify": true,
                    "secondaryIdentifiers": [{ "identifier": "emailOrPhone", "verify": true }],
                },
            }),
            400,
            "duplicated_sign_up_identifiers",
        ),
        (
            json!({ "languageInfo": { "autoDetect": true, "fallbackLanguage": "af-ZA" } }),
            400,
            "unsupported_default_language",
        ),
    ] {
        let (own, refused) = send(&fixture, Method::PATCH, "/api/sign-in-exp", body).await?;
        assert_eq!(
            (own, &refused["code"]),
            (status, &json!(format!("sign_in_experiences.{code}")))
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_path_that_a_release_does_not_know_is_one_with_a_parameter() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.set_release("1.30");
    let (status, refused) = read(&fixture, "/api/configs/oidc/session").await?;
    assert_eq!((status, &refused["code"]), (400, &json!("guard.invalid_input")));
    Ok(())
}

#[tokio::test]
async fn bodies_are_refused_as_the_release_that_is_played_does() -> Result {
    let fixture = Fixture::start().await?;
    let issue = async |method: Method, path: &str, body: Value| {
        let (status, refused) = send(&fixture, method, path, body).await?;
        assert_eq!((status, &refused["code"]), (400, &json!("guard.invalid_input")), "{refused}");
        Ok::<_, Box<dyn std::error::Error>>(refused["data"]["issues"][0].clone())
    };
    // A string that is too short, and one that is no URL: the other form of its union is empty.
    let role = json!({ "name": "clerk", "description": "" });
    let too_short = issue(Method::POST, "/api/roles", role).await?;
    assert_eq!((&too_short["code"], &too_short["minimum"]), (&json!("too_small"), &json!(1)));
    let terms = json!({ "termsOfUseUrl": "nowhere" });
    let no_url = issue(Method::PATCH, "/api/sign-in-exp", terms).await?;
    assert_eq!((&no_url["code"], &no_url["validation"]), (&json!("invalid_string"), &json!("url")));
    // Of a union, the complaints of each form.
    let user = json!({ "username": 7 });
    let no_form = issue(Method::POST, "/api/users", user).await?;
    assert_eq!(no_form["code"], "invalid_type");
    let path = format!("/api/users/{}", fixture.add(json!({})).await?["id"].as_str().unwrap_or(""));
    let no_form = issue(Method::PATCH, &path, json!({ "username": 7 })).await?;
    assert_eq!(no_form["unionErrors"][1]["issues"][0]["code"], "invalid_literal");
    // A number is only a wrong value to most enumerations, and of a wrong type to some.
    let mfa = json!({ "mfa": { "factors": [7], "policy": "Mandatory" } });
    let option = issue(Method::PATCH, "/api/sign-in-exp", mfa).await?;
    assert_eq!((&option["code"], &option["received"]), (&json!("invalid_enum_value"), &json!(7)));
    let hook = json!({ "name": "x", "events": [7], "config": { "url": "http://a.example" } });
    assert_eq!(issue(Method::POST, "/api/hooks", hook).await?["code"], "invalid_type");
    // Numbers have bounds, literals one value.
    let short = json!({ "verificationCodePolicy": { "expirationDuration": 1 } });
    assert_eq!(issue(Method::PATCH, "/api/sign-in-exp", short).await?["minimum"], 60);
    let checkbox = json!({ "name": "a_b", "type": "Checkbox", "required": true });
    let literal = issue(Method::POST, "/api/custom-profile-fields", checkbox).await?;
    assert_eq!(
        (&literal["code"], &literal["expected"]),
        (&json!("invalid_literal"), &json!(false))
    );
    // What a body is depends on the path, on the release, or on both.
    let scripts = "/api/configs/jwt-customizer/client-credentials";
    let missing = issue(Method::PATCH, scripts, json!({ "environmentVariables": {} })).await?;
    assert_eq!(missing["path"], json!(["script"]));
    fixture.mock.set_release("1.30.1");
    let strict = json!({ "script": "() => ({})", "blockIssuanceOnError": true });
    let unknown = issue(Method::PUT, scripts, strict).await?;
    assert_eq!(unknown["keys"], json!(["blockIssuanceOnError"]));
    let hook = json!({
        "name": "x", "events": ["Identifier.Lockout"], "config": { "url": "http://a.example" },
    });
    let options = issue(Method::POST, "/api/hooks", hook).await?["options"].clone();
    assert!(options.as_array().is_some_and(|own| !own.contains(&json!("Identifier.Lockout"))));
    Ok(())
}
