//! What OpenID Connect gives beside codes: keys, signatures, claims, and the way out.

mod common;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{
    Fixture, Result, answer,
    browser::{Browser, VERIFIER},
    header, parameter, string,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha384};

/// The claims of a token, if it is what the keys of the server say it is.
async fn verified(browser: &Browser, token: &str, audience: &str) -> Result<Value> {
    let keys = answer(browser.get("/oidc/jwks").await?).await?.1;
    let keys: JwkSet = serde_json::from_value(keys)?;
    let id = decode_header(token)?.kid.unwrap_or_default();
    let key = keys.find(&id).ok_or("no such key")?;
    let mut validation = Validation::new(Algorithm::ES384);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[format!("{}/oidc", browser.mock.endpoint())]);
    Ok(decode(token, &DecodingKey::from_jwk(key)?, &validation)?.claims)
}

async fn signed_in(more: &[(&str, &str)]) -> Result<(Browser, Value)> {
    let browser = Browser::open().await?;
    let tokens = sign_in(&browser, more).await?;
    Ok((browser, tokens))
}

async fn sign_in(browser: &Browser, more: &[(&str, &str)]) -> Result<Value> {
    browser.authorize(browser.mock.web_app_id(), more).await?;
    browser.start("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    browser.tokens().await
}

#[tokio::test]
async fn an_id_token_is_signed_and_says_whose_it_is() -> Result {
    let (browser, tokens) = signed_in(&[("nonce", "n-0S6_WzA2Mj")]).await?;
    let token = string(&tokens["id_token"]);
    let claims = verified(&browser, &token, browser.mock.web_app_id()).await?;
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(claims["username"], "alice");
    assert_eq!(claims["email"], Value::Null);
    assert_eq!(claims["email_verified"], false);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    assert!(claims["iat"].as_u64().is_some_and(|at| at <= now));
    assert!(claims["exp"].as_u64().is_some_and(|at| at > now));

    let forged = format!("{}A", &token[..token.len() - 1]);
    let forged = if forged == token { format!("{}B", &token[..token.len() - 1]) } else { forged };
    assert!(verified(&browser, &forged, browser.mock.web_app_id()).await.is_err());
    assert!(verified(&browser, &token, "another").await.is_err());
    Ok(())
}

#[tokio::test]
async fn an_older_release_speaks_openid_connect_as_it_did() -> Result {
    let browser = Browser::open().await?;
    browser.mock.set_release("1.36");
    let tokens = sign_in(&browser, &[]).await?;
    let token = string(&tokens["id_token"]);
    let claims = verified(&browser, &token, browser.mock.web_app_id()).await?;
    assert_eq!(claims["preferred_username"], Value::Null);
    let digest = Sha384::digest(string(&tokens["access_token"]));
    assert_eq!(claims["at_hash"], BASE64_URL_SAFE_NO_PAD.encode(&digest[..24]));

    let (status, refused) = answer(browser.get("/oidc/me").await?).await?;
    assert_eq!((status.as_u16(), &refused["error"]), (400, &json!("invalid_request")));
    let known = answer(browser.get("/oidc/.well-known/openid-configuration").await?).await?.1;
    assert_eq!(known["device_authorization_endpoint"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_new_key_signs_what_comes_and_the_old_one_goes_when_told_to() -> Result {
    let (browser, before) = signed_in(&[]).await?;
    let app = browser.mock.web_app_id();
    browser.mock.rotate_signing_key();
    let refresh = string(&before["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let (_, after) = browser.token(&form).await?;
    let (before, after) = (string(&before["id_token"]), string(&after["id_token"]));
    assert_ne!(decode_header(&before)?.kid, decode_header(&after)?.kid);
    verified(&browser, &before, app).await?;
    verified(&browser, &after, app).await?;
    browser.mock.forget_old_signing_keys();
    assert!(verified(&browser, &before, app).await.is_err());
    verified(&browser, &after, app).await?;
    Ok(())
}

#[tokio::test]
async fn the_discovery_document_leads_to_what_there_is() -> Result {
    let browser = Browser::open().await?;
    let found = browser.get("/oidc/.well-known/openid-configuration").await?;
    assert_eq!(header(&found, "access-control-allow-origin"), "*");
    let (status, document) = answer(found).await?;
    assert_eq!(status, 200);
    assert_eq!(document["issuer"], format!("{}/oidc", browser.mock.endpoint()));
    let keys = browser.get(&string(&document["jwks_uri"])).await?;
    assert!(header(&keys, "content-type").starts_with("application/jwk-set+json"));
    let key = &answer(keys).await?.1["keys"][0];
    let kind = json!(["EC", "P-384", "ES384", "sig"]);
    assert_eq!(json!([key["kty"], key["crv"], key["alg"], key["use"]]), kind);
    for end in ["userinfo_endpoint", "end_session_endpoint"] {
        let status = browser.get(&string(&document[end])).await?.status();
        assert_ne!(status, 404, "{end}");
    }
    Ok(())
}

#[tokio::test]
async fn userinfo_has_what_the_scopes_name() -> Result {
    let scope = "openid profile email phone address custom_data identities roles \
                 urn:logto:scope:organizations urn:logto:scope:organization_roles";
    let (browser, tokens) = signed_in(&[("scope", scope)]).await?;
    let url = format!("{}/oidc/me", browser.mock.endpoint());
    let token = string(&tokens["access_token"]);
    let (status, told) = answer(browser.http.get(&url).bearer_auth(token).send().await?).await?;
    assert_eq!(status, 200);
    let mut names: Vec<_> = told.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    names.sort_unstable();
    let expected = [
        "created_at",
        "custom_data",
        "email",
        "email_verified",
        "identities",
        "name",
        "organization_data",
        "organization_roles",
        "organizations",
        "phone_number",
        "phone_number_verified",
        "picture",
        "preferred_username",
        "roles",
        "sso_identities",
        "sub",
        "updated_at",
        "username",
    ];
    assert_eq!(names, expected);
    assert_eq!(told["preferred_username"], "alice");

    let refused = browser.http.get(&url).bearer_auth("nonsense").send().await?;
    assert!(header(&refused, "www-authenticate").starts_with("Bearer realm="));
    let (status, body) = answer(refused).await?;
    assert_eq!((status.as_u16(), &body["error"]), (401, &json!("invalid_token")));
    let (status, body) = answer(browser.get("/oidc/me").await?).await?;
    assert_eq!((status.as_u16(), &body["error"]), (401, &json!("invalid_token")));
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_that_is_taken_back_takes_all_with_it() -> Result {
    let (browser, tokens) = signed_in(&[]).await?;
    let refresh = string(&tokens["refresh_token"]);
    let url = format!("{}/oidc/token/revocation", browser.mock.endpoint());
    let (id, secret) = (browser.mock.web_app_id(), browser.mock.web_app_secret());
    let form = [("token", refresh.as_str())];
    let request = browser.http.post(&url).basic_auth(id, Some(secret)).form(&form);
    assert_eq!(request.send().await?.status(), 200);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(browser.token(&form).await?.1["error"], "invalid_grant");
    let me = format!("{}/oidc/me", browser.mock.endpoint());
    let me = browser.http.get(me).bearer_auth(string(&tokens["access_token"]));
    assert_eq!(me.send().await?.status(), 401);

    let nobody = browser.http.post(&url).basic_auth(id, Some("wrong")).form(&form);
    assert_eq!(nobody.send().await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_gives_tokens_for_what_was_asked_for() -> Result {
    let fixture = Fixture::start().await?;
    let body = json!({ "name": "Shop", "indicator": "https://shop.example" });
    fixture.send(Method::POST, "/api/resources", body).await?;
    let (_, acme) =
        fixture.send(Method::POST, "/api/organizations", json!({ "name": "Acme" })).await?;
    let (_, other) =
        fixture.send(Method::POST, "/api/organizations", json!({ "name": "B" })).await?;
    let (acme, other) = (string(&acme["id"]), string(&other["id"]));
    let common::Fixture { mock, token, .. } = fixture;
    let browser = Browser::of(mock)?;
    let scope = "openid offline_access urn:logto:scope:organizations";
    let tokens =
        sign_in(&browser, &[("scope", scope), ("resource", "https://shop.example")]).await?;
    let refresh = string(&tokens["refresh_token"]);
    let user = verified(&browser, &string(&tokens["id_token"]), browser.mock.web_app_id()).await?;
    let url = format!("{}/api/organizations/{acme}/users", browser.mock.endpoint());
    let join = browser.http.post(url).bearer_auth(token).json(&json!({ "userIds": [user["sub"]] }));
    assert_eq!(join.send().await?.status(), 201);

    let own = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let ask = async |more: (&str, &str)| {
        let form: Vec<_> = own.iter().copied().chain([more]).collect();
        browser.token(&form).await
    };
    let (_, shop) = ask(("resource", "https://shop.example")).await?;
    verified(&browser, &string(&shop["access_token"]), "https://shop.example").await?;
    let (_, elsewhere) = ask(("resource", browser.mock.resource())).await?;
    assert_eq!(elsewhere["error"], "invalid_target");
    let (_, organization) = ask(("organization_id", &acme)).await?;
    let audience = format!("urn:logto:organization:{acme}");
    verified(&browser, &string(&organization["access_token"]), &audience).await?;
    let (_, stranger) = ask(("organization_id", &other)).await?;
    assert_eq!(stranger["error"], "access_denied");
    Ok(())
}

#[tokio::test]
async fn a_subject_token_is_exchanged_once_where_that_is_allowed() -> Result {
    let fixture = Fixture::start().await?;
    let user_id = fixture.mock.add_user("alice", "correct horse");
    let subject = json!({ "userId": user_id });
    let (status, made) = fixture.send(Method::POST, "/api/subject-tokens", subject).await?;
    assert_eq!(status, 201);
    let subject = string(&made["subjectToken"]);
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", subject.as_str()),
        ("subject_token_type", "urn:logto:token-type:impersonation_token"),
        ("scope", "openid profile"),
    ];
    let exchange = async || {
        let url = format!("{}/oidc/token", fixture.mock.endpoint());
        let (id, secret) = (fixture.mock.app_id(), fixture.mock.app_secret());
        answer(fixture.http.post(url).basic_auth(id, Some(secret)).form(&form).send().await?).await
    };
    assert_eq!(exchange().await?.1["error"], "invalid_request");
    let path = format!("/api/applications/{}", fixture.mock.app_id());
    let body = json!({ "customClientMetadata": { "allowTokenExchange": true } });
    fixture.send(Method::PATCH, &path, body).await?;
    let (status, tokens) = exchange().await?;
    assert_eq!(status, 200, "{tokens}");
    let me = format!("{}/oidc/me", fixture.mock.endpoint());
    let me = fixture.http.get(me).bearer_auth(string(&tokens["access_token"])).send().await?;
    assert_eq!(answer(me).await?.1["sub"], user_id);
    assert_eq!(exchange().await?.1["error"], "invalid_grant");
    Ok(())
}

#[tokio::test]
async fn signing_out_leads_to_a_known_page_only() -> Result {
    let (browser, tokens) = signed_in(&[]).await?;
    let hint = string(&tokens["id_token"]);
    let ask = async |hint: &str, target: &str| {
        let query = [("id_token_hint", hint), ("post_logout_redirect_uri", target), ("state", "s")];
        let url = format!("{}/oidc/session/end", browser.mock.endpoint());
        browser.http.get(url).query(&query).send().await
    };
    let page = ask(&hint, browser.mock.post_logout_redirect_uri()).await?;
    assert_eq!(page.status(), 200);
    let page = page.text().await?;
    let xsrf = page.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = [("xsrf", xsrf.unwrap_or_default()), ("logout", "yes")];
    let url = format!("{}/oidc/session/end/confirm", browser.mock.endpoint());
    let out = browser.http.post(url).form(&form).send().await?;
    let target = format!("{}?state=s", browser.mock.post_logout_redirect_uri());
    assert_eq!((out.status().as_u16(), header(&out, "location")), (303, target));

    assert_eq!(ask(&hint, "https://evil.example").await?.status(), 400);
    assert_eq!(ask("nonsense", browser.mock.post_logout_redirect_uri()).await?.status(), 400);
    Ok(())
}

#[tokio::test]
async fn a_third_party_has_to_ask_the_user() -> Result {
    let browser = Browser::open().await?;
    browser.authorize(browser.mock.third_party_app_id(), &[]).await?;
    let early = answer(browser.get("/api/interaction/consent").await?).await?;
    assert_eq!((early.0.as_u16(), &early.1["code"]), (400, &json!("session.not_found")));
    browser.start("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let (_, body) = browser.submit().await?;
    let to_consent = browser.get(&string(&body["redirectTo"])).await?;
    let page = browser.get(&header(&to_consent, "location")).await?;
    assert_eq!(page.status(), 200);
    assert!(header(&page, "content-type").starts_with("text/html"));

    let (_, asked) = answer(browser.get("/api/interaction/consent").await?).await?;
    assert_eq!(asked["application"]["id"], browser.mock.third_party_app_id());
    assert_eq!(asked["user"]["username"], "alice");
    assert_eq!(
        asked["missingOIDCScope"],
        json!(["profile", "email", "phone", "custom_data", "identities"])
    );
    let (status, body) = browser.post("/api/interaction/consent", json!({})).await?;
    assert_eq!(status, 200);
    let callback = browser.returned(&string(&body["redirectTo"])).await?;
    let code = parameter(&callback, "code");
    let form = [("grant_type", "authorization_code"), ("code", code.as_str())];
    let url = format!("{}/oidc/token", browser.mock.endpoint());
    let (id, secret) = (browser.mock.third_party_app_id(), browser.mock.third_party_app_secret());
    let tokens = browser.http.post(url).basic_auth(id, Some(secret)).form(&form).send().await?;
    assert_eq!(tokens.status(), 200);
    Ok(())
}

#[tokio::test]
async fn where_no_secret_is_kept_a_refresh_token_is_good_once() -> Result {
    let browser = Browser::open().await?;
    let app = browser.mock.spa_app_id();
    let code = browser.spa_code().await?;
    let ask = async |more: &[(&str, &str)]| {
        let form: Vec<_> = more.iter().copied().chain([("client_id", app)]).collect();
        browser.token(&form).await
    };
    let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
    let first = string(&ask(&form).await?.1["refresh_token"]);
    let renew = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
    let second = string(&ask(&renew).await?.1["refresh_token"]);
    assert_ne!(first, second);
    // Two at once are no theft, and both go on.
    let sibling = string(&ask(&renew).await?.1["refresh_token"]);
    assert_ne!(sibling, second);
    let again = [("grant_type", "refresh_token"), ("refresh_token", second.as_str())];
    let third = string(&ask(&again).await?.1["refresh_token"]);
    browser.mock.advance(Duration::from_secs(4));
    assert_eq!(ask(&renew).await?.1["error"], "invalid_grant");
    let stolen = [("grant_type", "refresh_token"), ("refresh_token", third.as_str())];
    assert_eq!(ask(&stolen).await?.1["error"], "invalid_grant");
    Ok(())
}
