//! WebAuthn: passkeys and security keys, with their signatures.

mod common;

use common::{Result, answer, browser::Browser, string};
use logto_mock::{Authenticator, AuthenticatorError, MfaFactor::*, MfaPolicy};
use serde_json::{Value, json};

const ORIGIN: &str = "https://login.acme.example";
const FAILED: &str = "session.mfa.webauthn_verification_failed";

/// Posts from a page.
async fn post(browser: &Browser, operation: &str, body: Value) -> Result<Value> {
    let url = format!("{}/api/experience/{operation}", browser.mock.endpoint());
    let request = browser.http.post(url).header("origin", ORIGIN).json(&body);
    Ok(answer(request.send().await?).await?.1)
}

/// Registers a passkey, and binds it by this operation.
async fn register(browser: &Browser, authenticator: &Authenticator) -> Result<String> {
    let asked = post(browser, "verification/web-authn/registration", json!({})).await?;
    let options = &asked["registrationOptions"];
    assert_eq!(options["rp"]["id"], "login.acme.example");
    assert_eq!(options["user"]["name"], "alice");
    let verify = "verification/web-authn/registration/verify";
    let id = &asked["verificationId"];
    let stranger = authenticator.at("https://evil.example").create(options)?;
    let stranger = json!({ "verificationId": id, "payload": stranger });
    let refused = post(browser, verify, stranger).await?;
    assert_eq!(refused["code"], FAILED);
    let made = authenticator.create(options)?;
    let made = post(browser, verify, json!({ "verificationId": id, "payload": made })).await?;
    assert_eq!(made["verificationId"], *id);
    Ok(string(id))
}

async fn with_passkey() -> Result<(Browser, Authenticator)> {
    let authenticator = Authenticator::new(ORIGIN);
    let browser = Browser::at("SignIn").await?;
    browser.mock.set_passkey_sign_in(true);
    browser.password("alice", "correct horse").await?;
    let preferred = browser.refusal("submit", json!({})).await?;
    assert_eq!(preferred, (422, "user.passkey_preferred".into()));
    let id = register(&browser, &authenticator).await?;
    let body = json!({ "verificationId": id });
    assert_eq!(browser.step("profile/mfa/passkey", body).await?.0, 204);
    assert_eq!(browser.submit().await?.0, 200);
    browser.begin("SignIn").await?;
    Ok((browser, authenticator))
}

#[tokio::test]
async fn a_passkey_signs_in_who_is_named() -> Result {
    let (browser, authenticator) = with_passkey().await?;
    let path = "verification/sign-in-passkey/authentication";
    let named = |name| json!({ "identifier": { "type": "username", "value": name } });
    let nobody = post(&browser, path, named("nobody")).await?;
    assert_eq!(nobody["code"], "session.mfa.webauthn_verification_not_found");
    let asked = post(&browser, path, named("alice")).await?;
    let options = &asked["authenticationOptions"];
    let signature = authenticator.get(options)?;
    let allowed = json!([{
        "type": "public-key", "id": signature["id"], "transports": ["internal"],
    }]);
    assert_eq!(options["allowCredentials"], allowed);
    let id = string(&asked["verificationId"]);
    assert_eq!(browser.identify(&id).await?, 400);
    let signed = json!({ "verificationId": id, "payload": signature });
    assert_eq!(post(&browser, &format!("{path}/verify"), signed).await?["verificationId"], id);
    assert_eq!(browser.identify(&id).await?, 204);
    browser.tokens().await?;
    Ok(())
}

#[tokio::test]
async fn a_passkey_signs_in_whoever_has_one() -> Result {
    let (browser, authenticator) = with_passkey().await?;
    let verify = "verification/sign-in-passkey/authentication/verify";
    let options = json!({ "rpId": "login.acme.example", "challenge": "x" });
    let early = json!({ "payload": authenticator.get(&options)? });
    let early = post(&browser, verify, early).await?;
    assert_eq!(early["code"], "session.passkey_sign_in.pending_info_not_found");
    let asked = post(&browser, "preflight/sign-in-passkey/authentication", json!({})).await?;
    let options = &asked["authenticationOptions"];
    assert_eq!(asked["authenticationOptions"]["allowCredentials"], json!([]));
    // The question is the interaction's, whatever else begins in it.
    browser.start("SignIn").await?;
    let mut stranger = authenticator.get(options)?;
    stranger["id"] = "other".into();
    let stranger = post(&browser, verify, json!({ "payload": stranger })).await?;
    assert_eq!(stranger["code"], FAILED);
    let payload = authenticator.get(options)?;
    let signed = post(&browser, verify, json!({ "payload": payload })).await?;
    assert_eq!(browser.identify(&string(&signed["verificationId"])).await?, 204);
    assert_eq!(browser.submit().await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_security_key_is_a_second_factor() -> Result {
    let browser = Browser::at("SignIn").await?;
    let authenticator = Authenticator::new(ORIGIN);
    browser.mock.set_mfa(MfaPolicy::Mandatory, &[Totp, WebAuthn]);
    browser.password("alice", "correct horse").await?;
    let (_, missing) = browser.submit().await?;
    assert_eq!(missing["data"], json!({ "availableFactors": ["WebAuthn", "Totp"] }));
    let none = post(&browser, "verification/web-authn/authentication", json!({})).await?;
    assert_eq!(none["code"], "session.mfa.webauthn_verification_not_found");
    let id = register(&browser, &authenticator).await?;
    let body = json!({ "type": "WebAuthn", "verificationId": id });
    assert_eq!(browser.step("profile/mfa", body).await?.0, 204);
    assert_eq!(browser.submit().await?.0, 200);

    browser.begin("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    assert_eq!(browser.submit().await?.0, 403);
    let asked = post(&browser, "verification/web-authn/authentication", json!({})).await?;
    let payload = authenticator.get(&asked["authenticationOptions"])?;
    let signed = json!({ "verificationId": asked["verificationId"], "payload": payload });
    let done = post(&browser, "verification/web-authn/authentication/verify", signed).await?;
    assert_eq!(done["verificationId"], asked["verificationId"]);
    assert_eq!(browser.submit().await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_passkey_can_be_declined() -> Result {
    let browser = Browser::at("SignIn").await?;
    browser.mock.set_passkey_sign_in(true);
    browser.password("alice", "correct horse").await?;
    browser.skip_for_good("profile/mfa/passkey-skipped").await
}

#[tokio::test]
async fn a_request_of_no_page_is_taken_for_one_of_the_servers_own() -> Result {
    let browser = Browser::at("SignIn").await?;
    browser.password("alice", "correct horse").await?;
    let (status, asked) = browser.step("verification/web-authn/registration", json!({})).await?;
    assert_eq!(status, 200);
    assert_eq!(asked["registrationOptions"]["rp"]["id"], "127.0.0.1");
    let url = browser.mock.endpoint();
    let payload = Authenticator::new(url).create(&asked["registrationOptions"])?;
    let body = json!({ "verificationId": asked["verificationId"], "payload": payload });
    let (status, _) = browser.step("verification/web-authn/registration/verify", body).await?;
    assert_eq!(status, 200);
    Ok(())
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

/// What is signed is true: each of these differs from it in one place.
#[tokio::test]
async fn a_signature_is_verified() -> Result {
    let (browser, authenticator) = with_passkey().await?;
    let verify = "verification/sign-in-passkey/authentication/verify";
    let asked = post(&browser, "preflight/sign-in-passkey/authentication", json!({})).await?;
    let options = &asked["authenticationOptions"];
    let genuine = authenticator.get(options)?;
    let other = authenticator.get(&json!({ "rpId": options["rpId"], "challenge": "x" }))?;
    let mut forged = vec![("origin", authenticator.at("https://evil.example").get(options)?)];
    for member in ["signature", "authenticatorData", "clientDataJSON"] {
        let mut payload = genuine.clone();
        payload["response"][member] = other["response"][member].clone();
        forged.push((member, payload));
    }
    for (what, payload) in forged {
        let refused = post(&browser, verify, json!({ "payload": payload })).await?;
        assert_eq!(refused["code"], FAILED, "{what}");
    }
    let newest = json!({ "payload": authenticator.get(options)? });
    assert!(post(&browser, verify, newest).await?["verificationId"].is_string());
    // Its counter is behind that of the newest now.
    let again = post(&browser, verify, json!({ "payload": genuine })).await?;
    assert_eq!(again["code"], FAILED);
    Ok(())
}

#[tokio::test]
async fn a_credential_is_its_authenticators_own() -> Result {
    let browser = Browser::at("SignIn").await?;
    browser.mock.set_passkey_sign_in(true);
    browser.password("alice", "correct horse").await?;
    let asked = post(&browser, "verification/web-authn/registration", json!({})).await?;
    let authenticator = Authenticator::new(ORIGIN);
    let (one, two) = (
        authenticator.create(&asked["registrationOptions"])?,
        authenticator.create(&asked["registrationOptions"])?,
    );
    let mut mixed = one;
    mixed["response"]["attestationObject"] = two["response"]["attestationObject"].clone();
    let body = json!({ "verificationId": asked["verificationId"], "payload": mixed });
    let refused = post(&browser, "verification/web-authn/registration/verify", body).await?;
    assert_eq!(refused["code"], FAILED);
    Ok(())
}

#[test]
fn an_authenticator_says_why_it_has_no_answer() -> Result {
    use AuthenticatorError::*;
    let authenticator = Authenticator::new(ORIGIN);
    let (rp, es256) = (json!({ "id": "acme.example" }), json!([{ "alg": -7 }]));
    let mut create = json!({ "rp": rp, "challenge": "x", "pubKeyCredParams": [{ "alg": -257 }] });
    assert_eq!(authenticator.create(&create), Err(NotSupported));
    create["pubKeyCredParams"] = es256;
    let mut get = json!({ "rpId": "acme.example", "challenge": "x" });
    assert_eq!(authenticator.get(&get), Err(NoCredential));
    let created = authenticator.create(&create)?;
    create["excludeCredentials"] = json!([{ "id": created["id"] }]);
    assert_eq!(authenticator.create(&create), Err(Excluded));
    get["rpId"] = "other.example".into();
    assert_eq!(authenticator.get(&get), Err(NoCredential));
    get["rpId"] = json!(null);
    assert_eq!(authenticator.get(&get), Err(InvalidOptions("rpId")));
    Ok(())
}
