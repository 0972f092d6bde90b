//! The token endpoint for machines, and authentication at the Management API.

mod common;

use std::time::Duration;

use common::{Answer, Fixture, Result, answer, client, header, management_token};
use logto_mock::Mock;
use reqwest::{Client, header::AUTHORIZATION};
use serde_json::json;

async fn post(mock: &Mock, http: &Client, form: &[(&str, &str)]) -> Result<Answer> {
    let url = format!("{}/oidc/token", mock.endpoint());
    answer(http.post(url).form(form).send().await?).await
}

#[tokio::test]
async fn a_secret_may_be_posted_or_sent_as_basic() -> Result {
    let (mock, http) = (Mock::start().await?, client()?);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", mock.app_id()),
        ("client_secret", mock.app_secret()),
        ("resource", mock.resource()),
        ("scope", "all"),
    ];
    let (status, body) = post(&mock, &http, &form).await?;
    assert_eq!(status, 200);
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["scope"], "all");

    let basic = management_token(&mock, &http).await?;
    assert_ne!(basic, body["access_token"]);
    assert_eq!(basic.split('.').count(), 3);
    assert_eq!(mock.token_requests(), 2);
    Ok(())
}

#[tokio::test]
async fn a_wrong_secret_is_refused_as_both_conventions_want() -> Result {
    let (mock, http) = (Mock::start().await?, client()?);
    let response = http
        .post(format!("{}/oidc/token", mock.endpoint()))
        .basic_auth(mock.app_id(), Some("wrong"))
        .form(&[("grant_type", "client_credentials")])
        .send()
        .await?;
    let challenge = header(&response, "www-authenticate");
    assert!(challenge.starts_with("Basic realm="), "{challenge}");
    let expected = json!({
        "code": "oidc.invalid_client",
        "message": "Oidc: invalid client.",
        "error": "invalid_client",
        "error_description": "client authentication failed",
    });
    let (status, body) = answer(response).await?;
    assert_eq!((status.as_u16(), body), (401, expected));
    Ok(())
}

#[tokio::test]
async fn requests_that_cannot_be_granted_say_why() -> Result {
    let (mock, http) = (Mock::start().await?, client()?);
    let (id, secret) = (mock.app_id(), mock.app_secret());
    let own = |more: &[(&'static str, &'static str)]| {
        let mut form = vec![("client_id", id), ("client_secret", secret)];
        form.extend_from_slice(more);
        form
    };
    let machine = ("grant_type", "client_credentials");
    let cases = [
        (vec![], "invalid_request"),
        (own(&[]), "invalid_request"),
        (own(&[("grant_type", "password")]), "unsupported_grant_type"),
        (own(&[("grant_type", "refresh_token")]), "invalid_request"),
        (own(&[machine, ("resource", "https://other.example")]), "invalid_target"),
    ];
    for (form, error) in cases {
        let (status, body) = post(&mock, &http, &form).await?;
        assert_eq!((status.as_u16(), &body["error"]), (400, &json!(error)));
        assert_eq!(body["code"], format!("oidc.{error}"));
    }
    Ok(())
}

#[tokio::test]
async fn the_management_api_wants_a_good_token() -> Result {
    let mut fixture = Fixture::start().await?;
    let url = format!("{}/api/users", fixture.mock.endpoint());
    let bare = fixture.http.get(&url);
    let expected = json!({
        "code": "auth.authorization_header_missing",
        "message": "Auth: authorization header missing.",
    });
    let (status, body) = answer(bare.send().await?).await?;
    assert_eq!((status.as_u16(), body), (401, expected));

    let basic = fixture.http.get(&url).header(AUTHORIZATION, "Basic abc");
    let (status, body) = answer(basic.send().await?).await?;
    let code = "auth.authorization_token_type_not_supported";
    assert_eq!((status.as_u16(), &body["code"]), (401, &json!(code)));

    fixture.token = "nonsense".into();
    let expected = json!({
        "code": "auth.unauthorized",
        "data": { "code": "ERR_JWS_INVALID", "name": "JWSInvalid" },
        "message": "Auth: unauthorized.",
        "data": { "code": "ERR_JWS_INVALID", "name": "JWSInvalid" },
    });
    let (status, body) = answer(fixture.get("/api/users").await?).await?;
    assert_eq!((status.as_u16(), body), (401, expected));
    Ok(())
}

#[tokio::test]
async fn a_token_without_the_scope_is_forbidden() -> Result {
    let mut fixture = Fixture::start().await?;
    let mock = &fixture.mock;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", mock.app_id()),
        ("client_secret", mock.app_secret()),
        ("resource", mock.resource()),
    ];
    let (_, body) = post(mock, &fixture.http, &form).await?;
    assert_eq!(body.get("scope"), None);
    fixture.token = common::string(&body["access_token"]);
    let expected = json!({
        "code": "auth.forbidden",
        "message": "Auth: forbidden.",
    });
    let (status, body) = answer(fixture.get("/api/users").await?).await?;
    assert_eq!((status.as_u16(), body), (403, expected));
    Ok(())
}

#[tokio::test]
async fn tokens_can_be_revoked_and_outlived() -> Result {
    let mut fixture = Fixture::start().await?;
    assert_eq!(fixture.get("/api/users").await?.status(), 200);
    fixture.mock.revoke_tokens();
    assert_eq!(fixture.get("/api/users").await?.status(), 401);

    fixture.token = management_token(&fixture.mock, &fixture.http).await?;
    assert_eq!(fixture.get("/api/users").await?.status(), 200);

    fixture.mock.set_token_lifetime(Duration::ZERO);
    fixture.token = management_token(&fixture.mock, &fixture.http).await?;
    assert_eq!(fixture.get("/api/users").await?.status(), 401);
    Ok(())
}
