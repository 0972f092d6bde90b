//! Second factors and passkeys.

use logto_api::{models::MfaFactor, sign_in::Identifier};

use crate::{APP_ID, CALLBACK, as_recorded, assert_signed_in, next, tenant};

const PASSWORD: &str = "Two-Red-Kites-4-Tea!";

#[tokio::test]
async fn are_set_up_where_they_are_mandatory() {
    let tenant =
        tenant("Second factors are mandatory: set up an authenticator app and backup codes").await;
    let logto = tenant.client();
    let session = as_recorded(logto.sign_in(APP_ID, CALLBACK)).begin().await.unwrap();
    let step = session.password(Identifier::username("erin"), PASSWORD).await.unwrap();
    let enrollment = next!(step.submit().await.unwrap(), BindMfa);
    assert_eq!(enrollment.available_factors(), [MfaFactor::Totp]);
    assert!(!enrollment.is_skippable());

    let app = enrollment.set_up_totp().await.unwrap();
    assert_eq!(app.secret(), Some("VCSZ6PQEGFG2GXI72C6XUQHMH7IEWSIO"));
    assert!(app.qr_code().unwrap().starts_with("data:image/png;base64,"));
    let error = app.verify("000000").await.unwrap_err();
    assert!(error.is_wrong_code(), "{error}");
    let user = next!(app.verify("061271").await.unwrap(), Submit);

    let error = enrollment.skip().await.unwrap_err();
    assert!(error.has_code("session.mfa.mfa_policy_not_user_controlled"), "{error}");

    let step = next!(user.submit().await.unwrap(), CreateBackupCodes);
    let mut codes = step.generate().await.unwrap();
    assert!(!format!("{codes:?}").contains("371c01eebe"));
    let handed_over = codes.take();
    assert_eq!((handed_over.len(), codes.take().len()), (10, 0));
    let step = codes.bind().await.unwrap();
    assert_signed_in(step.submit().await.unwrap()).await;
    tenant.assert_finished();
}

#[tokio::test]
async fn are_verified_one_after_the_other() {
    let tenant =
        tenant("Sign in with an authenticator app, and a backup code, as second factors").await;
    let logto = tenant.client();
    let session = as_recorded(logto.sign_in(APP_ID, CALLBACK)).begin().await.unwrap();
    let step = session.password(Identifier::username("erin"), PASSWORD).await.unwrap();
    let challenge = next!(step.submit().await.unwrap(), VerifyMfa);
    assert_eq!(challenge.available_factors(), [MfaFactor::Totp, MfaFactor::BackupCode]);
    assert_eq!(challenge.masked(&MfaFactor::EmailVerificationCode), None);

    challenge.verify_totp("061271").await.unwrap();
    let step = challenge.verify_backup_code("741b28decf").await.unwrap();
    let error = challenge.start_web_authn().await.unwrap_err();
    assert!(error.has_code("session.mfa.webauthn_verification_not_found"), "{error}");
    assert_signed_in(step.submit().await.unwrap()).await;
    tenant.assert_finished();
}

/// After it is done, the interaction goes on until the browser follows the redirect.
#[tokio::test]
async fn are_offered_and_skipped() {
    let tenant = tenant(
        "Options of a passkey, which no authenticator completes; doing without a second factor",
    )
    .await;
    let logto = tenant.client();
    let session = as_recorded(logto.sign_in(APP_ID, CALLBACK)).begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let user = next!(step, Submit);
    let first = next!(user.submit().await.unwrap(), Completed);

    let passkey = user.mfa().set_up_passkey().await.unwrap();
    assert_eq!(passkey.verification_id(), "m1jkcub0lllzqqncegjl9");
    let options = serde_json::to_value(passkey.options().unwrap()).unwrap();
    assert_eq!(options["user"]["id"], "OWU2ZGZubGVibmpl");
    assert_eq!(options["extensions"]["credProps"], true);
    let sign_in = session.discoverable_passkey().await.unwrap();
    let options = serde_json::to_value(sign_in.options().unwrap()).unwrap();
    assert_eq!(options["rpId"], "localhost");
    assert_eq!(sign_in.verification_id(), None);

    let step = user.mfa().skip().await.unwrap();
    let second = next!(step.submit().await.unwrap(), Completed);
    assert_eq!(first.redirect_to(), second.redirect_to());
    tenant.assert_finished();
}
