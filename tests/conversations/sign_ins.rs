//! Users who have an account, or get one on the way.

use logto_api::sign_in::Identifier;
use serde_json::json;

use crate::{APP_ID, CALLBACK, as_recorded, assert_signed_in, next, tenant};

#[tokio::test]
async fn by_a_password_to_the_tokens() {
    let tenant = tenant("Sign in with a username and a password, to the tokens").await;
    let logto = tenant.client();
    let session = as_recorded(logto.sign_in(APP_ID, CALLBACK)).begin().await.unwrap();
    let before = session.state().await.unwrap();
    assert_eq!(before.user_id, None);
    assert!(before.verification_records.unwrap().is_empty());

    let alice = Identifier::username("alice");
    let step = session.password(alice, "Two-Red-Kites-4-Tea!").await.unwrap();
    let after = session.state().await.unwrap();
    assert_eq!(after.user_id.as_deref(), Some("9e6dfnlebnje"));
    assert_eq!(after.verification_records.unwrap().len(), 1);

    let tokens = step.submit().await.unwrap().tokens().await.unwrap();
    assert_eq!(tokens.claims().unwrap().user.sub, "9e6dfnlebnje");
    assert!(tokens.access_token().secret().starts_with("tSW7MP6v"));
    let info = tokens.user_info().await.unwrap();
    assert_eq!(info.username.as_deref(), Some("alice"));
    assert_eq!((info.email_verified, info.picture), (Some(true), None));
    assert_eq!(info.custom_data.unwrap()["theme"], "dark");
    let renewed = tokens.refresh().await.unwrap();
    assert!(renewed.access_token().secret().starts_with("61i0SsdX"));
    assert_eq!(renewed.claims().unwrap().user.sub, "9e6dfnlebnje");
    tenant.assert_finished();
}

#[tokio::test]
async fn by_a_code_that_is_first_mistyped() {
    let tenant = tenant("Sign in with a code by e-mail").await;
    let logto = tenant.client();
    let session = as_recorded(logto.sign_in(APP_ID, CALLBACK)).begin().await.unwrap();
    let code = session.send_code(Identifier::email("alice@example.com")).await.unwrap();
    assert_eq!(code.verification_id(), "sdj65c8nb36hivxceidrp");
    let error = code.verify("000000").await.unwrap_err();
    assert!(error.is_wrong_code() && !error.is_expired_code(), "{error}");
    let step = code.verify("628631").await.unwrap();
    assert_signed_in(step.submit().await.unwrap()).await;
    tenant.assert_finished();
}

/// Nobody has the social account yet, so one is made, and something is missing.
#[tokio::test]
async fn by_a_social_account_that_is_new() {
    let tenant =
        tenant("Sign in with a social account, which registers; the missing username is given")
            .await;
    let logto = tenant.client();
    let session = as_recorded(logto.sign_in(APP_ID, CALLBACK)).begin().await.unwrap();
    let back = "http://localhost:3001/callback/sozr1vxul9pq";
    let provider = session.social_with_state("sozr1vxul9pq", back, "social-state").await.unwrap();
    assert!(provider.authorization_uri().starts_with("http://mock-social/?state=social-state&"));

    let brought = json!({
        "state": "social-state", "redirectUri": back, "code": "c0de",
        "userId": "social-a408b924", "name": "Sam",
    });
    let brought = brought.as_object().unwrap().clone();
    let unregistered = next!(provider.verify(brought).await.unwrap(), AccountNotFound);
    assert!(unregistered.related_user().is_none());
    let step = unregistered.register().await.unwrap();
    assert_eq!(step.code(), Some("user.missing_profile"));
    let missing = next!(step, CompleteProfile);
    assert_eq!(missing.fields(), ["username".into()]);

    let early = session.experience().submit().send().await.unwrap_err();
    assert!(early.has_code("session.identifier_not_found"), "{early}");

    let step = missing.profile().username("sam").await.unwrap();
    assert_signed_in(step.submit().await.unwrap()).await;
    tenant.assert_finished();
}

#[tokio::test]
async fn by_a_new_password_in_place_of_a_forgotten_one() {
    let tenant = tenant("Forgotten password: a code by e-mail, then a new password").await;
    let logto = tenant.client();
    let session = as_recorded(logto.forgot_password(APP_ID, CALLBACK)).begin().await.unwrap();
    let code = session.send_code(Identifier::email("carol@example.com")).await.unwrap();
    let reset = next!(code.verify("173232").await.unwrap(), ResetPassword);

    let error = reset.password("x").await.unwrap_err();
    assert!(error.is_password_rejected(), "{error}");
    assert_eq!(error.data().unwrap()[0]["code"], "password_rejected.too_short");
    assert_eq!(error.data().unwrap()[0]["interpolation"]["min"], 8);
    let error = reset.password("Grey-Boats-Of-1999!").await.unwrap_err();
    assert!(error.has_code("user.same_password") && !error.is_password_rejected(), "{error}");
    let step = reset.password("Green-Boats-Of-2042!").await.unwrap();
    assert!(matches!(step, logto_api::sign_in::NextStep::PasswordChanged), "{step:?}");
    tenant.assert_finished();
}
