//! Passwords.

use logto_api::sign_in::{ForgotPassword, Identifier};

use crate::{PASSWORD, Tenant, next, signed_in, user_id};

#[tokio::test]
async fn let_users_in_by_whatever_they_are_known_by() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    for identifier in [
        Identifier::username("alice"),
        Identifier::email("alice@acme.com"),
        Identifier::phone("14155550123"),
    ] {
        let session = tenant.sign_in().await;
        let tokens = signed_in(session.password(identifier, PASSWORD).await.unwrap()).await;
        assert_eq!(user_id(&tokens), alice);
    }
}

#[tokio::test]
async fn can_be_tried_again() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let session = tenant.sign_in().await;
    for identifier in [Identifier::username("alice"), Identifier::username("nobody")] {
        let error = session.password(identifier, "battery staple").await.unwrap_err();
        assert!(error.is_invalid_credentials(), "{error}");
        assert!(!format!("{error} {error:?}").contains("battery"));
    }
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

#[tokio::test]
async fn of_suspended_users_let_nobody_in_and_neither_do_codes() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let users = tenant.manager().users();
    users.set_suspended(&alice, true).send().await.unwrap();
    let session = tenant.sign_in().await;
    let error = session.password(Identifier::username("alice"), PASSWORD).await.unwrap_err();
    assert!(error.is_suspended() && error.is_unauthorized(), "{error}");

    let sent = session.send_code(Identifier::email("alice@acme.com")).await.unwrap();
    let error = sent.verify(tenant.code("alice@acme.com")).await.unwrap_err();
    assert!(error.is_suspended(), "{error}");

    users.set_suspended(&alice, false).send().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

#[tokio::test]
async fn that_were_tried_too_often_are_not_checked() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    tenant.mock.lock_out("alice");
    let session = tenant.sign_in().await;
    let error = session.password(Identifier::username("alice"), PASSWORD).await.unwrap_err();
    assert!(error.is_locked_out() && !error.is_invalid_credentials(), "{error}");
}

#[tokio::test]
async fn that_have_expired_are_set_anew() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    tenant.mock.expire_password(&alice);
    let session = tenant.sign_in().await;
    let name = Identifier::username("alice");
    let error = session.password(name.clone(), "wrong").await.unwrap_err();
    assert!(error.is_invalid_credentials(), "{error}");
    let error = session.password(name.clone(), PASSWORD).await.unwrap_err();
    assert!(error.is_password_expired(), "{error}");

    let forgotten = session.restart::<ForgotPassword>().await.unwrap();
    let sent = forgotten.send_code(Identifier::email("alice@acme.com")).await.unwrap();
    let reset = next!(sent.verify(tenant.code("alice@acme.com")).await.unwrap(), ResetPassword);
    reset.password("battery 8 staple").await.unwrap();

    let session = tenant.sign_in().await;
    let tokens = signed_in(session.password(name, "battery 8 staple").await.unwrap()).await;
    assert_eq!(user_id(&tokens), alice);
}
