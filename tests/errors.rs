//! What errors say, and what can be asked of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::{error::Error as _, time::Duration};

use logto_api::{Client, Error, Method, RetryPolicy, codes};
use serde_json::json;
use server::{Server, answer, nobody, silence};

fn of(server: &Server) -> Client {
    server.builder().bearer_token("t").retry(RetryPolicy::never()).build().unwrap()
}

/// The error that this answer becomes.
async fn error(status: u16, body: &str) -> Error {
    let server = Server::answering([answer(status, "content-type: application/json\r\n", body)]);
    of(&server).users().get("u").await.unwrap_err()
}

/// The error and what caused it, as `anyhow` shows them with `{:#}`.
fn chain(error: &Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

#[tokio::test]
async fn what_exists_already_is_told_by_its_code() {
    for (status, code) in [
        (422, codes::USER_USERNAME_ALREADY_IN_USE),
        (422, codes::USER_EMAIL_ALREADY_IN_USE),
        (422, codes::ROLE_NAME_IN_USE),
        (422, codes::ROLE_USER_EXISTS),
        (422, codes::RESOURCE_RESOURCE_IDENTIFIER_IN_USE),
        (422, codes::ENTITY_UNIQUE_INTEGRITY_VIOLATION),
        (422, codes::SINGLE_SIGN_ON_DUPLICATED_DOMAINS),
        (422, codes::DOMAIN_HOSTNAME_ALREADY_EXISTS),
        (409, codes::SINGLE_SIGN_ON_DUPLICATE_CONNECTOR_NAME),
    ] {
        let error = error(status, &json!({ "code": code }).to_string()).await;
        assert!(error.is_already_exists() && error.has_code(code), "{error}");
    }
    for (status, code) in [
        (422, codes::USER_IDENTITY_NOT_EXISTS_IN_CURRENT_USER),
        (422, codes::USER_ENTERPRISE_SSO_IDENTITY_NOT_EXISTS),
        (422, codes::ENTITY_NOT_EXISTS),
        (422, codes::USER_USERNAME_REQUIRED_IN_PROFILE),
        (409, codes::SESSION_IDENTITY_CONFLICT),
        (500, codes::USER_USERNAME_ALREADY_IN_USE),
    ] {
        let error = error(status, &json!({ "code": code }).to_string()).await;
        assert!(!error.is_already_exists(), "{error}");
    }
    assert!(!error(422, "").await.is_already_exists());
}

#[tokio::test]
async fn not_found_is_logtos_word() {
    let gone = error(404, r#"{"code":"entity.not_found","message":"No such user."}"#).await;
    assert!(gone.is_not_found() && !gone.to_string().contains("check the endpoint"), "{gone}");
    for body in ["<html>nginx</html>", "", r#"{"message":"no Route matched"}"#] {
        let other = error(404, body).await;
        assert!(!other.is_not_found() && other.status().unwrap() == 404, "{other}");
        let hint = "(Logto's own 404 responses have an error code: check the endpoint's address,";
        assert!(other.to_string().contains(hint), "{other}");
    }
}

#[tokio::test]
async fn invalid_fields_are_named_and_their_values_are_not() {
    let issue = |path: serde_json::Value| json!({ "path": path, "received": "hunter2" });
    let issues = [
        issue(json!(["username"])),
        issue(json!(["profile", "emails", 0, "value"])),
        issue(json!(["username"])),
        issue(json!([])),
    ];
    let body = json!({
        "code": "guard.invalid_input", "message": "The request body is invalid.",
        "data": { "issues": issues }
    });
    let error = error(400, &body.to_string()).await;
    assert_eq!(error.invalid_fields(), ["username", "profile.emails[0].value"]);
    let text = error.to_string();
    assert!(
        text.contains(
            "The request body is invalid. (invalid: `username`, `profile.emails[0].value`)"
        ),
        "{text}"
    );
    assert!(!text.contains("hunter2"));
}

#[tokio::test]
async fn a_time_out_says_which_limit_it_was() {
    let server = Server::start(|_| silence());
    let logto = of(&server);
    let short = Duration::from_millis(30);
    let attempt = logto.users().get("u").attempt_timeout(short).await.unwrap_err();
    let call = logto.users().get("u").timeout(short).await.unwrap_err();
    for (error, option) in [(&attempt, "attempt_timeout"), (&call, "timeout")] {
        assert!(error.is_timeout());
        let text = error.to_string();
        assert!(text.contains(&format!("(the limit `{option}` is 30ms)")), "{text}");
        assert!(text.contains(server.endpoint.trim_start_matches("http://")), "{text}");
    }
    let app = server.builder().client_credentials("id", "secret").attempt_timeout(short);
    let app = app.retry(RetryPolicy::never()).build().unwrap();
    let token = app.users().get("u").await.unwrap_err().to_string();
    assert!(token.contains("(the limit `attempt_timeout` is 30ms)"), "{token}");
}

#[tokio::test]
async fn nothing_is_said_twice() {
    let endpoint = nobody();
    let app = Client::builder(&endpoint).client_credentials("id", "secret");
    let app = app.retry(RetryPolicy::never()).build().unwrap();
    let plain = Client::builder(&endpoint).bearer_token("t").retry(RetryPolicy::never());
    let unknown = Client::builder("https://no-such-host.invalid").bearer_token("t");
    let unknown = unknown.retry(RetryPolicy::never()).build().unwrap();
    for client in [app, plain.build().unwrap(), unknown] {
        let error = client.users().get("u").await.unwrap_err();
        let texts = chain(&error);
        for (index, text) in texts.iter().enumerate() {
            let before = &texts[..index];
            assert!(!before.iter().any(|earlier| earlier.contains(text)), "{texts:?}");
        }
        assert!(!texts[1..].iter().any(|text| text.contains("refused")), "{texts:?}");
        assert!(error.http_error().is_some_and(logto_api::reqwest::Error::is_connect));
        assert!(error.is_connect());
    }
}

#[tokio::test]
async fn an_error_can_be_shared() {
    let error = error(422, r#"{"code":"user.suspended","data":{"a":1}}"#).await;
    let copy = error.clone();
    assert_eq!(copy.to_string(), error.to_string());
    assert_eq!((copy.code(), copy.data()), (error.code(), error.data()));
    let lost = Client::builder(nobody()).retry(RetryPolicy::never()).build().unwrap();
    let lost = lost.request(Method::GET, "/").unauthenticated().await.unwrap_err();
    assert_eq!(lost.clone().io_error_kind(), lost.io_error_kind());
}

#[tokio::test]
async fn an_unusable_token_is_told() {
    let prefixed = Client::builder("http://localhost").bearer_token("Bearer abc").build();
    let text = prefixed.unwrap_err().to_string();
    assert!(text.contains("begins with `Bearer `") && !text.contains("abc"), "{text}");

    let refusal = answer(401, "", r#"{"code":"auth.unauthorized","message":"No."}"#);
    let server = Server::answering([refusal]);
    // {"alg":"none"}.{"exp":1700000000} and {"exp":99999999999}
    let expired = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDB9.";
    let valid = "eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTk5fQ.";
    for (token, is_expired) in [(expired, true), (valid, false), ("opaque", false)] {
        let client = server.builder().bearer_token(token).build().unwrap();
        let error = client.users().get("u").await.unwrap_err();
        assert!(error.is_unauthorized());
        let text = error.to_string();
        assert_eq!(text.contains("the token has expired"), is_expired, "{text}");
        assert!(!text.contains(token), "{text}");
    }
}
