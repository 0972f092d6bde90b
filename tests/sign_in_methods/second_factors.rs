//! Second factors: set up, asked for, done without.

use logto_api::{
    models,
    sign_in::{Channel, Identifier, MfaEnrollment, NextStep},
};
use logto_mock::{
    MfaFactor::{self, BackupCode, EmailVerificationCode, PhoneVerificationCode, Totp, WebAuthn},
    MfaPolicy, SignUpField,
};

use crate::{PASSWORD, Tenant, next, signed_in, submitted, user_id};

async fn tenant(policy: MfaPolicy, factors: &[MfaFactor]) -> Tenant {
    let tenant = Tenant::open().await;
    tenant.mock.set_mfa(policy, factors);
    tenant
}

/// What alice is asked when her password is right.
async fn asked(tenant: &Tenant) -> NextStep {
    let step = tenant.sign_in().await.password(Identifier::username("alice"), PASSWORD).await;
    submitted(step.unwrap()).await
}

#[tokio::test]
async fn an_app_and_backup_codes_are_set_up_and_used() {
    let tenant = tenant(MfaPolicy::Mandatory, &[Totp, BackupCode]).await;
    let alice = tenant.add_alice();
    let enrollment = next!(asked(&tenant).await, BindMfa);
    assert_eq!(enrollment.available_factors(), [models::MfaFactor::Totp]);
    assert!(!enrollment.is_skippable());
    let error = enrollment.skip().await.unwrap_err();
    assert!(error.has_code("session.mfa.mfa_policy_not_user_controlled"), "{error}");

    let app = enrollment.set_up_totp().await.unwrap();
    let secret = app.secret().unwrap().to_owned();
    assert!(app.qr_code().unwrap().starts_with("data:image/png;base64,"));
    let error = app.verify("000000x").await.unwrap_err();
    assert!(error.is_wrong_code(), "{error}");
    let step = app.verify(tenant.mock.totp_code(&secret)).await.unwrap();
    let mut codes = next!(submitted(step).await, CreateBackupCodes).generate().await.unwrap();
    let kept = codes.take();
    assert_eq!(kept.len(), 10);
    let shown = format!("{app:?} {codes:?}");
    assert!(!shown.contains(&secret) && !shown.contains(&kept[0]), "{shown}");
    assert_eq!(user_id(&signed_in(codes.bind().await.unwrap()).await), alice);

    let challenge = next!(asked(&tenant).await, VerifyMfa);
    let both = [models::MfaFactor::Totp, models::MfaFactor::BackupCode];
    assert_eq!(challenge.available_factors(), both);
    let error = challenge.verify_totp("000000x").await.unwrap_err();
    assert!(error.is_wrong_code(), "{error}");
    signed_in(challenge.verify_totp(tenant.mock.totp_code(&secret)).await.unwrap()).await;

    let challenge = next!(asked(&tenant).await, VerifyMfa);
    signed_in(challenge.verify_backup_code(&kept[0]).await.unwrap()).await;
    let challenge = next!(asked(&tenant).await, VerifyMfa);
    let error = challenge.verify_backup_code(&kept[0]).await.unwrap_err();
    assert!(error.is_wrong_code(), "{error}");
    assert!(!format!("{error} {error:?}").contains(&kept[0]));
    signed_in(challenge.verify_backup_code(&kept[1]).await.unwrap()).await;
}

#[tokio::test]
async fn codes_are_sent_to_the_users_own_addresses() {
    let tenant =
        tenant(MfaPolicy::Mandatory, &[EmailVerificationCode, PhoneVerificationCode]).await;
    let alice = tenant.add_alice();
    for (factor, channel, address, masked) in [
        (
            models::MfaFactor::EmailVerificationCode,
            Channel::Email,
            "alice@acme.com",
            "alic****@acme.com",
        ),
        (models::MfaFactor::PhoneVerificationCode, Channel::Phone, "14155550123", "****0123"),
    ] {
        let challenge = next!(asked(&tenant).await, VerifyMfa);
        assert!(challenge.available_factors().contains(&factor));
        assert_eq!(challenge.masked(&factor), Some(masked));
        let sent = challenge.send_code(channel).await.unwrap();
        let error = sent.verify("wrong").await.unwrap_err();
        assert!(error.is_wrong_code(), "{error}");
        tenant.mock.expire_codes();
        let error = sent.verify(tenant.code(address)).await.unwrap_err();
        assert!(error.is_expired_code(), "{error}");

        let sent = sent.resend().await.unwrap();
        let step = sent.verify(tenant.code(address)).await.unwrap();
        assert_eq!(user_id(&signed_in(step).await), alice);
    }
}

#[tokio::test]
async fn addresses_become_factors() {
    for (factor, address, channel) in [
        (EmailVerificationCode, Identifier::email("bob@acme.com"), Channel::Email),
        (PhoneVerificationCode, Identifier::phone("14155550199"), Channel::Phone),
    ] {
        let tenant = tenant(MfaPolicy::Mandatory, &[factor]).await;
        tenant.mock.add_user("alice", PASSWORD);
        let enrollment = next!(asked(&tenant).await, BindMfa);
        let sent = enrollment.set_up_code(address.clone()).await.unwrap();
        let error = sent.verify("wrong").await.unwrap_err();
        assert!(error.is_wrong_code(), "{error}");
        signed_in(sent.verify(tenant.code(address.value())).await.unwrap()).await;

        let challenge = next!(asked(&tenant).await, VerifyMfa);
        let sent = challenge.send_code(channel).await.unwrap();
        signed_in(sent.verify(tenant.code(address.value())).await.unwrap()).await;
    }
}

#[tokio::test]
async fn are_asked_for_if_the_user_has_them() {
    let tenant = tenant(MfaPolicy::NoPrompt, &[Totp]).await;
    let alice = tenant.add_alice();
    assert!(matches!(asked(&tenant).await, NextStep::Completed(_)));

    let secret = tenant.mock.add_totp(&alice);
    let challenge = next!(asked(&tenant).await, VerifyMfa);
    assert_eq!(challenge.available_factors(), [models::MfaFactor::Totp]);
    let error = challenge.start_web_authn().await.unwrap_err();
    assert!(error.has_code("session.mfa.webauthn_verification_not_found"), "{error}");
    let step = challenge.verify_totp(tenant.mock.totp_code(&secret)).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), alice);
}

#[tokio::test]
async fn can_be_switched_on_by_the_user() {
    let tenant = tenant(MfaPolicy::PromptAtSignInAndSignUp, &[Totp]).await;
    let alice = tenant.add_alice();
    let step = next!(asked(&tenant).await, EnableMfa).enable().await.unwrap();
    let enrollment = next!(submitted(step).await, BindMfa);
    assert!(enrollment.is_skippable());
    let app = enrollment.set_up_totp().await.unwrap();
    let code = tenant.mock.totp_code(app.secret().unwrap());
    assert_eq!(user_id(&signed_in(app.verify(code).await.unwrap()).await), alice);
    next!(asked(&tenant).await, VerifyMfa);
}

/// The user knows before they are asked.
#[tokio::test]
async fn can_be_switched_on_before_anybody_asks() {
    let tenant = tenant(MfaPolicy::PromptAtSignInAndSignUp, &[Totp]).await;
    tenant.add_alice();
    let step = tenant.sign_in().await.password(Identifier::username("alice"), PASSWORD).await;
    let mfa = next!(step.unwrap(), Submit).mfa();
    mfa.enable().await.unwrap();
    let app = mfa.set_up_totp().await.unwrap();
    let code = tenant.mock.totp_code(app.secret().unwrap());
    signed_in(app.verify(code).await.unwrap()).await;
    next!(asked(&tenant).await, VerifyMfa);
}

#[tokio::test]
async fn can_be_done_without_for_good() {
    let tenant = tenant(MfaPolicy::PromptAtSignInAndSignUp, &[Totp, WebAuthn]).await;
    tenant.add_alice();
    signed_in(next!(asked(&tenant).await, EnableMfa).skip().await.unwrap()).await;
    assert!(matches!(asked(&tenant).await, NextStep::Completed(_)), "nobody asks again");
}

#[tokio::test]
async fn can_be_done_without_when_it_comes_to_setting_them_up() {
    let tenant = tenant(MfaPolicy::PromptOnlyAtSignIn, &[Totp, WebAuthn]).await;
    tenant.add_alice();
    let step = next!(asked(&tenant).await, EnableMfa).enable().await.unwrap();
    let enrollment = next!(submitted(step).await, BindMfa);
    let factors = [models::MfaFactor::WebAuthn, models::MfaFactor::Totp];
    assert_eq!(enrollment.available_factors(), factors);
    signed_in(enrollment.skip().await.unwrap()).await;
}

/// Someone who registers with an e-mail address, which is a factor as well, but a weak one.
async fn offered_another(tenant: &Tenant, address: &Identifier) -> MfaEnrollment {
    tenant.mock.set_sign_up(&[SignUpField::Email]);
    let sent = tenant.register().await.send_code(address.clone()).await.unwrap();
    let step = sent.verify(tenant.code(address.value())).await.unwrap();
    next!(submitted(step).await, SuggestMfa)
}

#[tokio::test]
async fn are_suggested_besides_a_weak_one() {
    let tenant = tenant(MfaPolicy::Mandatory, &[EmailVerificationCode, Totp]).await;
    let bob = Identifier::email("bobby@acme.com");
    let suggestion = offered_another(&tenant, &bob).await;
    assert!(suggestion.is_skippable());
    let factor = models::MfaFactor::EmailVerificationCode;
    assert_eq!(suggestion.masked(&factor), Some("bobb****@acme.com"));
    signed_in(suggestion.skip().await.unwrap()).await;

    let carol = Identifier::email("carol@acme.com");
    let app = offered_another(&tenant, &carol).await.set_up_totp().await.unwrap();
    let secret = app.secret().unwrap().to_owned();
    let tokens = signed_in(app.verify(tenant.mock.totp_code(&secret)).await.unwrap()).await;

    let sent = tenant.sign_in().await.send_code(carol.clone()).await.unwrap();
    let step = sent.verify(tenant.code(carol.value())).await.unwrap();
    let challenge = next!(submitted(step).await, VerifyMfa);
    let step = challenge.verify_totp(tenant.mock.totp_code(&secret)).await.unwrap();
    assert_eq!(user_id(&signed_in(step).await), user_id(&tokens));
}

#[tokio::test]
async fn are_never_backup_codes_alone() {
    let tenant = tenant(MfaPolicy::PromptAtSignInAndSignUp, &[Totp, BackupCode]).await;
    tenant.add_alice();
    let step = next!(asked(&tenant).await, EnableMfa).enable().await.unwrap();
    let codes = next!(step, Submit).mfa().create_backup_codes().await.unwrap();
    let error = codes.bind().await.unwrap_err();
    assert!(error.has_code("session.mfa.backup_code_can_not_be_alone"), "{error}");
}

#[tokio::test]
async fn are_asked_for_before_the_account_can_be_changed() {
    let tenant = tenant(MfaPolicy::Mandatory, &[Totp]).await;
    let alice = tenant.mock.add_user("alice", PASSWORD);
    let secret = tenant.mock.add_totp(&alice);
    let step = tenant.sign_in().await.password(Identifier::username("alice"), PASSWORD).await;
    let user = next!(step.unwrap(), Submit);
    let step = user.profile().extra([("name", "Mallory")]).await.unwrap();
    let challenge = next!(step, VerifyMfa);
    let step = challenge.verify_totp(tenant.mock.totp_code(&secret)).await.unwrap();
    let user = next!(step, Submit);
    let tokens = signed_in(user.profile().extra([("name", "Alice")]).await.unwrap()).await;
    assert_eq!(tokens.user_info().await.unwrap().name.as_deref(), Some("Alice"));
}
