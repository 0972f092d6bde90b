//! What goes wrong before anyone is signed in.

use logto_api::{BrowserCookies, models::InteractionIdentifier, sign_in::Identifier};

use crate::{APP_ID, CALLBACK, as_recorded, tenant};

#[tokio::test]
async fn leave_the_session_as_it_was() {
    let tenant =
        tenant("Failures: no session, wrong password, unknown record, early submit, bad body, unknown event")
            .await;
    let logto = tenant.client();
    let error = logto.resume_interaction(&BrowserCookies::new()).sign_in().await.unwrap_err();
    assert!(error.is_session_ended() && error.has_code("session.not_found"), "{error}");

    let opened = as_recorded(logto.sign_in(APP_ID, CALLBACK)).authorize().await.unwrap();
    let by_itself = opened.experience();
    let error = by_itself.submit().send().await.unwrap_err();
    assert!(error.is_session_ended(), "{error}");
    let alice = || InteractionIdentifier::from(Identifier::username("alice"));
    let call = by_itself.create_password_verification(alice(), "Two-Red-Kites-4-Tea!");
    let error = call.send().await.unwrap_err();
    assert!(error.is_session_ended(), "{error}");
    let error = by_itself.init_interaction("Nonsense".to_owned()).send().await.unwrap_err();
    assert_eq!(error.data().unwrap()["issues"][0]["path"][0], "interactionEvent");
    // There is no way to forget the event.
    let error = tenant.send_as_recorded().await.unwrap_err();
    assert!(error.is_bad_request() && error.has_code("guard.invalid_input"), "{error}");

    let session = opened.sign_in().await.unwrap();
    for name in ["alice", "nobody"] {
        let error = session.password(Identifier::username(name), "wrong").await.unwrap_err();
        assert!(error.is_invalid_credentials() && error.is_unprocessable(), "{error}");
    }
    // Nor is there an identifier of another type, or one without a password.
    assert!(tenant.send_as_recorded().await.unwrap_err().has_code("guard.invalid_input"));
    let error = session.identify("does-not-exist").await.unwrap_err();
    assert!(error.has_code("session.verification_session_not_found"), "{error}");
    let error = session.experience().submit().send().await.unwrap_err();
    assert!(error.has_code("session.identifier_not_found"), "{error}");

    assert!(session.sso_connectors("a@nowhere.example").await.unwrap().is_empty());
    assert!(tenant.send_as_recorded().await.unwrap_err().has_code("guard.invalid_input"));
    let error = session.social_with_state("unknown", CALLBACK, "s").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");

    let registration = session.switch_to_register().await.unwrap();
    let switch = registration.experience().update_interaction_event("ForgotPassword".to_owned());
    let error = switch.send().await.unwrap_err();
    assert!(error.has_code("session.not_supported_for_forgot_password"), "{error}");
    let state = registration.state().await.unwrap();
    assert_eq!(state.interaction_event.as_str(), "Register");
    tenant.assert_finished();
}
