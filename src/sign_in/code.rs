//! Verification codes sent to an address.

use std::fmt;

use super::{Channel, Identifier, NextStep, next_step::Step};
use crate::{
    Result,
    models::{AddUserProfile, AddUserProfileEmail, AddUserProfilePhone, MfaFactor},
    setters::IntoText,
};

/// What a verified code is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To identify the user.
    Identify,
    /// To add the address to the account.
    Profile,
    /// To make the address a second factor.
    Factor,
}

/// A verification code that was sent to an e-mail address or a phone number.
#[derive(Clone)]
#[must_use = "the code has to be verified"]
pub struct CodeSent {
    step: Step,
    to: Identifier,
    verification_id: String,
    purpose: Purpose,
}

impl CodeSent {
    pub(super) async fn send(step: Step, to: Identifier, purpose: Purpose) -> Result<Self> {
        let call = step.experience().send_code(to.address()?, step.event.clone());
        let verification_id = call.send().await?.verification_id;
        Ok(Self::of(step, to, verification_id, purpose))
    }

    pub(super) fn of(
        step: Step,
        to: Identifier,
        verification_id: String,
        purpose: Purpose,
    ) -> Self {
        Self { step, to, verification_id, purpose }
    }

    /// The address that it was sent to.
    pub fn to(&self) -> &Identifier {
        &self.to
    }

    /// The id of the verification record, to continue in another request.
    pub fn verification_id(&self) -> &str {
        &self.verification_id
    }

    /// Verifies the code that the user has entered. Depending on what it was sent for, this
    /// identifies the user, adds the address to the account, or makes it a second factor.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code) and
    /// [`is_expired_code`](crate::Error::is_expired_code); let the user try again, or [resend](Self::resend)
    /// the code.
    pub async fn verify(&self, code: impl IntoText) -> Result<NextStep> {
        let experience = self.step.experience();
        let call = experience.verify_code(self.to.address()?, &self.verification_id, code);
        let id = call.send().await?.verification_id;
        match self.purpose {
            Purpose::Identify => self.step.identify(Some(id)).await,
            Purpose::Profile => {
                let part = match self.to {
                    Identifier::Phone(_) => AddUserProfile::Phone(AddUserProfilePhone::new(&id)),
                    _ => AddUserProfile::Email(AddUserProfileEmail::new(&id)),
                };
                super::profile::add(&self.step, part, Some(id)).await
            }
            Purpose::Factor => {
                let factor = match self.to {
                    Identifier::Phone(_) => MfaFactor::PhoneVerificationCode,
                    _ => MfaFactor::EmailVerificationCode,
                };
                self.step.changed(experience.bind_mfa_verification(factor, id).send().await)
            }
        }
    }

    /// Sends another code, which replaces this one.
    ///
    /// # Errors
    ///
    /// The same as [`SignInFlow::send_code`](super::SignInFlow::send_code).
    pub async fn resend(&self) -> Result<Self> {
        Self::send(self.step.clone(), self.to.clone(), self.purpose).await
    }
}

impl fmt::Debug for CodeSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeSent")
            .field("to", &self.to)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// A verification code that was sent to the user's own address, as a second factor.
#[derive(Clone)]
#[must_use = "the code has to be verified"]
pub struct MfaCodeSent {
    step: Step,
    channel: Channel,
    verification_id: String,
}

impl MfaCodeSent {
    pub(super) async fn send(step: Step, channel: Channel) -> Result<Self> {
        let verification_id =
            step.experience().send_mfa_code(channel).send().await?.verification_id;
        Ok(Self::of(step, channel, verification_id))
    }

    pub(super) fn of(step: Step, channel: Channel, verification_id: String) -> Self {
        Self { step, channel, verification_id }
    }

    /// The id of the verification record, to continue in another request.
    pub fn verification_id(&self) -> &str {
        &self.verification_id
    }

    /// Verifies the code that the user has entered.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code) and
    /// [`is_expired_code`](crate::Error::is_expired_code).
    pub async fn verify(&self, code: impl IntoText) -> Result<NextStep> {
        let experience = self.step.experience();
        experience.verify_mfa_code(&self.verification_id, code, self.channel).send().await?;
        Ok(self.step.identified())
    }

    /// Sends another code, which replaces this one.
    ///
    /// # Errors
    ///
    /// The same as [`MfaChallenge::send_code`](super::MfaChallenge::send_code).
    pub async fn resend(&self) -> Result<Self> {
        Self::send(self.step.clone(), self.channel).await
    }
}

impl fmt::Debug for MfaCodeSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MfaCodeSent").field("channel", &self.channel).finish_non_exhaustive()
    }
}
