//! Who fails too often has to wait.

mod common;

use std::time::Duration;

use common::{Result, answer, browser::Browser, management_token, receiver::receiver, string};
use logto_mock::Mock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const BLOCKED: &str = "session.verification_blocked_too_many_attempts";
const PATIENCE: Duration = Duration::from_secs(10);

/// A browser at a page of a tenant that refuses after three failures, for ten minutes.
async fn strict(release: Option<&str>) -> Result<Browser> {
    let builder = match release {
        Some(release) => Mock::builder().release(release),
        None => Mock::builder(),
    };
    let browser = Browser::of(builder.start().await?)?;
    let policy = json!({ "sentinelPolicy": { "maxAttempts": 3, "lockoutDuration": 10 } });
    let (status, body) = manage(&browser, Method::PATCH, "sign-in-exp", policy).await?;
    assert_eq!(status, 200, "{body}");
    browser.begin("SignIn").await?;
    Ok(browser)
}

async fn manage(
    browser: &Browser,
    method: Method,
    path: &str,
    body: Value,
) -> Result<(StatusCode, Value)> {
    let token = management_token(&browser.mock, &browser.http).await?;
    let url = format!("{}/api/{path}", browser.mock.endpoint());
    answer(browser.http.request(method, url).bearer_auth(token).json(&body).send().await?).await
}

async fn attempt(browser: &Browser, password: &str) -> Result<(u16, String)> {
    let (status, body) = browser.try_password("alice", password).await?;
    Ok((status.as_u16(), string(&body["code"])))
}

fn wrong() -> (u16, String) {
    (422, "session.invalid_credentials".into())
}

fn blocked() -> (u16, String) {
    (400, BLOCKED.into())
}

#[tokio::test]
async fn failures_are_counted_until_the_lockout_is_over() -> Result {
    let browser = strict(None).await?;
    assert_eq!(attempt(&browser, "wrong").await?, wrong());
    assert_eq!(attempt(&browser, "wrong").await?, wrong());
    let (status, body) = browser.try_password("alice", "wrong").await?;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!(BLOCKED)));
    assert!(string(&body["message"]).ends_with("try again in 10 minutes."), "{body}");
    // The right one does not help, and proves nothing.
    assert_eq!(attempt(&browser, "correct horse").await?, blocked());
    assert_eq!(browser.interaction().await?["verificationRecords"], json!([]));
    // Others are not concerned.
    browser.mock.add_user("bob", "battery staple");
    assert_eq!(browser.try_password("bob", "battery staple").await?.0, 200);

    browser.mock.advance(Duration::from_secs(599));
    assert_eq!(attempt(&browser, "correct horse").await?, blocked());
    // What counts are the failures of an hour.
    browser.mock.advance(Duration::from_secs(3_002));
    browser.begin("SignIn").await?;
    assert_eq!(attempt(&browser, "wrong").await?, wrong());
    browser.password("alice", "correct horse").await
}

#[tokio::test]
async fn a_lockout_is_told_to_hooks_and_ended_by_the_management_api() -> Result {
    let browser = strict(None).await?;
    let (url, received) = receiver()?;
    let hook =
        json!({ "name": "Hook", "events": ["Identifier.Lockout"], "config": { "url": url } });
    assert_eq!(manage(&browser, Method::POST, "hooks", hook).await?.0, 201);
    for _ in 0..3 {
        attempt(&browser, "wrong").await?;
    }
    let told: Value = serde_json::from_str(&received.recv_timeout(PATIENCE)?.body)?;
    assert_eq!((&told["type"], &told["value"]), (&json!("username"), &json!("alice")));

    let key = "Interaction.SignIn.Verification.Password.Submit";
    let logs = manage(&browser, Method::GET, &format!("logs?logKey={key}"), json!({})).await?.1;
    assert_eq!(logs[0]["payload"]["error"]["code"], BLOCKED, "{logs}");

    let body = json!({ "targetType": "User", "targets": ["alice"] });
    assert_eq!(manage(&browser, Method::POST, "sentinel-activities/delete", body).await?.0, 204);
    browser.password("alice", "correct horse").await
}

#[tokio::test]
async fn factors_are_counted_apart() -> Result {
    let browser = strict(None).await?;
    browser.password("alice", "correct horse").await?;
    let wrong = || browser.refusal("verification/backup-code/verify", json!({ "code": "none" }));
    assert_eq!(wrong().await?, (400, "session.mfa.invalid_backup_code".into()));
    wrong().await?;
    assert_eq!(wrong().await?, blocked());
    assert_eq!(attempt(&browser, "correct horse").await?.0, 200);

    let browser = strict(Some("1.37")).await?;
    browser.password("alice", "correct horse").await?;
    for _ in 0..4 {
        let body = json!({ "code": "none" });
        let refused = browser.refusal("verification/backup-code/verify", body).await?;
        assert_eq!(refused, (400, "session.mfa.invalid_backup_code".into()));
    }
    Ok(())
}

/// They put the digits of numbers side by side: `1` and `1` are more than ten.
#[tokio::test]
async fn older_releases_refuse_the_second_failure_of_ten() -> Result {
    let browser = strict(Some("1.40")).await?;
    assert_eq!(attempt(&browser, "wrong").await?, wrong());
    assert_eq!(attempt(&browser, "wrong").await?, blocked());
    Ok(())
}
