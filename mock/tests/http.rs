//! What holds for HTTP as such: methods, pages of other origins, and bodies of all types.

mod common;

use std::sync::{Arc, Mutex};

use common::{Fixture, Result, answer, browser::Browser, header};
use logto_mock::{Fault, Mock};
use reqwest::{Method, Response};
use serde_json::{Value, json};

const PAGE: &str = "https://app.example";

async fn preflight(fixture: &Fixture, path: &str, origin: &str) -> Result<Response> {
    let request = fixture.request(Method::OPTIONS, path).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    Ok(request.header("access-control-request-headers", "authorization").send().await?)
}

#[tokio::test]
async fn pages_may_call_what_is_for_users() -> Result {
    let fixture = Fixture::start().await?;
    for (path, methods) in [
        ("/oidc/token", "POST"),
        ("/oidc/me", "GET,POST"),
        ("/oidc/jwks", "GET"),
        ("/api/my-account", "GET,HEAD,PUT,POST,DELETE,PATCH"),
        ("/api/verifications/password", "GET,HEAD,PUT,POST,DELETE,PATCH"),
    ] {
        let response = preflight(&fixture, path, PAGE).await?;
        assert_eq!(response.status(), 204, "{path}");
        assert_eq!(header(&response, "access-control-allow-origin"), PAGE);
        assert_eq!(header(&response, "access-control-allow-methods"), methods);
        assert_eq!(header(&response, "access-control-allow-headers"), "authorization");
    }
    for (path, exposed) in [("/api/my-account", "*"), ("/oidc/me", "WWW-Authenticate")] {
        let request = fixture.request(Method::GET, path).header("origin", PAGE);
        let response = request.send().await?;
        assert_eq!(response.status(), 401);
        assert_eq!(header(&response, "access-control-allow-origin"), PAGE);
        assert_eq!(header(&response, "access-control-expose-headers"), exposed);
    }
    Ok(())
}

#[tokio::test]
async fn pages_may_not_call_the_rest() -> Result {
    let fixture = Fixture::start().await?;
    let response = preflight(&fixture, "/api/users", PAGE).await?;
    assert_eq!(
        (response.status().as_u16(), header(&response, "allow")),
        (200, "HEAD, GET, POST".into())
    );
    assert_eq!(header(&response, "access-control-allow-origin"), "");
    for path in ["/api/nothing", "/oidc/auth"] {
        assert_eq!(preflight(&fixture, path, PAGE).await?.status(), 404);
    }
    // One that is not the client's is refused, and not told why.
    let form = [("grant_type", "refresh_token"), ("client_id", fixture.mock.spa_app_id())];
    let url = format!("{}/oidc/token", fixture.mock.endpoint());
    let request = fixture.http.post(url).form(&form).header("origin", "https://evil.example");
    let response = request.send().await?;
    assert_eq!(response.status(), 400);
    assert_eq!(header(&response, "access-control-allow-origin"), "");
    Ok(())
}

#[tokio::test]
async fn a_head_is_a_get_without_a_body() -> Result {
    let fixture = Fixture::start().await?;
    fixture.add(json!({ "username": "alice" })).await?;
    for path in ["/api/users", "/api/users/nobody", "/oidc/jwks", "/api/my-account"] {
        let get = fixture.get(path).await?;
        let head = fixture.request(Method::HEAD, path).send().await?;
        assert_eq!(head.status(), get.status());
        for name in ["content-length", "total-number", "content-type"] {
            assert_eq!(header(&head, name), header(&get, name), "{name} of {path}");
        }
        assert_eq!(head.bytes().await?.len(), 0);
    }
    fixture.mock.inject(Fault::endless().times(1));
    assert_eq!(fixture.request(Method::HEAD, "/api/users").send().await?.status(), 200);
    let head = fixture.request(Method::HEAD, "/api/users/nobody/password").send().await?;
    assert_eq!((head.status().as_u16(), header(&head, "allow")), (405, "PATCH".into()));
    let odd = fixture.request(Method::from_bytes(b"PROPFIND")?, "/api/users").send().await?;
    assert_eq!(odd.status(), 501);
    Ok(())
}

async fn create(fixture: &Fixture, kind: &str, body: &str) -> Result<(u16, Value)> {
    let request = fixture.request(Method::POST, "/api/users").header("content-type", kind);
    let (status, body) = answer(request.body(body.to_owned()).send().await?).await?;
    Ok((status.as_u16(), body))
}

#[tokio::test]
async fn bodies_are_read_by_their_types() -> Result {
    let fixture = Fixture::start().await?;
    for kind in ["application/json", "APPLICATION/JSON; charset=utf-8", "application/vnd.api+json"]
    {
        let (status, user) = create(&fixture, kind, r#"{"name":"A"}"#).await?;
        assert_eq!((status, &user["name"]), (200, &json!("A")), "{kind}");
    }
    let form = "username=alice&customData[a]=b&customData[c][]=1&customData[c][]=2";
    let (status, user) = create(&fixture, "application/x-www-form-urlencoded", form).await?;
    assert_eq!((status, &user["username"]), (200, &json!("alice")));
    assert_eq!(user["customData"], json!({ "a": "b", "c": ["1", "2"] }));

    let (status, error) = create(&fixture, "text/plain", r#"{"name":"A"}"#).await?;
    assert_eq!((status, &error["code"]), (400, &json!("guard.invalid_input")));
    assert_eq!(error["data"]["issues"][0]["message"], "Expected object, received string");
    for broken in [r#"{"name""#, "null", "1"] {
        assert_eq!(create(&fixture, "application/json", broken).await?.0, 400, "{broken}");
    }
    // Logto does not read what it has no reader for.
    let (status, user) = create(&fixture, "application/xml", "<a/>").await?;
    assert_eq!((status, &user["name"]), (200, &Value::Null));
    Ok(())
}

#[tokio::test]
async fn bodies_that_are_too_large_find_nothing() -> Result {
    let fixture = Fixture::start().await?;
    let json = |size| format!(r#"{{"customData":{{"a":"{}"}}}}"#, "x".repeat(size));
    assert_eq!(create(&fixture, "application/json", &json(1_000_000)).await?.0, 200);
    for size in [1_100_000, 5_000_000] {
        assert_eq!(create(&fixture, "application/json", &json(size)).await?.0, 404);
    }
    let form = format!("name={}", "x".repeat(60_000));
    assert_eq!(create(&fixture, "application/x-www-form-urlencoded", &form).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn the_observer_is_told_of_bodies_that_are_not_json() -> Result {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    let observer = move |line: &str| {
        if let Ok(mut lines) = seen.lock() {
            lines.push(line.to_owned());
        }
    };
    let mock = Mock::builder().on_request(observer).start().await?;
    let url = format!("{}/api/users", mock.endpoint());
    for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded", "a/b"] {
        let request = reqwest::Client::new().post(&url).header("content-type", kind);
        request.body("{}").send().await?;
    }
    let lines = lines.lock().map_err(|error| error.to_string())?.clone();
    assert!(lines[0].ends_with(" ms"), "{lines:?}");
    for (line, told) in lines[1..].iter().zip(["read as text", "read as a form", "not read"]) {
        assert!(
            line.contains(told) && line.ends_with("`content-type: application/json`)"),
            "{line}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_sign_in_stays_on_the_host_that_it_began_on() -> Result {
    let mut browser = Browser::open().await?;
    browser.base = browser.base.replace("127.0.0.1", "localhost");
    browser.begin("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let tokens = browser.tokens().await?;
    assert!(tokens["access_token"].is_string(), "{tokens}");
    Ok(())
}
