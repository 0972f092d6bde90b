//! A server that answers with secrets, over HTTP/1 and HTTP/2, on a thread of its own: what it
//! traces itself is nobody's business.

use std::{
    net::TcpListener,
    sync::{LazyLock, mpsc},
    thread,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::Response,
};
use serde_json::{Value, json};

use crate::{canary, issuer::Key};

/// What tokens are signed with.
pub static KEY: LazyLock<Key> = LazyLock::new(|| Key::es384("k1"));

/// What ends a line, turns it or moves the cursor.
pub const HOSTILE: [char; 8] =
    ['\n', '\r', '\u{1b}', '\u{85}', '\u{9b}', '\u{2028}', '\u{202e}', '\u{2066}'];

pub fn start() -> String {
    let (tell, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, Router::new().fallback(answer)).await.unwrap();
        });
    });
    format!("http://{}", address.recv().unwrap())
}

async fn answer(request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let secret = |of: &str| Value::from(canary(of));
    let problem = json!({
        "code": "guard.invalid_input", "message": "It is invalid.", "data": secret("data"),
        "details": secret("details"), "error": "invalid_client", "cause": secret("cause"),
    });
    let user = json!({
        "id": "u", "username": "alice", "customData": { "k": secret("custom") },
        "passwordDigest": secret("digest"), "identities": {
            "x": { "userId": "x", "details": { "raw": secret("raw") } }
        },
        "profile": {}, "isSuspended": false, "createdAt": 1, "updatedAt": 1, "tenantId": "t",
    });
    let (status, answer) = match (parts.method.as_str(), parts.uri.path()) {
        (_, "/oidc/token") => token(parts.headers.get("authorization"), &body, problem),
        (_, "/oidc/jwks") => (200, json!({ "keys": [KEY.jwk()] })),
        (_, "/oidc/device/auth") => (200, device()),
        (_, "/oidc/token/introspection") => (200, told(&body)),
        (_, "/api/busy") => (503, problem),
        (_, "/api/refused") => (401, problem),
        (_, "/api/invalid") => (422, problem),
        (_, "/api/hostile") => (400, hostile()),
        (_, "/api/elsewhere") => (302, secret("page")),
        (_, "/api/cut" | "/api/undecodable") => (200, json!({ "k": secret("value") })),
        ("GET", "/api/users") => (200, json!([user])),
        (_, path) if path.starts_with("/api/users") => (200, user),
        _ => (200, json!({ "url": secret("url") })),
    };
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("location", format!("https://acme.com/?code={}", canary("code")))
        .header("set-cookie", format!("_session={}; path=/; httponly", canary("cookie")))
        .header("set-cookie", format!("_other={}; domain=other.com", canary("cookie")));
    let mut answer = answer.to_string();
    if parts.uri.path() == "/api/cut" {
        response = response.header("content-encoding", "identity");
        answer.truncate(answer.len() - 3);
    }
    response.body(answer.into()).unwrap()
}

/// A token for who has the right secret.
fn token(basic: Option<&axum::http::HeaderValue>, body: &[u8], problem: Value) -> (u16, Value) {
    let body = String::from_utf8_lossy(body);
    let is = |secret: &str| {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let basic = basic.and_then(|header| header.to_str().ok()?.strip_prefix("Basic "));
        let basic = basic.and_then(|basic| BASE64_STANDARD.decode(basic).ok());
        let basic = basic.map(|basic| String::from_utf8_lossy(&basic).into_owned());
        body.contains(secret) || basic.is_some_and(|basic| basic.contains(secret))
    };
    if is("hostile") {
        return (400, hostile());
    }
    if is("canary-refused") {
        return (401, problem);
    }
    let tokens = json!({
        "access_token": canary("access"), "refresh_token": canary("refresh"),
        "id_token": canary("id"), "token_type": "Bearer", "expires_in": 3600, "scope": "openid all",
    });
    (200, tokens)
}

fn device() -> Value {
    let code = canary("user-code");
    let page = "https://acme.com/device";
    json!({
        "device_code": canary("device-code"), "user_code": code, "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={code}"), "expires_in": 600,
    })
}

/// What is told of a token.
fn told(body: &[u8]) -> Value {
    let is_good = !String::from_utf8_lossy(body).contains("not-active");
    json!({
        "active": is_good, "sub": "u1", "client_id": "a", "exp": 4_102_444_800_u64,
        "token_type": "Bearer", "plan": canary("custom"), "jti": canary("jti"),
    })
}

fn hostile() -> Value {
    let text = HOSTILE.iter().rev().collect::<String>().repeat(10_000);
    json!({ "code": text, "message": text, "error": text, "error_description": text })
}
