//! Closures in place of scripts for custom claims.

mod common;

use common::{Fixture, Result, browser::Browser, string};
use logto_mock::{CustomClaims, Mock};
use reqwest::Method;
use serde_json::{Value, json};

const TEST: &str = "/api/configs/jwt-customizer/test";

fn script() -> Value {
    json!({
        "tokenType": "client-credentials", "script": "const getCustomJwtClaims = async () => ({});",
        "token": { "kind": "ClientCredentials", "aud": "https://api.example", "scope": "", "jti": "j",
            "clientId": "c" },
        "context": {},
    })
}

#[tokio::test]
async fn what_a_script_was_told_and_said_is_in_the_audit_log() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.set_custom_claims(|told| {
        let kind = told["token"]["kind"].clone();
        CustomClaims::Add([("kind".to_owned(), kind)].into_iter().collect())
    });
    common::management_token(&fixture.mock, &fixture.http).await?;
    let logs = fixture.get("/api/logs?logKey=JwtCustomizer.ClientCredentials").await?;
    let logs: Value = logs.json().await?;
    let payload = &logs[0]["payload"];
    assert_eq!(payload["result"], "Success");
    assert_eq!(payload["customTokenClaims"], json!({ "kind": "ClientCredentials" }));
    assert_eq!(payload["payload"]["tokenType"], "client-credentials");
    assert_eq!(payload["payload"]["context"]["application"]["id"], fixture.mock.app_id());
    Ok(())
}

#[tokio::test]
async fn a_script_that_fails_adds_nothing() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.set_custom_claims(|_| CustomClaims::Fail("boom".into()));
    assert!(!common::management_token(&fixture.mock, &fixture.http).await?.is_empty());
    let logs = fixture.get("/api/logs?logKey=JwtCustomizer.ClientCredentials").await?;
    let logs: Value = logs.json().await?;
    assert_eq!(logs[0]["payload"]["result"], "Error");
    Ok(())
}

#[tokio::test]
async fn the_operation_that_tries_a_script_asks_the_closure() -> Result {
    let fixture = Fixture::start().await?;
    let try_out = async || fixture.send(Method::POST, TEST, script()).await;
    fixture.mock.set_custom_claims(|told| {
        let kind = told["token"]["kind"].clone();
        CustomClaims::Add([("kind".to_owned(), kind)].into_iter().collect())
    });
    assert_eq!(try_out().await?.1, json!({ "kind": "ClientCredentials" }));
    fixture.mock.set_custom_claims(|_| CustomClaims::Deny("not on your plan".into()));
    let (status, body) = try_out().await?;
    assert_eq!((status.as_u16(), &body["code"]), (403, &json!("jwt_customizer.general")));
    assert_eq!(body["data"]["error"]["code"], "AccessDenied");
    fixture.mock.set_custom_claims(|_| CustomClaims::Fail("boom".into()));
    let (status, body) = try_out().await?;
    assert_eq!((status.as_u16(), &body["data"]), (422, &json!({ "message": "boom" })));
    Ok(())
}

/// The refresh token of a single-page application is good once, also where it brings nothing.
#[tokio::test]
async fn a_denial_spends_a_rotating_refresh_token() -> Result {
    let browser = Browser::of(Mock::start().await?)?;
    let (spa, code) = (browser.mock.spa_app_id().to_owned(), browser.spa_code().await?);
    let exchange = [
        ("client_id", spa.as_str()),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", browser.mock.redirect_uri()),
        ("code_verifier", common::browser::VERIFIER),
    ];
    let (status, tokens) = browser.token(&exchange).await?;
    assert_eq!(status, 200, "{tokens}");
    let refresh_token = string(&tokens["refresh_token"]);
    let refresh = [
        ("client_id", spa.as_str()),
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh_token),
    ];
    browser.mock.set_custom_claims(|_| CustomClaims::Deny("no".into()));
    assert_eq!(browser.token(&refresh).await?.1["error"], "access_denied");
    browser.mock.set_custom_claims(|_| CustomClaims::Add(serde_json::Map::new()));
    browser.mock.advance(std::time::Duration::from_secs(4));
    assert_eq!(browser.token(&refresh).await?.1["error"], "invalid_grant");
    Ok(())
}
