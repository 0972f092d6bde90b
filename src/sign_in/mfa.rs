//! All operations on second factors.

use super::{
    BackupCodes, Channel, CodeSent, Identifier, MfaCodeSent, NextStep, TotpSetup,
    WebAuthnChallenge, WebAuthnSetup, code::Purpose, next_step::Step, web_authn_setup::Use,
};
use crate::{Result, models::MfaFactor, setters::IntoText};

/// All operations on the second factors of an identified user.
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

    /// Verifies one of the user's backup codes, which is consumed by it.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code).
    pub async fn verify_backup_code(&self, code: impl IntoText) -> Result<NextStep> {
        self.step.experience().verify_backup_code(code).send().await?;
        Ok(self.step.identified())
    }

    /// Starts the verification of one of the user's passkeys or security keys.
    ///
    /// # Errors
    ///
    /// When the user has none (`session.mfa.webauthn_verification_not_found`).
    pub async fn start_web_authn(&self) -> Result<WebAuthnChallenge> {
        WebAuthnChallenge::start(self.step.clone()).await
    }

    /// Continues with a credential that an earlier request has asked the browser for.
    pub fn web_authn_challenge(&self, verification_id: impl IntoText) -> WebAuthnChallenge {
        WebAuthnChallenge::of(self.step.clone(), verification_id.into_text())
    }

    /// Sends a verification code to the user's own e-mail address or phone number.
    ///
    /// # Errors
    ///
    /// When the address is not a factor of the user (`session.mfa.mfa_factor_not_enabled`).
    pub async fn send_code(&self, channel: Channel) -> Result<MfaCodeSent> {
        MfaCodeSent::send(self.step.clone(), channel).await
    }

    /// Continues with a code that an earlier request of the browser has sent.
    pub fn code_sent(&self, channel: Channel, verification_id: impl IntoText) -> MfaCodeSent {
        MfaCodeSent::of(self.step.clone(), channel, verification_id.into_text())
    }

    /// Starts the setup of an authenticator app.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn set_up_totp(&self) -> Result<TotpSetup> {
        TotpSetup::start(self.step.clone()).await
    }

    /// Continues with an authenticator app whose secret an earlier request has shown.
    pub fn totp_setup(&self, verification_id: impl IntoText) -> TotpSetup {
        TotpSetup::of(self.step.clone(), verification_id.into_text())
    }

    /// Starts the setup of a passkey or security key as a second factor.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn set_up_web_authn(&self) -> Result<WebAuthnSetup> {
        WebAuthnSetup::start(self.step.clone(), Use::SecondFactor).await
    }

    /// Continues with a passkey or security key that an earlier request has asked the browser for.
    pub fn web_authn_setup(&self, verification_id: impl IntoText) -> WebAuthnSetup {
        WebAuthnSetup::of(self.step.clone(), Use::SecondFactor, verification_id.into_text())
    }

    /// Starts the setup of a passkey to sign in with.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn set_up_passkey(&self) -> Result<WebAuthnSetup> {
        WebAuthnSetup::start(self.step.clone(), Use::Passkey).await
    }

    /// Continues with a passkey that an earlier request has asked the browser for.
    pub fn passkey_setup(&self, verification_id: impl IntoText) -> WebAuthnSetup {
        WebAuthnSetup::of(self.step.clone(), Use::Passkey, verification_id.into_text())
    }

    /// Sends a verification code to an e-mail address or phone number, to set it up as a factor.
    ///
    /// # Errors
    ///
    /// A username is rejected before anything is sent.
    pub async fn set_up_code(&self, to: Identifier) -> Result<CodeSent> {
        CodeSent::send(self.step.clone(), to, Purpose::Factor).await
    }

    /// Continues with a code of [`set_up_code`](Self::set_up_code) that an earlier request has
    /// sent.
    pub fn code_setup(&self, to: Identifier, verification_id: impl IntoText) -> CodeSent {
        CodeSent::of(self.step.clone(), to, verification_id.into_text(), Purpose::Factor)
    }

    /// Generates backup codes, which work once they are [bound](BackupCodes::bind).
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn create_backup_codes(&self) -> Result<BackupCodes> {
        BackupCodes::generate(self.step.clone()).await
    }

    /// Binds a factor by its verification record, which was verified by other means.
    ///
    /// # Errors
    ///
    /// When the record does not exist, or does not fit the factor.
    pub async fn bind(
        &self,
        factor: impl Into<MfaFactor>,
        verification_id: impl IntoText,
    ) -> Result<NextStep> {
        self.step.changed(
            self.step.experience().bind_mfa_verification(factor, verification_id).send().await,
        )
    }

    /// Enables MFA for the user, if the tenant leaves the choice to the user.
    ///
    /// # Errors
    ///
    /// When the tenant does not.
    pub async fn enable(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().mark_mfa_enabled().send().await)
    }

    /// Skips MFA, permanently.
    ///
    /// # Errors
    ///
    /// `session.mfa.mfa_policy_not_user_controlled`: the tenant does not allow it.
    pub async fn skip(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().skip_mfa_binding().send().await)
    }

    /// Skips the additional factor that Logto has suggested, for this flow.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn skip_suggestion(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().skip_mfa_suggestion().send().await)
    }

    /// Skips the passkey, permanently.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn skip_passkey(&self) -> Result<NextStep> {
        self.step.changed(self.step.experience().skip_passkey_binding().send().await)
    }
}

plain_debug!(Mfa);
