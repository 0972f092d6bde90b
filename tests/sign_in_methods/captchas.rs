//! Captchas, where the tenant uses them.

use logto_api::sign_in::Identifier;

use crate::{PASSWORD, Tenant, next, signed_in, submitted, user_id};

const SOLVED: &str = "what-the-widget-gave";

#[tokio::test]
async fn are_solved_when_they_are_asked_for() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    tenant.mock.require_captcha(SOLVED);
    let session = tenant.sign_in().await;
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let step = submitted(step).await;
    assert_eq!(step.code(), Some("session.captcha_required"));
    next!(step, SolveCaptcha);

    let error = session.captcha("made up").await.unwrap_err();
    assert!(error.has_code("session.captcha_failed"), "{error}");
    session.captcha(SOLVED).await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

#[tokio::test]
async fn are_solved_before_a_registration() {
    let tenant = Tenant::open().await;
    tenant.mock.require_captcha(SOLVED);
    let session = tenant.register().await;
    next!(session.username_and_password("bob", PASSWORD).await.unwrap(), SolveCaptcha);
    session.captcha(SOLVED).await.unwrap();
    signed_in(session.username_and_password("bob", PASSWORD).await.unwrap()).await;
}

/// No message is sent for a robot.
#[tokio::test]
async fn are_solved_before_a_code_is_sent() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    tenant.mock.require_captcha(SOLVED);
    let address = Identifier::email("alice@acme.com");
    let session = tenant.sign_in().await;
    let error = session.send_code(address.clone()).await.unwrap_err();
    assert!(error.is_captcha_required(), "{error}");
    assert_eq!(tenant.mock.last_code(address.value()), None);
    session.captcha(SOLVED).await.unwrap();
    let sent = session.send_code(address.clone()).await.unwrap();
    let step = sent.verify(tenant.code(address.value())).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

#[tokio::test]
async fn can_be_solved_from_the_beginning() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    tenant.mock.require_captcha(SOLVED);
    let request = tenant.logto.sign_in(tenant.mock.web_app_id(), tenant.mock.redirect_uri());
    let request = request.client_secret(tenant.mock.web_app_secret());
    let session = request.captcha_token(SOLVED).begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    signed_in(step).await;
}
