//! Hooks are told, with a signature.

mod common;

use std::time::Duration;

use aws_lc_rs::hmac;
use common::{
    Fixture, Result, answer, browser::Browser, management_token, receiver::receiver, string,
};
use reqwest::Method;
use serde_json::{Value, json};

fn sign(key: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn hook(fixture: &Fixture, url: &str, events: &[&str]) -> Result<Value> {
    let config = json!({ "url": url, "headers": { "X-Test": "1" } });
    let body = json!({ "name": "Hook", "events": events, "config": config });
    Ok(fixture.send(Method::POST, "/api/hooks", body).await?.1)
}

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn changes_are_delivered_signed_and_logged() -> Result {
    let fixture = Fixture::start().await?;
    let (url, received) = receiver()?;
    let hook = hook(&fixture, &url, &["User.Created", "Role.Deleted"]).await?;

    let user = fixture.add(json!({ "username": "alice" })).await?;
    let told = received.recv_timeout(PATIENCE)?;
    assert_eq!(
        told.header("logto-signature-sha-256"),
        sign(&string(&hook["signingKey"]), &told.body)
    );
    assert_eq!(told.header("x-test"), "1");
    let payload: Value = serde_json::from_str(&told.body)?;
    assert_eq!(payload["event"], "User.Created");
    assert_eq!(payload["data"], user);
    assert_eq!((&payload["path"], &payload["status"]), (&json!("/users"), &json!(200)));

    let role = json!({ "name": "editor", "description": "d" });
    let (_, role) = fixture.send(Method::POST, "/api/roles", role).await?;
    let path = format!("/api/roles/{}", string(&role["id"]));
    fixture.request(Method::DELETE, &path).send().await?;
    let told: Value = serde_json::from_str(&received.recv_timeout(PATIENCE)?.body)?;
    assert_eq!((&told["event"], told.get("data")), (&json!("Role.Deleted"), None));

    // The log is written when the receiver's answer has been read.
    let logs = format!("/api/hooks/{}/recent-logs", string(&hook["id"]));
    let logs = loop {
        let (_, logs) = answer(fixture.get(&logs).await?).await?;
        if logs.as_array().is_some_and(|logs| logs.len() == 2) {
            break logs;
        }
    };
    assert_eq!(logs[0]["payload"]["result"], "Success");
    assert_eq!(logs[0]["payload"]["response"], json!({ "statusCode": 200, "body": "ok" }));
    let path = format!("/api/hooks/{}?includeExecutionStats=true", string(&hook["id"]));
    let (_, read) = answer(fixture.get(&path).await?).await?;
    assert_eq!(read["executionStats"], json!({ "successCount": 2, "requestCount": 2 }));
    Ok(())
}

#[tokio::test]
async fn what_is_refused_or_not_asked_for_is_not_told() -> Result {
    let fixture = Fixture::start().await?;
    let (url, received) = receiver()?;
    let hook = hook(&fixture, &url, &["User.Created"]).await?;
    let body = json!({ "primaryEmail": "not an address" });
    assert_eq!(fixture.send(Method::POST, "/api/users", body).await?.0, 400);
    let organization = json!({ "name": "Acme" });
    fixture.send(Method::POST, "/api/organizations", organization).await?;
    fixture.add(json!({ "username": "first" })).await?;
    let told: Value = serde_json::from_str(&received.recv_timeout(PATIENCE)?.body)?;
    assert_eq!(told["data"]["username"], "first");

    let path = format!("/api/hooks/{}", string(&hook["id"]));
    fixture.send(Method::PATCH, &path, json!({ "enabled": false })).await?;
    fixture.add(json!({ "username": "second" })).await?;
    fixture.send(Method::PATCH, &path, json!({ "enabled": true })).await?;
    fixture.add(json!({ "username": "third" })).await?;
    let told: Value = serde_json::from_str(&received.recv_timeout(PATIENCE)?.body)?;
    assert_eq!(told["data"]["username"], "third");
    Ok(())
}

#[tokio::test]
async fn sign_ins_and_registrations_are_told() -> Result {
    let browser = Browser::at("SignIn").await?;
    let token = management_token(&browser.mock, &browser.http).await?;
    let (mock, http) = (&browser.mock, &browser.http);
    let (url, received) = receiver()?;
    let events = ["PostSignIn", "PostRegister", "User.Created", "Identifier.Lockout"];
    let body = json!({ "name": "Hook", "events": events, "config": { "url": url } });
    let hooks = format!("{}/api/hooks", mock.endpoint());
    http.post(hooks).bearer_auth(token).json(&body).send().await?.error_for_status()?;
    let next =
        || -> Result<Value> { Ok(serde_json::from_str(&received.recv_timeout(PATIENCE)?.body)?) };

    browser.password("alice", "correct horse").await?;
    assert_eq!(browser.submit().await?.0, 200);
    let told = next()?;
    assert_eq!(
        (&told["event"], &told["interactionEvent"]),
        (&json!("PostSignIn"), &json!("SignIn"))
    );
    assert_eq!(told["user"]["username"], "alice");
    assert_eq!(told["application"]["id"], mock.web_app_id());
    assert_eq!((told.get("ip"), told["user"].get("hasPassword")), (None, None));

    browser.begin("SignIn").await?;
    mock.lock_out("alice");
    let body = json!({
        "identifier": { "type": "username", "value": "alice" }, "password": "correct horse",
    });
    browser.refusal("verification/password", body).await?;
    let told = next()?;
    assert_eq!((&told["event"], &told["value"]), (&json!("Identifier.Lockout"), &json!("alice")));
    assert_eq!(told["applicationId"], mock.web_app_id());

    browser.begin("Register").await?;
    let body = json!({
        "identifier": { "type": "username", "value": "carol" }, "password": "battery staple",
    });
    let id = browser.verification("new-password-identity", body).await?;
    let body = json!({ "verificationId": id });
    assert_eq!(browser.step("identification", body).await?.0, 201);
    let told = next()?;
    assert_eq!(
        (&told["event"], &told["data"]["username"]),
        (&json!("User.Created"), &json!("carol"))
    );
    assert_eq!(browser.submit().await?.0, 200);
    assert_eq!(next()?["event"], "PostRegister");
    Ok(())
}

#[tokio::test]
async fn a_hook_that_is_tried_out_says_what_came_of_it() -> Result {
    let fixture = Fixture::start().await?;
    let (url, received) = receiver()?;
    let hook = hook(&fixture, &url, &["User.Created"]).await?;
    let path = format!("/api/hooks/{}/test", string(&hook["id"]));
    let test = |url: &str| json!({ "events": ["User.Created"], "config": { "url": url } });
    assert_eq!(fixture.send(Method::POST, &path, test(&url)).await?.0, 204);
    let told: Value = serde_json::from_str(&received.recv_timeout(PATIENCE)?.body)?;
    assert_eq!(told["event"], "User.Created");
    let (status, error) = fixture.send(Method::POST, &path, test("http://127.0.0.1:9/")).await?;
    let code = json!("hook.send_test_payload_failed");
    assert_eq!((status.as_u16(), &error["code"]), (422, &code));
    let refuses = format!("{}/api/users", fixture.mock.endpoint());
    let (status, error) = fixture.send(Method::POST, &path, test(&refuses)).await?;
    let code = json!("hook.endpoint_responded_with_error");
    assert_eq!((status.as_u16(), &error["code"]), (422, &code));
    assert_eq!(error["data"]["responseStatus"], 401);
    Ok(())
}
