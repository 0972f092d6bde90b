//! New accounts.

use logto_api::sign_in::{Identifier, ProfileField};

use crate::{APP_ID, CALLBACK, as_recorded, assert_signed_in, next, tenant};

#[tokio::test]
async fn with_a_username_and_a_password() {
    let tenant = tenant("Register with a username and a password").await;
    let logto = tenant.client();
    let session = as_recorded(logto.register(APP_ID, CALLBACK)).begin().await.unwrap();
    let error = session.username_and_password("alice", "Seven-Blue-Doors-8?").await.unwrap_err();
    assert!(error.has_code("user.username_already_in_use"), "{error}");
    let error = session.username_and_password("bob", "123").await.unwrap_err();
    assert!(error.is_password_rejected(), "{error}");
    assert_eq!(error.data().unwrap()[1]["code"], "password_rejected.restricted.sequence");
    let step = session.username_and_password("bob", "Seven-Blue-Doors-8?").await.unwrap();
    assert_signed_in(step.submit().await.unwrap()).await;
    tenant.assert_finished();
}

#[tokio::test]
async fn with_a_code_and_then_the_password_that_is_missing() {
    let tenant = tenant("Register with a code by e-mail; the missing password is given").await;
    let logto = tenant.client();
    let session = as_recorded(logto.register(APP_ID, CALLBACK)).begin().await.unwrap();
    let code = session.send_code(Identifier::email("dave@example.com")).await.unwrap();
    let missing = next!(code.verify("802607").await.unwrap(), CompleteProfile);
    assert_eq!(missing.fields(), [ProfileField::Password]);
    let step = missing.profile().password("Seven-Blue-Doors-8?").await.unwrap();
    assert_signed_in(step.submit().await.unwrap()).await;
    tenant.assert_finished();
}
