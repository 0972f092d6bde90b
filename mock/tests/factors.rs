//! Second factors: set up, asked for, skipped.

mod common;

use common::{Result, answer, browser::Browser, management_token, string};
use logto_mock::{MfaFactor::*, MfaPolicy, SignUpField};
use serde_json::{Value, json};

async fn signing_in() -> Result<Browser> {
    let browser = Browser::at("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    Ok(browser)
}

/// The status, code and data of a refused submission.
async fn refused(browser: &Browser) -> Result<(u16, String, Value)> {
    let (status, body) = browser.submit().await?;
    Ok((status.as_u16(), string(&body["code"]), body["data"].clone()))
}

async fn bound(browser: &Browser, kind: &str, id: &str) -> Result {
    let body = json!({ "type": kind, "verificationId": id });
    let (status, body) = browser.step("profile/mfa", body).await?;
    assert_eq!(status, 204, "{body}");
    Ok(())
}

#[tokio::test]
async fn an_authenticator_app_and_backup_codes_are_set_up_and_used() -> Result {
    let browser = signing_in().await?;
    browser.mock.set_mfa(MfaPolicy::Mandatory, &[Totp, BackupCode]);
    let missing = refused(&browser).await?;
    let data = json!({ "availableFactors": ["Totp"] });
    assert_eq!(missing, (422, "user.missing_mfa".into(), data));

    let (_, app) = browser.step("verification/totp/secret", json!({})).await?;
    assert!(string(&app["secretQrCode"]).starts_with("data:image/png;base64,"));
    let (secret, id) = (string(&app["secret"]), string(&app["verificationId"]));
    assert_eq!(secret.len(), 32);
    let wrong = json!({ "verificationId": id, "code": "wrong" });
    let wrong = browser.refusal("verification/totp/verify", wrong).await?;
    assert_eq!(wrong, (400, "session.mfa.invalid_totp_code".into()));
    let code = browser.mock.totp_code(&secret);
    let body = json!({ "verificationId": id, "code": code });
    browser.verification("totp/verify", body).await?;
    bound(&browser, "Totp", &id).await?;
    let skip = browser.refusal("profile/mfa/mfa-skipped", json!({})).await?;
    assert_eq!(skip, (422, "session.mfa.mfa_policy_not_user_controlled".into()));
    assert_eq!(refused(&browser).await?.1, "session.mfa.backup_code_required");
    let (_, made) = browser.step("verification/backup-code/generate", json!({})).await?;
    assert_eq!(made["codes"].as_array().map(Vec::len), Some(10));
    bound(&browser, "BackupCode", &string(&made["verificationId"])).await?;
    browser.tokens().await?;

    browser.begin("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let asked = refused(&browser).await?;
    let data = json!({ "availableFactors": ["Totp", "BackupCode"], "maskedIdentifiers": {} });
    assert_eq!(asked, (403, "session.mfa.require_mfa_verification".into(), data));
    let code = browser.mock.totp_code(&secret);
    browser.verification("totp/verify", json!({ "code": code })).await?;
    assert_eq!(browser.submit().await?.0, 200);

    let token = management_token(&browser.mock, &browser.http).await?;
    let path = format!("/api/users/{}/mfa-verifications", browser.alice());
    let list = browser.http.get(format!("{}{path}", browser.mock.endpoint())).bearer_auth(token);
    let (_, list) = answer(list.send().await?).await?;
    assert_eq!(json!([list[0]["type"], list[1]["type"]]), json!(["Totp", "BackupCode"]));
    assert_eq!(list[1]["remainCodes"], 10);
    // As in 2026-11-22T18:38:02.612Z.
    assert_eq!(string(&list[0]["createdAt"]).len(), 24);

    let backup = json!({ "code": made["codes"][0] });
    for expected in [200, 400] {
        browser.begin("SignIn").await?;
        browser.password("alice", "correct horse").await?;
        let (status, _) = browser.step("verification/backup-code/verify", backup.clone()).await?;
        assert_eq!(status, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_factor_that_is_only_being_set_up_proves_nothing() -> Result {
    let browser = signing_in().await?;
    let alice = browser.alice().to_owned();
    browser.mock.set_mfa(MfaPolicy::Mandatory, &[Totp, WebAuthn]);
    browser.mock.add_totp(&alice);
    let (_, app) = browser.step("verification/totp/secret", json!({})).await?;
    let code = browser.mock.totp_code(&string(&app["secret"]));
    let body = json!({ "verificationId": app["verificationId"], "code": code });
    browser.verification("totp/verify", body).await?;
    assert_eq!(refused(&browser).await?.0, 403);
    let bind = json!({ "type": "Totp", "verificationId": app["verificationId"] });
    let (status, _) = browser.refusal("profile/mfa", bind).await?;
    assert_eq!(status, 403);
    Ok(())
}

#[tokio::test]
async fn what_is_not_mandatory_is_suggested_and_can_be_skipped() -> Result {
    let browser = signing_in().await?;
    browser.mock.set_mfa(MfaPolicy::PromptOnlyAtSignIn, &[Totp]);
    assert_eq!(refused(&browser).await?, (422, "user.suggest_mfa".into(), Value::Null));
    assert_eq!(browser.step("profile/mfa/mfa-enabled", json!({})).await?.0, 204);
    let missing = refused(&browser).await?;
    let data = json!({ "availableFactors": ["Totp"], "skippable": true });
    assert_eq!(missing, (422, "user.missing_mfa".into(), data));
    browser.skip_for_good("profile/mfa/mfa-skipped").await
}

#[tokio::test]
async fn codes_are_sent_to_the_users_own_address() -> Result {
    let browser = Browser::at("SignIn").await?;
    let alice = browser.alice().to_owned();
    browser.mock.set_email(&alice, "alice@example.com");
    browser.mock.set_mfa(MfaPolicy::Mandatory, &[EmailVerificationCode]);
    browser.password("alice", "correct horse").await?;
    let asked = refused(&browser).await?;
    let data = json!({
        "availableFactors": ["EmailVerificationCode"],
        "maskedIdentifiers": { "EmailVerificationCode": "alic****@example.com" },
    });
    assert_eq!(asked, (403, "session.mfa.require_mfa_verification".into(), data));
    let send = "verification/mfa-verification-code";
    let phone = browser.refusal(send, json!({ "identifierType": "phone" })).await?;
    assert_eq!(phone, (400, "session.mfa.mfa_factor_not_enabled".into()));
    let body = json!({ "identifierType": "email" });
    let id = browser.verification("mfa-verification-code", body).await?;
    let answer =
        |code: &str| json!({ "verificationId": id, "code": code, "identifierType": "email" });
    let wrong = browser.refusal(&format!("{send}/verify"), answer("wrong")).await?;
    assert_eq!(wrong, (400, "verification_code.code_mismatch".into()));
    let code = browser.mock.last_code("alice@example.com").unwrap_or_default();
    browser.verification("mfa-verification-code/verify", answer(&code)).await?;
    assert_eq!(browser.submit().await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn who_registers_by_e_mail_is_offered_a_stronger_factor() -> Result {
    let browser = Browser::at("Register").await?;
    browser.mock.set_sign_up(&[SignUpField::Email]);
    browser.mock.set_mfa(MfaPolicy::Mandatory, &[EmailVerificationCode, Totp]);
    let id = browser.prove_email("newcomer@example.com", "Register").await?;
    assert_eq!(browser.identify(&id).await?, 201);
    let suggested = refused(&browser).await?;
    let data = json!({
        "availableFactors": ["Totp", "EmailVerificationCode"],
        "maskedIdentifiers": { "EmailVerificationCode": "newc****@example.com" },
        "isWebAuthnUsedAsSignInPasskey": false, "skippable": true, "suggestion": true,
    });
    assert_eq!(suggested, (422, "session.mfa.suggest_additional_mfa".into(), data));
    let skipped = browser.step("profile/mfa/mfa-suggestion-skipped", json!({})).await?;
    assert_eq!(skipped.0, 204);
    assert_eq!(browser.submit().await?.0, 200);
    Ok(())
}
