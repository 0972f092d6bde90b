//! WebAuthn: an authenticator that signs nothing, since nothing is checked with its key.

mod common;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{Result, answer, browser::Browser, string};
use logto_mock::{MfaFactor::*, MfaPolicy};
use serde_json::{Value, json};

const CREDENTIAL: &str = "tsI5pWMqc9xIjVxTqI9Ekg";
const ORIGIN: &str = "https://login.acme.example";

fn client_data(kind: &str, challenge: &Value, origin: &str) -> String {
    let data = json!({ "type": kind, "challenge": challenge, "origin": origin });
    BASE64_URL_SAFE_NO_PAD.encode(data.to_string())
}

fn attestation(challenge: &Value, origin: &str) -> Value {
    json!({
        "type": "WebAuthn", "id": CREDENTIAL, "rawId": CREDENTIAL, "clientExtensionResults": {},
        "response": {
            "clientDataJSON": client_data("webauthn.create", challenge, origin),
            "attestationObject": "o2M", "transports": ["internal"],
        },
    })
}

fn assertion(challenge: &Value, id: &str) -> Value {
    json!({
        "type": "WebAuthn", "id": id, "rawId": id, "clientExtensionResults": {},
        "response": {
            "clientDataJSON": client_data("webauthn.get", challenge, ORIGIN),
            "authenticatorData": "SZYN", "signature": "MEUC",
        },
    })
}

/// Posts from a page.
async fn post(browser: &Browser, operation: &str, body: Value) -> Result<Value> {
    let url = format!("{}/api/experience/{operation}", browser.mock.endpoint());
    let request = browser.http.post(url).header("origin", ORIGIN).json(&body);
    Ok(answer(request.send().await?).await?.1)
}

/// Registers a passkey, and binds it by this operation.
async fn register(browser: &Browser) -> Result<String> {
    let asked = post(browser, "verification/web-authn/registration", json!({})).await?;
    let options = &asked["registrationOptions"];
    assert_eq!(options["rp"]["id"], "login.acme.example");
    assert_eq!(options["user"]["name"], "alice");
    let verify = "verification/web-authn/registration/verify";
    let id = &asked["verificationId"];
    let stranger = attestation(&options["challenge"], "https://evil.example");
    let stranger = json!({ "verificationId": id, "payload": stranger });
    let refused = post(browser, verify, stranger).await?;
    assert_eq!(refused["code"], "session.mfa.webauthn_verification_failed");
    let made = attestation(&options["challenge"], ORIGIN);
    let made = post(browser, verify, json!({ "verificationId": id, "payload": made })).await?;
    assert_eq!(made["verificationId"], *id);
    Ok(string(id))
}

async fn with_passkey() -> Result<Browser> {
    let browser = Browser::at("SignIn").await?;
    browser.mock.set_passkey_sign_in(true);
    browser.password("alice", "correct horse").await?;
    let preferred = browser.refusal("submit", json!({})).await?;
    assert_eq!(preferred, (422, "user.passkey_preferred".into()));
    let id = register(&browser).await?;
    let body = json!({ "verificationId": id });
    assert_eq!(browser.step("profile/mfa/passkey", body).await?.0, 204);
    assert_eq!(browser.submit().await?.0, 200);
    browser.begin("SignIn").await?;
    Ok(browser)
}

#[tokio::test]
async fn a_passkey_signs_in_who_is_named() -> Result {
    let browser = with_passkey().await?;
    let path = "verification/sign-in-passkey/authentication";
    let named = |name| json!({ "identifier": { "type": "username", "value": name } });
    let nobody = post(&browser, path, named("nobody")).await?;
    assert_eq!(nobody["code"], "session.mfa.webauthn_verification_not_found");
    let asked = post(&browser, path, named("alice")).await?;
    let options = &asked["authenticationOptions"];
    let allowed = json!([{
        "type": "public-key", "id": CREDENTIAL, "transports": ["internal"],
    }]);
    assert_eq!(options["allowCredentials"], allowed);
    let id = string(&asked["verificationId"]);
    assert_eq!(browser.identify(&id).await?, 400);
    let signed =
        json!({ "verificationId": id, "payload": assertion(&options["challenge"], CREDENTIAL) });
    assert_eq!(post(&browser, &format!("{path}/verify"), signed).await?["verificationId"], id);
    assert_eq!(browser.identify(&id).await?, 204);
    browser.tokens().await?;
    Ok(())
}

#[tokio::test]
async fn a_passkey_signs_in_whoever_has_one() -> Result {
    let browser = with_passkey().await?;
    let verify = "verification/sign-in-passkey/authentication/verify";
    let early = json!({ "payload": assertion(&json!("x"), CREDENTIAL) });
    let early = post(&browser, verify, early).await?;
    assert_eq!(early["code"], "session.passkey_sign_in.pending_info_not_found");
    let asked = post(&browser, "preflight/sign-in-passkey/authentication", json!({})).await?;
    let challenge = &asked["authenticationOptions"]["challenge"];
    assert_eq!(asked["authenticationOptions"]["allowCredentials"], json!([]));
    // The question is the interaction's, whatever else begins in it.
    browser.start("SignIn").await?;
    let stranger =
        post(&browser, verify, json!({ "payload": assertion(challenge, "other") })).await?;
    assert_eq!(stranger["code"], "session.mfa.webauthn_verification_failed");
    let signed =
        post(&browser, verify, json!({ "payload": assertion(challenge, CREDENTIAL) })).await?;
    assert_eq!(browser.identify(&string(&signed["verificationId"])).await?, 204);
    assert_eq!(browser.submit().await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_security_key_is_a_second_factor() -> Result {
    let browser = Browser::at("SignIn").await?;
    browser.mock.set_mfa(MfaPolicy::Mandatory, &[Totp, WebAuthn]);
    browser.password("alice", "correct horse").await?;
    let (_, missing) = browser.submit().await?;
    assert_eq!(missing["data"], json!({ "availableFactors": ["WebAuthn", "Totp"] }));
    let none = post(&browser, "verification/web-authn/authentication", json!({})).await?;
    assert_eq!(none["code"], "session.mfa.webauthn_verification_not_found");
    let id = register(&browser).await?;
    let body = json!({ "type": "WebAuthn", "verificationId": id });
    assert_eq!(browser.step("profile/mfa", body).await?.0, 204);
    assert_eq!(browser.submit().await?.0, 200);

    browser.begin("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    assert_eq!(browser.submit().await?.0, 403);
    let asked = post(&browser, "verification/web-authn/authentication", json!({})).await?;
    let payload = assertion(&asked["authenticationOptions"]["challenge"], CREDENTIAL);
    let signed = json!({ "verificationId": asked["verificationId"], "payload": payload });
    let done = post(&browser, "verification/web-authn/authentication/verify", signed).await?;
    assert_eq!(done["verificationId"], asked["verificationId"]);
    assert_eq!(browser.submit().await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_passkey_can_be_declined_and_needs_a_page() -> Result {
    let browser = Browser::at("SignIn").await?;
    browser.mock.set_passkey_sign_in(true);
    browser.password("alice", "correct horse").await?;
    let (status, body) = browser.step("verification/web-authn/registration", json!({})).await?;
    let code = json!("session.mfa.webauthn_verification_failed");
    assert_eq!((status.as_u16(), &body["code"]), (400, &code));
    browser.skip_for_good("profile/mfa/passkey-skipped").await
}

#[tokio::test]
async fn a_payload_is_told_all_that_it_lacks() -> Result {
    let browser = Browser::at("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let body = json!({ "verificationId": "nope", "payload": {} });
    let refused = post(&browser, "verification/web-authn/registration/verify", body).await?;
    let first = json!({
        "code": "invalid_literal", "expected": "WebAuthn", "path": ["payload", "type"],
        "message": "Invalid literal value, expected \"WebAuthn\"",
    });
    assert_eq!(refused["data"]["issues"][0], first);
    assert_eq!(refused["data"]["issues"].as_array().map(Vec::len), Some(5));
    Ok(())
}
