//! What tests in other languages do with a mock, by requests to `/__mock`.

mod common;

use common::{Result, answer, browser::Browser, client, management_token};
use logto_mock::{Mock, MockBuilder};
use reqwest::{Client, Method};
use serde_json::{Value, json};

struct Control {
    mock: Mock,
    http: Client,
    token: String,
}

impl Control {
    async fn start(builder: MockBuilder) -> Result<Self> {
        let (mock, http) = (builder.control().start().await?, client()?);
        let token = management_token(&mock, &http).await?;
        Ok(Self { mock, http, token })
    }

    async fn call(&self, what: &str, body: Value) -> Result<(u16, Value)> {
        let (method, path) = what.split_once(' ').unwrap_or(("GET", what));
        let url = format!("{}{path}", self.mock.endpoint());
        let request = self.http.request(Method::from_bytes(method.as_bytes())?, url);
        // As `curl --data` and Python's urllib send it.
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let (status, body) = answer(request.body(text).send().await?).await?;
        Ok((status.as_u16(), body))
    }

    async fn user(&self, username: &str) -> Result<u16> {
        let request = self.http.post(format!("{}/api/users", self.mock.endpoint()));
        let request = request.bearer_auth(&self.token).json(&json!({ "username": username }));
        Ok(request.send().await?.status().as_u16())
    }
}

#[tokio::test]
async fn only_a_mock_that_is_to_be_controlled_is() -> Result {
    let mock = Mock::start().await?;
    let response = client()?.get(format!("{}/__mock", mock.endpoint())).send().await?;
    assert_eq!(response.status(), 404);
    Ok(())
}

#[tokio::test]
async fn it_says_what_there_is() -> Result {
    let control = Control::start(Mock::builder().release("1.38")).await?;
    let (status, told) = control.call("GET /__mock", Value::Null).await?;
    assert_eq!((status, &told["release"]), (200, &json!("1.38")));
    assert_eq!(told["endpoint"], control.mock.endpoint());
    let manager = &told["applications"][0];
    assert_eq!(manager["id"], control.mock.app_id());
    assert_eq!(manager["secret"], control.mock.app_secret());
    for path in told["paths"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let (methods, path) = path.split_once(' ').ok_or("no method")?;
        for method in methods.split('|') {
            let (_, told) = control.call(&format!("{method} {path}"), json!({})).await?;
            assert!(told["paths"].is_null() || path == "/__mock", "{method} {path}: {told}");
        }
    }
    let (status, told) = control.call("GET /__mock/nothing", Value::Null).await?;
    assert_eq!((status, told["paths"].is_array()), (404, true));
    Ok(())
}

#[tokio::test]
async fn state_is_kept_brought_back_and_reset() -> Result {
    let control = Control::start(Mock::builder()).await?;
    control.user("alice").await?;
    assert_eq!(control.call("PUT /__mock/snapshots/one", Value::Null).await?.0, 204);
    control.user("bob").await?;
    assert_eq!(control.call("POST /__mock/snapshots/one", Value::Null).await?.0, 204);
    assert_eq!((control.user("bob").await?, control.user("alice").await?), (200, 422));
    assert_eq!(control.call("POST /__mock/reset", Value::Null).await?.0, 204);
    assert_eq!((control.user("bob").await?, control.user("alice").await?), (200, 200));
    assert_eq!(control.call("DELETE /__mock/snapshots/one", Value::Null).await?.0, 204);
    assert_eq!(control.call("POST /__mock/snapshots/one", Value::Null).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn time_goes_on_and_tokens_end() -> Result {
    let control = Control::start(Mock::builder()).await?;
    let (status, told) = control.call("POST /__mock/advance", json!({ "seconds": 3590 })).await?;
    assert_eq!((status, told["now"].is_string()), (200, true));
    assert_eq!(control.user("alice").await?, 200);
    control.call("POST /__mock/advance", json!({ "seconds": 3600 })).await?;
    assert_eq!(control.user("bob").await?, 401);
    control.call("POST /__mock/reset", Value::Null).await?;
    assert_eq!(control.user("bob").await?, 200);
    control.call("POST /__mock/revoke-tokens", Value::Null).await?;
    assert_eq!(control.user("carol").await?, 401);
    Ok(())
}

#[tokio::test]
async fn faults_hit_what_they_are_for_and_not_the_control() -> Result {
    let control = Control::start(Mock::builder()).await?;
    let fault = json!({ "kind": "status", "status": 503, "operation": "CreateUser", "times": 2 });
    assert_eq!(control.call("POST /__mock/faults", fault).await?.0, 204);
    let mut got = Vec::new();
    for name in ["a", "b", "c"] {
        assert_eq!(control.call("GET /__mock", Value::Null).await?.0, 200);
        got.push(control.user(name).await?);
    }
    assert_eq!(got, [503, 503, 200]);
    control.call("POST /__mock/faults", json!({ "kind": "rateLimited", "retryAfter": 7 })).await?;
    assert_eq!(control.user("d").await?, 429);
    control.call("DELETE /__mock/faults", Value::Null).await?;
    assert_eq!(control.user("d").await?, 200);
    for wrong in [
        json!({ "kind": "status" }),
        json!({ "kind": "status", "status": 101 }),
        json!({ "kind": "latency" }),
        json!({ "kind": "explosion" }),
        json!({ "kind": "reset", "operation": "CreateUsers" }),
        json!({ "kind": "reset", "probability": 2 }),
        json!({ "kind": "reset", "often": true }),
        json!({}),
    ] {
        let (status, told) = control.call("POST /__mock/faults", wrong.clone()).await?;
        assert_eq!((status, told["message"].is_string()), (400, true), "{wrong}: {told}");
    }
    Ok(())
}

#[tokio::test]
async fn requests_are_told_and_forgotten() -> Result {
    let control = Control::start(Mock::builder()).await?;
    control.user("alice").await?;
    let path = "GET /__mock/requests?method=post&path=/api/users";
    let (_, told) = control.call(path, Value::Null).await?;
    assert_eq!(told.as_array().map(Vec::len), Some(1));
    assert_eq!(told[0]["body"], json!({ "username": "alice" }));
    assert_eq!(told[0]["headers"]["content-type"], "application/json");
    // What the control was asked is not among them.
    let (_, all) = control.call("GET /__mock/requests", Value::Null).await?;
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    control.call("DELETE /__mock/requests", Value::Null).await?;
    let (_, all) = control.call("GET /__mock/requests", Value::Null).await?;
    assert_eq!(all, json!([]));
    Ok(())
}

#[tokio::test]
async fn codes_and_authenticator_apps_are_those_of_users() -> Result {
    let control = Control::start(Mock::builder()).await?;
    let Control { mock, http, token } = control;
    let browser = Browser::of(mock)?;
    let email = "alice@acme.example";
    browser.mock.set_email(browser.alice(), email);
    browser.begin("SignIn").await?;
    let identifier = json!({ "type": "email", "value": email });
    let body = json!({ "identifier": identifier, "interactionEvent": "SignIn" });
    let id = browser.verification("verification-code", body).await?;
    let last = browser.mock.last_code(email);

    let control = Control { mock: browser.mock, http, token };
    let (_, told) = control.call(&format!("GET /__mock/code?address={email}"), Value::Null).await?;
    assert_eq!(told["code"].as_str(), last.as_deref());
    assert_eq!(control.call("GET /__mock/code?address=bob@x.y", Value::Null).await?.0, 404);
    assert_eq!(control.call("GET /__mock/totp?user=alice", Value::Null).await?.0, 404);
    let (_, made) = control.call("POST /__mock/totp", json!({ "user": "alice" })).await?;
    let (_, told) = control.call("GET /__mock/totp?user=alice", Value::Null).await?;
    assert_eq!(told["secret"], made["secret"]);
    assert_eq!(told["code"], control.mock.totp_code(made["secret"].as_str().unwrap_or_default()));
    let (_, told) = control.call("POST /__mock/backup-codes", json!({ "user": "alice" })).await?;
    assert_eq!(told["codes"].as_array().map(Vec::len), Some(10));
    assert_eq!(control.call("POST /__mock/totp", json!({ "user": "ghost" })).await?.0, 404);
    assert_eq!(control.call("POST /__mock/expire-codes", Value::Null).await?.0, 204);
    assert!(!id.is_empty());
    Ok(())
}

#[tokio::test]
async fn devices_are_answered_and_releases_played() -> Result {
    let control = Control::start(Mock::builder()).await?;
    control.mock.add_user("alice", "correct horse");
    for (user, error) in [(Some("alice"), None), (None, Some("access_denied"))] {
        let url = format!("{}/oidc/device/auth", control.mock.endpoint());
        let app = control.mock.device_app_id();
        let form = [("client_id", app), ("scope", "openid")];
        let (_, begun) = answer(control.http.post(url).form(&form).send().await?).await?;
        let order = json!({ "userCode": begun["user_code"], "user": user });
        assert_eq!(control.call("POST /__mock/devices", order.clone()).await?.0, 204);
        assert_eq!(control.call("POST /__mock/devices", order).await?.0, 404);
        let form = [
            ("client_id", app),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", begun["device_code"].as_str().unwrap_or_default()),
        ];
        let url = format!("{}/oidc/token", control.mock.endpoint());
        let (_, tokens) = answer(control.http.post(url).form(&form).send().await?).await?;
        assert_eq!(tokens["error"].as_str(), error, "{tokens}");
    }
    let (status, told) = control.call("POST /__mock/release", json!({ "release": "1.20" })).await?;
    assert_eq!((status, told["message"].is_string()), (400, true));
    assert_eq!(control.call("POST /__mock/release", json!({ "release": "1.38" })).await?.0, 204);
    Ok(())
}

#[tokio::test]
async fn orders_that_would_do_nothing_are_refused() -> Result {
    let control = Control::start(Mock::builder().release("1.38")).await?;
    for (what, body) in [
        ("POST /__mock/faults", json!({ "kind": "reset", "times": 0 })),
        ("POST /__mock/faults", json!([])),
        ("POST /__mock/advance", json!({ "seconds": u64::MAX })),
        ("POST /__mock/advance", Value::Null),
        ("POST /__mock/release", json!({})),
        ("GET /__mock/requests?path=nope", Value::Null),
        ("GET /__mock/requests?path=/api/users/{id", Value::Null),
    ] {
        let (status, told) = control.call(what, body.clone()).await?;
        assert!(status == 400 && told["message"].is_string(), "{what} {body}: {status} {told}");
    }
    assert_eq!(control.call("GET /__mock", Value::Null).await?.1["release"], "1.38");
    assert_eq!(control.user("alice").await?, 200, "no fault was added");
    Ok(())
}
