//! New passwords for forgotten ones.

use logto_api::sign_in::{ForgotPassword, Identifier, NextStep};

use crate::{PASSWORD, Tenant, next, signed_in, user_id};

const NEW: &str = "battery 8 staple";

#[tokio::test]
async fn are_set_by_a_code() {
    for address in [Identifier::email("alice@acme.com"), Identifier::phone("14155550123")] {
        let tenant = Tenant::open().await;
        let alice = tenant.add_alice();
        let sent = tenant.forgot_password().await.send_code(address.clone()).await.unwrap();
        let step = sent.verify(tenant.code(address.value())).await.unwrap();
        let reset = next!(step, ResetPassword);

        let error = reset.password("short").await.unwrap_err();
        assert!(error.is_password_rejected(), "{error}");
        assert_eq!(error.data().unwrap()[0]["code"], "password_rejected.too_short");
        let error = reset.password(PASSWORD).await.unwrap_err();
        assert!(error.has_code("user.same_password"), "{error}");
        assert!(matches!(reset.password(NEW).await.unwrap(), NextStep::PasswordChanged));

        let session = tenant.sign_in().await;
        let error = session.password(Identifier::username("alice"), PASSWORD).await.unwrap_err();
        assert!(error.is_invalid_credentials(), "{error}");
        let step = session.password(Identifier::username("alice"), NEW).await.unwrap();
        assert_eq!(user_id(&signed_in(step).await), alice);
    }
}

/// A user at the sign-in page finds that they have forgotten it. They go on signing in where they
/// began.
#[tokio::test]
async fn are_set_in_the_midst_of_a_sign_in() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let session = tenant.sign_in().await;
    let name = Identifier::username("alice");
    session.password(name.clone(), "something else").await.unwrap_err();

    let forgotten = session.restart::<ForgotPassword>().await.unwrap();
    let sent = forgotten.send_code(Identifier::email("alice@acme.com")).await.unwrap();
    let reset = next!(sent.verify(tenant.code("alice@acme.com")).await.unwrap(), ResetPassword);
    let step = reset.password(NEW).await.unwrap();
    assert!(step.tokens().await.unwrap_err().to_string().contains("start a new sign-in"));

    let error = session.password(name.clone(), NEW).await.unwrap_err();
    assert!(error.is_session_ended(), "{error}");
    let session = forgotten.restart().await.unwrap();
    let tokens = signed_in(session.password(name, NEW).await.unwrap()).await;
    assert_eq!(user_id(&tokens), alice);
}

#[tokio::test]
async fn are_not_set_for_nobody() {
    let tenant = Tenant::open().await;
    let sent = tenant.forgot_password().await.send_code(Identifier::email("bob@acme.com")).await;
    let error = sent.unwrap().verify(tenant.code("bob@acme.com")).await.unwrap_err();
    assert!(error.has_code("user.user_not_exist"), "{error}");
}
