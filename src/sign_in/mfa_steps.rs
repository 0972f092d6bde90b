//! Steps about second factors.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    Channel, CodeSent, Identifier, Mfa, MfaCodeSent, NextStep, TotpSetup, WebAuthnChallenge,
    WebAuthnSetup, next_step::Step,
};
use crate::{Result, models::MfaFactor, setters::IntoText};

/// The user has to verify a second factor: any of [`available_factors`](Self::available_factors).
#[derive(Clone)]
pub struct MfaChallenge {
    pub(super) step: Step,
}

impl MfaChallenge {
    /// Whether Logto asks for the verification before a change, such as an additional factor. The
    /// change has not been made: retry it once a factor is verified.
    pub fn interrupts_change(&self) -> bool {
        self.step.interrupted
    }

    /// The factors that the user has.
    pub fn available_factors(&self) -> Vec<MfaFactor> {
        self.step.strings("availableFactors")
    }

    /// The user's own e-mail address or phone number, masked by Logto.
    pub fn masked(&self, factor: &MfaFactor) -> Option<&str> {
        masked(&self.step, factor)
    }

    /// Verifies a code of the user's authenticator app.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code).
    pub async fn verify_totp(&self, code: impl IntoText) -> Result<NextStep> {
        self.mfa().verify_totp(code).await
    }

    /// Verifies one of the user's backup codes, which is consumed by it.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code).
    pub async fn verify_backup_code(&self, code: impl IntoText) -> Result<NextStep> {
        self.mfa().verify_backup_code(code).await
    }

    /// Starts the verification of one of the user's passkeys or security keys.
    ///
    /// # Errors
    ///
    /// When the user has none (`session.mfa.webauthn_verification_not_found`).
    pub async fn start_web_authn(&self) -> Result<WebAuthnChallenge> {
        self.mfa().start_web_authn().await
    }

    /// Sends a verification code to the user's own e-mail address or phone number.
    ///
    /// # Errors
    ///
    /// When the address is not a factor of the user (`session.mfa.mfa_factor_not_enabled`).
    pub async fn send_code(&self, channel: Channel) -> Result<MfaCodeSent> {
        self.mfa().send_code(channel).await
    }

    fn mfa(&self) -> Mfa {
        Mfa::new(self.step.clone())
    }
}

impl fmt::Debug for MfaChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MfaChallenge")
            .field("available_factors", &self.available_factors())
            .finish_non_exhaustive()
    }
}

/// The user has to, or may, set up a second factor: any of
/// [`available_factors`](Self::available_factors).
#[derive(Clone)]
pub struct MfaEnrollment {
    pub(super) step: Step,
}

impl MfaEnrollment {
    /// The factors that the user can set up.
    pub fn available_factors(&self) -> Vec<MfaFactor> {
        self.step.strings("availableFactors")
    }

    /// The user's own e-mail address or phone number, masked by Logto.
    pub fn masked(&self, factor: &MfaFactor) -> Option<&str> {
        masked(&self.step, factor)
    }

    /// Whether the user may skip the setup.
    pub fn is_skippable(&self) -> bool {
        self.step.flag("skippable")
    }

    /// Starts the setup of an authenticator app.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn set_up_totp(&self) -> Result<TotpSetup> {
        self.mfa().set_up_totp().await
    }

    /// Starts the setup of a passkey or security key.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn set_up_web_authn(&self) -> Result<WebAuthnSetup> {
        self.mfa().set_up_web_authn().await
    }

    /// Sends a verification code to an e-mail address or phone number, to set it up as a factor.
    ///
    /// # Errors
    ///
    /// A username is rejected before anything is sent.
    pub async fn set_up_code(&self, to: Identifier) -> Result<CodeSent> {
        self.mfa().set_up_code(to).await
    }

    /// Skips the setup, if that is allowed. A suggestion is skipped for this flow, a requirement
    /// permanently.
    ///
    /// # Errors
    ///
    /// `session.mfa.mfa_policy_not_user_controlled`: the tenant does not allow it.
    pub async fn skip(&self) -> Result<NextStep> {
        match self.step.flag("suggestion") {
            true => self.mfa().skip_suggestion().await,
            false => self.mfa().skip().await,
        }
    }

    /// All operations on second factors.
    pub fn mfa(&self) -> Mfa {
        Mfa::new(self.step.clone())
    }
}

impl fmt::Debug for MfaEnrollment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MfaEnrollment")
            .field("available_factors", &self.available_factors())
            .field("skippable", &self.is_skippable())
            .finish_non_exhaustive()
    }
}

/// The user is asked whether to enable MFA.
#[derive(Clone)]
pub struct MfaPrompt {
    pub(super) step: Step,
}

impl MfaPrompt {
    /// Enables MFA. Submitting returns what has to be set up.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn enable(&self) -> Result<NextStep> {
        Mfa::new(self.step.clone()).enable().await
    }

    /// Skips MFA, permanently.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn skip(&self) -> Result<NextStep> {
        Mfa::new(self.step.clone()).skip().await
    }
}

fn masked<'a>(step: &'a Step, factor: &MfaFactor) -> Option<&'a str> {
    let identifiers: &Map<String, Value> = step.data("maskedIdentifiers")?.as_object()?;
    identifiers.get(factor.as_str())?.as_str()
}

plain_debug!(MfaPrompt);
