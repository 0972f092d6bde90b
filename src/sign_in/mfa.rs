//! All that can be done about second factors.

use super::{
    BackupCodes, Channel, CodeSent, Identifier, MfaCodeSent, NextStep, TotpSetup,
    WebAuthnChallenge, WebAuthnSetup, code::Purpose, next_step::Step, web_authn_setup::Use,
};
use crate::{Result, models::MfaFactor, setters::IntoText};

/// All that can be done about the second factors of a user whom Logto knows.
#[derive(Clone)]
pub struct Mfa {
    step: Step,
}

impl Mfa {
    pub(super) fn new(step: Step) -> Self {
        Self { step }
    }

    /// Verifies a code of the user's authenticator app.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code).
    pub async fn verify_totp(&self, code: impl IntoText) -> Result<NextStep> {
        self.step.experience().verify_totp(code).send().await?;
        Ok(self.step.identified())
    }

    /// Verifies one of the user's backup codes, which is used up by it.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code).
    pub async fn verify_backup_code(&self, code: impl IntoText) -> Result<NextStep> {
        self.step.experience().verify_backup_code(code).send().await?;
        Ok(self.step.identified())
    }

    /// Starts with one of the user's passkeys or security keys.
    ///
    /// # Errors
    ///
    /// When the user has none (`session.mfa.webauthn_verification_not_found`).
    pub async fn start_web_authn(&self) -> Result<WebAuthnChallenge> {
        WebAuthnChallenge::start(self.step.clone()).await
    }

    /// A credential that an earlier request has asked the browser for.
    pub fn web_authn_challenge(&self, verification_id: impl IntoText) -> WebAuthnChallenge {
        WebAuthnChallenge::of(self.step.clone(), verification_id.into_text())
    }

    /// Sends a code to the user's own e-mail address or phone number.
    ///
    /// # Errors
    ///
    /// When that is no factor of theirs (`session.mfa.mfa_factor_not_enabled`).
    pub async fn send_code(&self, channel: Channel) -> Result<MfaCodeSent> {
        MfaCodeSent::send(self.step.clone(), channel).await
    }

    /// A code that was sent in an earlier request of the browser's.
    pub fn code_sent(&self, channel: Channel, verification_id: impl IntoText) -> MfaCodeSent {
        MfaCodeSent::of(self.step.clone(), channel, verification_id.into_text())
    }

    /// Starts to set up an authenticator app.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn set_up_totp(&self) -> Result<TotpSetup> {
        TotpSetup::start(self.step.clone()).await
    }

    /// An authenticator app whose secret an earlier request has shown.
    pub fn totp_setup(&self, verification_id: impl IntoText) -> TotpSetup {
        TotpSetup::of(self.step.clone(), verification_id.into_text())
    }

    /// Starts to set up a passkey or a security key, as a second factor.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn set_up_web_authn(&self) -> Result<WebAuthnSetup> {
        WebAuthnSetup::start(self.step.clone(), Use::SecondFactor).await
    }

    /// A passkey or a security key that an earlier request has asked the browser for.
    pub fn web_authn_setup(&self, verification_id: impl IntoText) -> WebAuthnSetup {
        WebAuthnSetup::of(self.step.clone(), Use::SecondFactor, verification_id.into_text())
    }

    /// Starts to make a passkey, to sign in with.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn set_up_passkey(&self) -> Result<WebAuthnSetup> {
        WebAuthnSetup::start(self.step.clone(), Use::Passkey).await
    }

    /// A passkey that an earlier request has asked the browser for.
    pub fn passkey_setup(&self, verification_id: impl IntoText) -> WebAuthnSetup {
        WebAuthnSetup::of(self.step.clone(), Use::Passkey, verification_id.into_text())
    }

    /// Sends a code to an e-mail address or a phone number that is to be a factor.
    ///
    /// # Errors
    ///
    /// A username is refused before anything is sent.
    pub async fn set_up_code(&self, to: Identifier) -> Result<CodeSent> {
        CodeSent::send(self.step.clone(), to, Purpose::Factor).await
    }

    /// A code of [`set_up_code`](Self::set_up_code) that an earlier request has sent.
    pub fn code_setup(&self, to: Identifier, verification_id: impl IntoText) -> CodeSent {
        CodeSent::of(self.step.clone(), to, verification_id.into_text(), Purpose::Factor)
    }

    /// Makes backup codes, which have to be [bound](BackupCodes::bind) before they are worth
    /// anything.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn create_backup_codes(&self) -> Result<BackupCodes> {
        BackupCodes::generate(self.step.clone()).await
    }

    /// Binds a factor by its verified record, which other means have made.
    ///
    /// # Errors
    ///
    /// When there is no such record, and when it does not fit.
    pub async fn bind(
        &self,
        factor: impl Into<MfaFactor>,
        verification_id: impl IntoText,
    ) -> Result<NextStep> {
        self.step.changed(
            self.step.experience().bind_mfa_verification(factor, verification_id).send().await,
        )
    }

    /// Switches MFA on for the user, where that is their choice.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub async fn enable(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().mark_mfa_enabled().send().await)
    }

    /// Does without a second factor, now and later.
    ///
    /// # Errors
    ///
    /// `session.mfa.mfa_policy_not_user_controlled`: the tenant does not allow it.
    pub async fn skip(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().skip_mfa_binding().send().await)
    }

    /// Does without the further factor that Logto has suggested, in this session.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn skip_suggestion(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().skip_mfa_suggestion().send().await)
    }

    /// Does without a passkey, now and later.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn skip_passkey(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().skip_passkey_binding().send().await)
    }
}

plain_debug!(Mfa);
