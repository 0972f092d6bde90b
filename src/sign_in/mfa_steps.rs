//! What Logto wants of a user's second factors.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    Channel, CodeSent, Identifier, Mfa, MfaCodeSent, NextStep, TotpSetup, WebAuthnChallenge,
    WebAuthnSetup, next_step::Step,
};
use crate::{Result, models::MfaFactor, setters::IntoText};

/// A user who has a second factor, which is to be verified: any of
/// [`available_factors`](Self::available_factors).
#[derive(Clone)]
pub struct MfaChallenge {
    pub(super) step: Step,
}

impl MfaChallenge {
    /// Whether Logto asks before it takes a change, such as a further factor, in place of the
    /// change. Nothing of it was kept: make it again once a factor is verified.
    pub fn interrupts_change(&self) -> bool {
        self.step.interrupted
    }

    /// The factors that the user has.
    pub fn available_factors(&self) -> Vec<MfaFactor> {
        self.step.strings("availableFactors")
    }

    /// As much of the user's own e-mail address or phone number as may be shown.
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

    /// Verifies one of the user's backup codes, which is used up by it.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code).
    pub async fn verify_backup_code(&self, code: impl IntoText) -> Result<NextStep> {
        self.mfa().verify_backup_code(code).await
    }

    /// Starts with one of the user's passkeys or security keys.
    ///
    /// # Errors
    ///
    /// When the user has none (`session.mfa.webauthn_verification_not_found`).
    pub async fn start_web_authn(&self) -> Result<WebAuthnChallenge> {
        self.mfa().start_web_authn().await
    }

    /// Sends a code to the user's own e-mail address or phone number.
    ///
    /// # Errors
    ///
    /// When that is no factor of theirs (`session.mfa.mfa_factor_not_enabled`).
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

/// A user who is to set up a second factor, or might: any of
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

    /// As much of the user's own e-mail address or phone number as may be shown.
    pub fn masked(&self, factor: &MfaFactor) -> Option<&str> {
        masked(&self.step, factor)
    }

    /// Whether the user may do without.
    pub fn is_skippable(&self) -> bool {
        self.step.flag("skippable")
    }

    /// Starts to set up an authenticator app.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn set_up_totp(&self) -> Result<TotpSetup> {
        self.mfa().set_up_totp().await
    }

    /// Starts to set up a passkey or a security key.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn set_up_web_authn(&self) -> Result<WebAuthnSetup> {
        self.mfa().set_up_web_authn().await
    }

    /// Sends a code to an e-mail address or a phone number that is to be a factor.
    ///
    /// # Errors
    ///
    /// A username is refused before anything is sent.
    pub async fn set_up_code(&self, to: Identifier) -> Result<CodeSent> {
        self.mfa().set_up_code(to).await
    }

    /// Does without, if that is allowed. A suggestion is skipped for this session, a demand for
    /// good.
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

    /// All that can be done about factors.
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

/// A user who might have MFA switched on, or not.
#[derive(Clone)]
pub struct MfaPrompt {
    pub(super) step: Step,
}

impl MfaPrompt {
    /// Switches it on. What is to be set up for it, submitting tells.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn enable(&self) -> Result<NextStep> {
        Mfa::new(self.step.clone()).enable().await
    }

    /// Does without, now and later.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn skip(&self) -> Result<NextStep> {
        Mfa::new(self.step.clone()).skip().await
    }
}

fn masked<'a>(step: &'a Step, factor: &MfaFactor) -> Option<&'a str> {
    let identifiers: &Map<String, Value> = step.data("maskedIdentifiers")?.as_object()?;
    identifiers.get(factor.as_str())?.as_str()
}

plain_debug!(MfaPrompt);
