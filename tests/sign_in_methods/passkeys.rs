//! Passkeys and security keys, as second factors and instead of passwords.

use logto_api::{
    models,
    sign_in::{Identifier, NextStep, SignInFlow},
};
use logto_mock::{Authenticator, MfaFactor::WebAuthn, MfaPolicy};
use webauthn_rs_proto::{PublicKeyCredential, RegisterPublicKeyCredential};

use crate::{PASSWORD, Tenant, next, signed_in, submitted, user_id};

const ORIGIN: &str = "https://acme.com";
const EVIL: &str = "https://evil.example";

/// At a page of the application's own.
async fn begun(tenant: &Tenant) -> SignInFlow {
    let request = tenant.logto.sign_in(tenant.mock.web_app_id(), tenant.mock.redirect_uri());
    let request = request.client_secret(tenant.mock.web_app_secret()).origin(ORIGIN);
    request.begin().await.unwrap()
}

fn alice() -> Identifier {
    Identifier::username("alice")
}

async fn asked(tenant: &Tenant) -> NextStep {
    submitted(begun(tenant).await.password(alice(), PASSWORD).await.unwrap()).await
}

/// Alice makes a passkey when she is offered one.
async fn with_passkey() -> (Tenant, String, Authenticator) {
    let page = Authenticator::new(ORIGIN);
    let tenant = Tenant::open().await;
    let id = tenant.add_alice();
    tenant.mock.set_passkey_sign_in(true);
    let setup = next!(asked(&tenant).await, CreatePasskey).create().await.unwrap();
    let credential = page.create(setup.options().unwrap()).unwrap();
    signed_in(setup.verify(credential).await.unwrap()).await;
    (tenant, id, page)
}

#[tokio::test]
async fn are_set_up_and_used_as_second_factors() {
    let tenant = Tenant::open().await;
    let page = Authenticator::new(ORIGIN);
    let id = tenant.add_alice();
    tenant.mock.set_mfa(MfaPolicy::Mandatory, &[WebAuthn]);
    let enrollment = next!(asked(&tenant).await, BindMfa);
    assert_eq!(enrollment.available_factors(), [models::MfaFactor::WebAuthn]);
    let setup = enrollment.set_up_web_authn().await.unwrap();
    let options = setup.options().unwrap();
    assert_eq!(options.rp.id.as_deref(), Some("acme.com"));

    let error = setup.verify(page.at(EVIL).create(options).unwrap()).await.unwrap_err();
    assert!(error.has_code("session.mfa.webauthn_verification_failed"), "{error}");
    let error = setup.verify("{}").await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    let step = setup.verify(page.create(options).unwrap()).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), id);

    let challenge = next!(asked(&tenant).await, VerifyMfa).start_web_authn().await.unwrap();
    let options = challenge.options().unwrap();
    assert_eq!(options.allow_credentials.as_ref().map(Vec::len), Some(1));
    let error = challenge.verify(page.at(EVIL).get(options).unwrap()).await.unwrap_err();
    assert!(error.has_code("session.mfa.webauthn_verification_failed"), "{error}");
    let step = challenge.verify(page.get(options).unwrap()).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), id);
}

#[tokio::test]
async fn are_taken_from_webauthn_rs_too() {
    let tenant = Tenant::open().await;
    let page = Authenticator::new(ORIGIN);
    let id = tenant.add_alice();
    tenant.mock.set_mfa(MfaPolicy::Mandatory, &[WebAuthn]);
    let setup = next!(asked(&tenant).await, BindMfa).set_up_web_authn().await.unwrap();
    let json = page.create(setup.options().unwrap()).unwrap();
    let credential: RegisterPublicKeyCredential = serde_json::from_value(json).unwrap();
    signed_in(setup.verify(&credential).await.unwrap()).await;

    let challenge = next!(asked(&tenant).await, VerifyMfa).start_web_authn().await.unwrap();
    let json = page.get(challenge.options().unwrap()).unwrap();
    let credential: PublicKeyCredential = serde_json::from_value(json).unwrap();
    let step = challenge.verify(&credential).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), id);
}

#[tokio::test]
async fn let_a_user_in_who_says_who_they_are() {
    let (tenant, id, page) = with_passkey().await;
    let session = begun(&tenant).await;
    let error = session.passkey(Identifier::username("nobody")).await.unwrap_err();
    assert!(error.has_code("session.mfa.webauthn_verification_not_found"), "{error}");

    for identifier in
        [alice(), Identifier::email("alice@acme.com"), Identifier::phone("14155550123")]
    {
        let passkey = begun(&tenant).await.passkey(identifier).await.unwrap();
        assert!(passkey.verification_id().is_some());
        let options = passkey.options().unwrap();
        let error = passkey.verify(page.at(EVIL).get(options).unwrap()).await.unwrap_err();
        assert!(error.has_code("session.mfa.webauthn_verification_failed"), "{error}");
        // As the text of a request's body.
        let step = passkey.verify(page.get(options).unwrap().to_string()).await.unwrap();
        assert_eq!(user_id(&signed_in(step).await), id);
    }
}

#[tokio::test]
async fn let_a_user_in_who_says_nothing() {
    let (tenant, id, page) = with_passkey().await;
    let passkey = begun(&tenant).await.discoverable_passkey().await.unwrap();
    assert_eq!(passkey.verification_id(), None);
    let options = passkey.options().unwrap();
    assert_eq!(options.rp_id.as_deref(), Some("acme.com"));
    assert!(options.allow_credentials.as_ref().is_none_or(Vec::is_empty));
    let step = passkey.verify(page.get(options).unwrap()).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), id);
}

#[tokio::test]
async fn that_nobody_has_let_nobody_in() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let passkey = begun(&tenant).await.discoverable_passkey().await.unwrap();
    let page = Authenticator::new(ORIGIN);
    let elsewhere = serde_json::json!({
        "rp": { "id": "acme.com" }, "challenge": "x", "pubKeyCredParams": [{ "alg": -7 }],
    });
    page.create(&elsewhere).unwrap();
    let signed = page.get(passkey.options().unwrap()).unwrap();
    let error = passkey.verify(signed).await.unwrap_err();
    assert!(error.has_code("session.mfa.webauthn_verification_failed"), "{error}");
}

#[tokio::test]
async fn are_offered_and_can_be_done_without() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    tenant.mock.set_passkey_sign_in(true);
    let offer = next!(asked(&tenant).await, CreatePasskey);
    signed_in(offer.skip().await.unwrap()).await;
    assert!(matches!(asked(&tenant).await, NextStep::Completed(_)), "nobody asks again");
}

/// A passkey is two factors in one.
#[tokio::test]
async fn are_second_factors_already() {
    let (tenant, id, page) = with_passkey().await;
    tenant.mock.set_mfa(MfaPolicy::Mandatory, &[WebAuthn]);
    let passkey = begun(&tenant).await.passkey(alice()).await.unwrap();
    let step = passkey.verify(page.get(passkey.options().unwrap()).unwrap()).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), id);
}

/// Without a page of the application's own, it is Logto's.
#[tokio::test]
async fn belong_to_logtos_own_pages_otherwise() {
    let tenant = Tenant::open().await;
    let passkey = tenant.sign_in().await.discoverable_passkey().await.unwrap();
    assert_eq!(passkey.options().unwrap().rp_id.as_deref(), Some("127.0.0.1"));
}
