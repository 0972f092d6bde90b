//! Verification codes, forgotten passwords and one-time tokens.

mod common;

use std::time::Duration;

use common::{Result, browser::Browser};
use serde_json::{Value, json};

const EMAIL: &str = "alice@example.com";

fn identifier() -> Value {
    json!({ "type": "email", "value": EMAIL })
}

/// A browser whose user has an address, and a code sent to it.
async fn sent(event: &str) -> Result<(Browser, String)> {
    let browser = Browser::at(event).await?;
    let id = browser.alice().to_owned();
    browser.mock.set_email(&id, EMAIL);
    let body = json!({ "identifier": identifier(), "interactionEvent": event });
    let id = browser.verification("verification-code", body).await?;
    Ok((browser, id))
}

fn answer(id: &str, code: &str) -> Value {
    json!({ "identifier": identifier(), "verificationId": id, "code": code })
}

#[tokio::test]
async fn the_right_code_signs_in() -> Result {
    let (browser, id) = sent("SignIn").await?;
    let verify = "verification/verification-code/verify";
    assert_eq!(browser.identify(&id).await?, 400);
    let wrong = browser.refusal(verify, answer(&id, "wrong")).await?;
    assert_eq!(wrong, (400, "verification_code.code_mismatch".into()));
    let code = browser.mock.last_code(EMAIL).unwrap_or_default();
    browser.verification("verification-code/verify", answer(&id, &code)).await?;
    let again = browser.refusal(verify, answer(&id, &code)).await?;
    assert_eq!(again, (400, "verification_code.not_found".into()));
    assert_eq!(browser.identify(&id).await?, 204);
    let shown = &browser.interaction().await?["verificationRecords"][0];
    let expected = json!({
        "id": id, "type": "EmailVerificationCode", "identifier": identifier(),
        "templateType": "SignIn", "verified": true,
    });
    assert_eq!(shown, &expected);
    assert!(browser.tokens().await?["id_token"].is_string());
    Ok(())
}

#[tokio::test]
async fn a_code_can_be_too_old_for_another_address_and_tried_too_often() -> Result {
    let (browser, id) = sent("SignIn").await?;
    let verify = "verification/verification-code/verify";
    let elsewhere = json!({
        "identifier": { "type": "email", "value": "bob@example.com" },
        "verificationId": id, "code": "1",
    });
    let refused = browser.refusal(verify, elsewhere).await?;
    assert_eq!(refused.1, "verification_code.email_mismatch");
    for _ in 0..10 {
        browser.refusal(verify, answer(&id, "wrong")).await?;
    }
    let refused = browser.refusal(verify, answer(&id, "wrong")).await?;
    assert_eq!(refused.1, "verification_code.exceed_max_try");
    browser.mock.advance(Duration::from_secs(600));
    let refused = browser.refusal(verify, answer(&id, "wrong")).await?;
    assert_eq!(refused.1, "verification_code.expired");
    Ok(())
}

#[tokio::test]
async fn nobody_is_known_by_an_address_that_nobody_has() -> Result {
    let browser = Browser::at("SignIn").await?;
    let body = json!({ "identifier": identifier(), "interactionEvent": "SignIn" });
    let id = browser.verification("verification-code", body).await?;
    let code = browser.mock.last_code(EMAIL).unwrap_or_default();
    browser.verification("verification-code/verify", answer(&id, &code)).await?;
    let (status, body) = browser.step("identification", json!({ "verificationId": id })).await?;
    assert_eq!((status.as_u16(), &body["code"]), (404, &json!("user.user_not_exist")));
    assert_eq!(body["data"], json!({ "identifier": EMAIL }));
    Ok(())
}

#[tokio::test]
async fn a_forgotten_password_is_replaced() -> Result {
    let (browser, id) = sent("ForgotPassword").await?;
    let code = browser.mock.last_code(EMAIL).unwrap_or_default();
    browser.verification("verification-code/verify", answer(&id, &code)).await?;
    assert_eq!(browser.identify(&id).await?, 204);
    let (status, body) = browser.submit().await?;
    let code = json!("user.new_password_required_in_profile");
    assert_eq!((status.as_u16(), &body["code"]), (422, &code));

    let path = "/api/experience/profile/password";
    let (status, body) = browser.put(path, json!({ "password": "x" })).await?;
    let expected = json!({
        "code": "password.rejected",
        "data": [{ "code": "password_rejected.too_short", "interpolation": { "min": 8 } }],
        "message": "Password: rejected.",
    });
    assert_eq!((status.as_u16(), body), (422, expected));
    let (status, body) = browser.put(path, json!({ "password": "correct horse" })).await?;
    assert_eq!((status.as_u16(), &body["code"]), (422, &json!("user.same_password")));
    let (status, _) = browser.put(path, json!({ "password": "battery staple" })).await?;
    assert_eq!(status, 204);
    assert_eq!(browser.submit().await?.0, 204);
    let after = browser.refusal("submit", json!({})).await?;
    assert_eq!(after, (404, "session.interaction_not_found".into()));

    browser.begin("SignIn").await?;
    browser.password("alice", "battery staple").await?;
    browser.tokens().await?;
    Ok(())
}

#[tokio::test]
async fn only_a_code_finds_who_forgot_a_password() -> Result {
    let browser = Browser::at("ForgotPassword").await?;
    let body = json!({
        "identifier": { "type": "username", "value": "alice" }, "password": "correct horse",
    });
    let id = browser.verification("password", body).await?;
    assert_eq!(browser.identify(&id).await?, 422);
    browser.begin("SignIn").await?;
    let path = "/api/experience/profile/password";
    let (status, body) = browser.put(path, json!({ "password": "battery staple" })).await?;
    let code = json!("session.invalid_interaction_type");
    assert_eq!((status.as_u16(), &body["code"]), (400, &code));
    Ok(())
}

#[tokio::test]
async fn a_one_time_token_lets_in_once() -> Result {
    let browser = Browser::at("SignIn").await?;
    let id = browser.alice().to_owned();
    browser.mock.set_email(&id, EMAIL);
    let token = browser.mock.add_one_time_token(EMAIL);
    let verify = "verification/one-time-token/verify";
    let body = json!({ "identifier": identifier(), "token": "nope" });
    let (status, unknown) = browser.step(verify, body).await?;
    let expected =
        json!({ "code": "one_time_token.token_not_found", "message": "Token nope not found." });
    assert_eq!((status.as_u16(), unknown), (404, expected));
    let body = json!({ "identifier": identifier(), "token": token });
    let id = browser.verification("one-time-token/verify", body.clone()).await?;
    let again = browser.refusal(verify, body).await?;
    assert_eq!(again, (400, "one_time_token.token_consumed".into()));
    assert_eq!(browser.identify(&id).await?, 204);
    browser.tokens().await?;
    Ok(())
}

#[tokio::test]
async fn who_has_tried_too_often_and_who_may_be_a_robot_are_kept_out() -> Result {
    let browser = Browser::at("SignIn").await?;
    browser.mock.require_captcha("a human");
    browser.password("alice", "correct horse").await?;
    let refused = browser.refusal("submit", json!({})).await?;
    assert_eq!(refused, (422, "session.captcha_required".into()));
    let start = |token| json!({ "interactionEvent": "SignIn", "captchaToken": token });
    let (status, body) = browser.put("/api/experience", start("a robot")).await?;
    assert_eq!((status.as_u16(), &body["code"]), (422, &json!("session.captcha_failed")));
    browser.put("/api/experience", start("a human")).await?;
    browser.password("alice", "correct horse").await?;
    assert_eq!(browser.submit().await?.0, 200);

    browser.mock.lock_out("alice");
    let body = json!({
        "identifier": { "type": "username", "value": "alice" }, "password": "correct horse",
    });
    let refused = browser.refusal("verification/password", body).await?;
    assert_eq!(refused, (400, "session.verification_blocked_too_many_attempts".into()));
    Ok(())
}
