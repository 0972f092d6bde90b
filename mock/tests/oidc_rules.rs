//! What tenants set for OpenID Connect: who may sign in to what, with which scopes, from where, by
//! which keys, and who is told when it ends.

mod common;

use std::time::Duration;

use common::{
    Result, answer, browser::Browser, header, management_token, parameter, receiver::receiver,
    string,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use reqwest::{Method, Url};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(10);

/// A call of the Management API.
async fn manage(browser: &Browser, method: Method, path: &str, body: Value) -> Result<Value> {
    let token = management_token(&browser.mock, &browser.http).await?;
    let url = format!("{}{path}", browser.mock.endpoint());
    let request = browser.http.request(method, url).bearer_auth(token).json(&body);
    let (status, body) = answer(request.send().await?).await?;
    assert!(status.is_success(), "{path}: {status} {body}");
    Ok(body)
}

async fn sign_in(browser: &Browser) -> Result<Value> {
    browser.authorize(browser.mock.web_app_id(), &[]).await?;
    browser.start("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    browser.tokens().await
}

async fn jwks(browser: &Browser) -> Result<JwkSet> {
    Ok(serde_json::from_value(answer(browser.get("/oidc/jwks").await?).await?.1)?)
}

#[tokio::test]
async fn a_third_party_asks_for_the_scopes_that_are_enabled_for_it() -> Result {
    let browser = Browser::open().await?;
    let body = json!({
        "name": "Partner", "type": "Traditional", "isThirdParty": true,
        "oidcClientMetadata": {
            "redirectUris": [browser.mock.redirect_uri()], "postLogoutRedirectUris": [],
        },
    });
    let app = manage(&browser, Method::POST, "/api/applications", body).await?;
    let id = string(&app["id"]);
    let scope = [("scope", "openid profile offline_access read:anything")];
    let refused = browser.authorize(&id, &scope).await?;
    let callback = Url::parse(&header(&refused, "location"))?;
    assert_eq!(parameter(&callback, "error"), "invalid_scope");
    assert_eq!(parameter(&callback, "error_description"), "requested scope is not allowed");
    assert_eq!(parameter(&callback, "scope"), "profile");
    assert_eq!(parameter(&callback, "state"), "xyz");

    let path = format!("/api/applications/{id}/user-consent-scopes");
    manage(&browser, Method::POST, &path, json!({ "userScopes": ["profile"] })).await?;
    let asked = browser.authorize(&id, &scope).await?;
    assert!(header(&asked, "location").starts_with("/sign-in?"));
    Ok(())
}

#[tokio::test]
async fn a_restricted_application_is_open_to_whom_its_rules_name() -> Result {
    let browser = Browser::open().await?;
    let tokens = sign_in(&browser).await?;
    let app = browser.mock.web_app_id().to_owned();
    let rules = format!("/api/applications/{app}/access-control");
    let none = json!({
        "userIds": [], "userRoleIds": [], "organizationIds": [], "organizationRoleRules": [],
    });
    let bob = browser.mock.add_user("bob", "correct horse");
    let mut only_bob = none.clone();
    only_bob["userIds"] = json!([bob]);
    manage(&browser, Method::PUT, &rules, only_bob).await?;
    let path = format!("/api/applications/{app}");
    let restricted = json!({ "appLevelAccessControlEnabled": true });
    manage(&browser, Method::PATCH, &path, restricted).await?;

    let refresh = string(&tokens["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let (status, body) = browser.token(&form).await?;
    assert_eq!((status.as_u16(), &body["error"]), (400, &json!("access_denied")));
    let silent = browser.authorize(&app, &[("prompt", "none")]).await?;
    let callback = Url::parse(&header(&silent, "location"))?;
    assert_eq!(parameter(&callback, "error"), "access_denied");
    // The page tells, and the application hears nothing.
    browser.authorize(&app, &[("prompt", "login consent")]).await?;
    browser.start("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let (_, body) = browser.submit().await?;
    let to_consent = browser.get(&string(&body["redirectTo"])).await?;
    assert_eq!(browser.get(&header(&to_consent, "location")).await?.status(), 200);
    let (status, body) = answer(browser.get("/api/interaction/consent").await?).await?;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("oidc.access_denied")));

    // By a role in an organization.
    let organization = json!({ "name": "Acme" });
    let organization = manage(&browser, Method::POST, "/api/organizations", organization).await?;
    let role = json!({ "name": "member" });
    let role = manage(&browser, Method::POST, "/api/organization-roles", role).await?;
    let path = format!("/api/organizations/{}/users", string(&organization["id"]));
    let users = json!({ "userIds": [browser.alice()] });
    manage(&browser, Method::POST, &path, users).await?;
    let mut by_role = none;
    by_role["organizationRoleRules"] = json!([
        { "organizationId": organization["id"], "organizationRoleIds": [role["id"]] },
    ]);
    manage(&browser, Method::PUT, &rules, by_role).await?;
    assert_eq!(browser.token(&form).await?.0, 400);
    let path = format!("{path}/{}/roles", browser.alice());
    let roles = json!({ "organizationRoleIds": [role["id"]] });
    manage(&browser, Method::POST, &path, roles).await?;
    assert_eq!(browser.token(&form).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn the_end_of_a_session_is_told_with_a_signed_token() -> Result {
    let browser = Browser::open().await?;
    let (url, received) = receiver()?;
    let app = browser.mock.web_app_id().to_owned();
    let metadata = json!({ "oidcClientMetadata": {
        "redirectUris": [browser.mock.redirect_uri()],
        "postLogoutRedirectUris": [browser.mock.post_logout_redirect_uri()],
        "backchannelLogoutUri": url, "backchannelLogoutSessionRequired": true,
    } });
    let path = format!("/api/applications/{app}");
    manage(&browser, Method::PATCH, &path, metadata).await?;
    let tokens = sign_in(&browser).await?;
    let hint = string(&tokens["id_token"]);
    let page = browser.get(&format!("/oidc/session/end?id_token_hint={hint}")).await?;
    let page = page.text().await?;
    let xsrf = page.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = [("xsrf", xsrf.unwrap_or_default()), ("logout", "yes")];
    let url = format!("{}/oidc/session/end/confirm", browser.mock.endpoint());
    browser.http.post(url).form(&form).send().await?;

    let told = received.recv_timeout(PATIENCE)?;
    assert_eq!(told.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(told.header("logto-signature-sha-256"), "");
    let token = told.body.strip_prefix("logout_token=").ok_or("no logout token")?;
    let head = decode_header(token)?;
    assert_eq!(head.typ.as_deref(), Some("logout+jwt"));
    let keys = jwks(&browser).await?;
    let key = keys.find(&head.kid.unwrap_or_default()).ok_or("no such key")?;
    let mut validation = Validation::new(Algorithm::ES384);
    validation.set_audience(&[&app]);
    let claims = decode::<Value>(token, &DecodingKey::from_jwk(key)?, &validation)?.claims;
    assert_eq!(claims["sub"], browser.alice());
    assert!(claims["sid"].is_string() && claims["jti"].is_string(), "{claims}");
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(claims["events"], json!({ event: {} }));
    let life = claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat);
    assert_eq!(life, Some(120));
    Ok(())
}

#[tokio::test]
async fn keys_are_rotated_to_rsa_and_two_are_shown() -> Result {
    let browser = Browser::open().await?;
    let before = string(&sign_in(&browser).await?["id_token"]);
    let path = "/api/configs/oidc/private-keys/rotate";
    let rsa = json!({ "signingKeyAlgorithm": "RSA" });
    let shown = manage(&browser, Method::POST, path, rsa).await?;
    let kinds = json!([shown[0]["signingKeyAlgorithm"], shown[1]["signingKeyAlgorithm"]]);
    assert_eq!(kinds, json!(["RSA", "EC"]));
    let token = string(&sign_in(&browser).await?["id_token"]);
    let head = decode_header(&token)?;
    assert_eq!(head.alg, Algorithm::RS256);
    let keys = jwks(&browser).await?;
    let key = keys.find(&head.kid.unwrap_or_default()).ok_or("no such key")?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[browser.mock.web_app_id()]);
    decode::<Value>(&token, &DecodingKey::from_jwk(key)?, &validation)?;
    let document = browser.get("/oidc/.well-known/openid-configuration").await?;
    let (_, document) = answer(document).await?;
    let algorithms = json!(["PS256", "RS256", "ES384"]);
    assert_eq!(document["id_token_signing_alg_values_supported"], algorithms);

    browser.mock.rotate_signing_key();
    let keys = jwks(&browser).await?;
    assert_eq!(keys.keys.len(), 2);
    assert!(keys.find(&decode_header(&before)?.kid.unwrap_or_default()).is_none());
    Ok(())
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() -> Result {
    let browser = Browser::open().await?;
    let tokens = sign_in(&browser).await?;
    let ask = async |origin: &str| {
        let url = format!("{}/oidc/token", browser.mock.endpoint());
        let form = [("grant_type", "refresh_token"), ("refresh_token", "unknown")];
        let (id, secret) = (browser.mock.web_app_id(), browser.mock.web_app_secret());
        let request = browser.http.post(url).basic_auth(id, Some(secret)).form(&form);
        answer(request.header("origin", origin).send().await?).await
    };
    let (status, body) = ask("https://evil.example").await?;
    let app = browser.mock.web_app_id();
    let why = format!("origin https://evil.example not allowed for client: {app}");
    assert_eq!((status.as_u16(), &body["error_description"]), (400, &json!(why)));
    for origin in ["https://app.example", browser.mock.endpoint()] {
        assert_eq!(ask(origin).await?.1["error"], "invalid_grant", "{origin}");
    }
    assert_eq!(ask("https://app.example.evil").await?.1["error"], "invalid_request");
    let url = format!("{}/oidc/me", browser.mock.endpoint());
    let request = browser.http.get(url).bearer_auth(string(&tokens["access_token"]));
    let refused = request.header("origin", "https://evil.example").send().await?;
    assert_eq!(refused.status(), 400);
    Ok(())
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() -> Result {
    let browser = Browser::open().await?;
    for path in ["/oidc/jwks", "/oidc/.well-known/openid-configuration"] {
        let first = browser.get(path).await?;
        let url = format!("{}{path}", browser.mock.endpoint());
        let again = browser.http.get(url).header("if-none-match", header(&first, "etag"));
        let again = again.send().await?;
        assert_eq!((again.status().as_u16(), again.text().await?.as_str()), (304, ""), "{path}");
    }
    browser.mock.rotate_signing_key();
    let keys = browser.get("/oidc/jwks").await?;
    assert_eq!(header(&keys, "cache-control"), "no-cache, max-age=0, must-revalidate");
    let (_, error) = answer(browser.get("/oidc/nothing?parse_error=false").await?).await?;
    let description = "unrecognized route or not allowed method (GET on /nothing)";
    let plain = json!({ "error": "invalid_request", "error_description": description });
    assert_eq!(error, plain);
    Ok(())
}

#[tokio::test]
async fn the_first_page_is_told_what_was_asked_for() -> Result {
    let browser = Browser::open().await?;
    let app = browser.mock.web_app_id();
    for (asked, page) in [
        (vec![("login_hint", "a@b.example")], "/sign-in?app_id={}&login_hint=a%40b.example"),
        (vec![("ui_locales", "fr de")], "/sign-in?app_id={}&ui_locales=fr+de"),
        (
            vec![("first_screen", "identifier:sign_in"), ("identifier", "email username")],
            "/identifier-sign-in?app_id={}&identifier=email+username",
        ),
        (
            vec![("direct_sign_in", "social:google")],
            "/direct/social/google?app_id={}&fallback=sign-in",
        ),
    ] {
        let response = browser.authorize(app, &asked).await?;
        assert_eq!(header(&response, "location"), page.replace("{}", app));
    }
    Ok(())
}

#[tokio::test]
async fn who_does_not_sign_out_leaves_one_application_alone() -> Result {
    let browser = Browser::open().await?;
    sign_in(&browser).await?;
    let app = browser.mock.web_app_id();
    let page = browser.get(&format!("/oidc/session/end?client_id={app}")).await?;
    let page = page.text().await?;
    let xsrf = page.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = [("xsrf", xsrf.unwrap_or_default())];
    let url = format!("{}/oidc/session/end/confirm", browser.mock.endpoint());
    let done = browser.http.post(url).form(&form).send().await?;
    assert_eq!(browser.get(&header(&done, "location")).await?.status(), 200);
    let silent = browser.authorize(app, &[("prompt", "none")]).await?;
    let callback = Url::parse(&header(&silent, "location"))?;
    assert_eq!(parameter(&callback, "error"), "consent_required");

    for (hint, why) in [
        ("id_token_hint=garbage", "could not decode id_token_hint"),
        ("id_token_hint=a.b.c", "could not validate id_token_hint"),
        ("client_id=nobody", "invalid client nobody"),
    ] {
        let refused = browser.get(&format!("/oidc/session/end?{hint}")).await?;
        let (status, body) = answer(refused).await?;
        assert_eq!((status.as_u16(), &body["error_description"]), (400, &json!(why)));
    }
    Ok(())
}

#[tokio::test]
async fn who_signs_in_as_another_signs_the_first_out() -> Result {
    let browser = Browser::open().await?;
    let tokens = sign_in(&browser).await?;
    browser.mock.add_user("bob", "battery staple");
    browser.authorize(browser.mock.web_app_id(), &[("prompt", "login")]).await?;
    browser.start("SignIn").await?;
    browser.password("bob", "battery staple").await?;
    let (_, done) = browser.submit().await?;
    let way = string(&done["redirectTo"]);
    let page = browser.get(&way).await?.text().await?;
    let xsrf = page.split("name=\"xsrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = [("xsrf", xsrf.unwrap_or_default()), ("logout", "yes")];
    let url = format!("{}/oidc/session/end/confirm", browser.mock.endpoint());
    let back = browser.http.post(url).form(&form).send().await?;
    assert_eq!((back.status().as_u16(), header(&back, "location")), (303, way.clone()));

    let on = browser.get(&way).await?;
    assert_eq!(on.status(), 303);
    assert!(header(&on, "location").starts_with("/consent"), "{}", header(&on, "location"));
    // With offline_access, the first user's tokens live on.
    let userinfo = browser.http.get(format!("{}/oidc/me", browser.mock.endpoint()));
    let userinfo = userinfo.bearer_auth(string(&tokens["access_token"])).send().await?;
    assert_eq!(userinfo.status(), 200);
    Ok(())
}
