//! The server notices what is not as it was recorded.

use logto_api::sign_in::Identifier;

use crate::{APP_ID, CALLBACK, as_recorded, tenant};

#[tokio::test]
async fn another_value_another_step_and_one_too_many() {
    let tenant = tenant("Forgotten password: a code by e-mail, then a new password").await;
    let logto = tenant.client();
    let plain = logto.forgot_password(APP_ID, CALLBACK).begin().await.unwrap_err();
    assert!(plain.has_code("conversation.differs"), "{plain}");
    assert!(tenant.problems()[0].contains("query: "));

    let session = as_recorded(logto.forgot_password(APP_ID, CALLBACK)).begin().await.unwrap();
    let error = session.send_code(Identifier::email("eve@example.com")).await.unwrap_err();
    assert!(error.has_code("conversation.differs"), "{error}");
    let problem = tenant.problems().remove(0);
    assert!(problem.contains("step 3, POST /api/experience/verification/verification-code (200)"));
    assert!(problem.contains("eve@example.com") && problem.contains("carol@example.com"));

    session.state().await.unwrap_err();
    assert!(tenant.problems()[0].contains("GET /api/experience/interaction was sent"));

    let stranger = logto.with_cookie_store().experience();
    let carol = logto_api::models::EmailIdentifier::new("carol@example.com");
    let carol = logto_api::models::VerificationCodeIdentifier::Email(carol);
    stranger.send_code(carol, "ForgotPassword".to_owned()).send().await.unwrap_err();
    assert!(tenant.problems()[0].contains("cookies: [\"_interaction.sig="));

    while tenant.answered() < 9 {
        let _ = tenant.send_as_recorded().await;
    }
    tenant.assert_finished();
    session.state().await.unwrap_err();
    assert!(tenant.problems()[0].contains("too many: GET /api/experience/interaction"));
}
