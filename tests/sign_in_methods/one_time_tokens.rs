//! One-time tokens, which come by e-mail.

use logto_mock::SignUpField;

use crate::{Tenant, next, signed_in, user_id};

const EMAIL: &str = "alice@acme.com";

#[tokio::test]
async fn let_users_in_once() {
    let tenant = Tenant::open().await;
    let alice = tenant.add_alice();
    let token = tenant.mock.add_one_time_token(EMAIL);

    // The link in the e-mail leads to the authorization request.
    let request = tenant.logto.sign_in(tenant.mock.web_app_id(), tenant.mock.redirect_uri());
    let request = request.client_secret(tenant.mock.web_app_secret());
    let session = request.one_time_token(&token, EMAIL).begin().await.unwrap();
    let step = session.one_time_token(EMAIL, &token).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);

    let error = tenant.sign_in().await.one_time_token(EMAIL, &token).await.unwrap_err();
    assert!(error.has_code("one_time_token.token_consumed") && error.is_expired_code(), "{error}");
}

#[tokio::test]
async fn are_good_for_their_own_address() {
    let tenant = Tenant::open().await;
    tenant.add_alice();
    let token = tenant.mock.add_one_time_token("bob@acme.com");
    let session = tenant.sign_in().await;
    let error = session.one_time_token(EMAIL, &token).await.unwrap_err();
    assert!(error.has_code("one_time_token.email_mismatch"), "{error}");
    let error = session.one_time_token(EMAIL, "made-up").await.unwrap_err();
    assert!(error.is_not_found() && !format!("{error} {error:?}").contains("made-up"), "{error}");
}

#[tokio::test]
async fn register_newcomers() {
    let tenant = Tenant::asking_for(&[SignUpField::Email]).await;
    let token = tenant.mock.add_one_time_token(EMAIL);
    let step = tenant.register().await.one_time_token(EMAIL, token).await.unwrap();
    let first = signed_in(step).await;

    let token = tenant.mock.add_one_time_token(EMAIL);
    let step = tenant.register().await.one_time_token(EMAIL, token).await.unwrap();
    let tokens = signed_in(next!(step, AccountExists).sign_in().await.unwrap()).await;
    assert_eq!(user_id(&tokens), user_id(&first));
}

#[tokio::test]
async fn lead_those_without_an_account_to_a_registration() {
    let tenant = Tenant::asking_for(&[SignUpField::Email]).await;
    let token = tenant.mock.add_one_time_token(EMAIL);
    let step = tenant.sign_in().await.one_time_token(EMAIL, token).await.unwrap();
    let tokens = signed_in(next!(step, AccountNotFound).register().await.unwrap()).await;
    let user = tenant.manager().users().get(user_id(&tokens)).send().await.unwrap();
    assert_eq!(user.primary_email.as_deref(), Some(EMAIL));
}
