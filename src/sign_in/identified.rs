//! A user whom Logto knows.

use std::fmt;

use super::{Completed, Mfa, NextStep, Profile, next_step::Step};
use crate::{Result, experience::Experience, oidc::PendingAuthorization};

/// Logto knows who the user is. What they have verified so far is [submitted](Self::submit) next.
#[derive(Clone)]
pub struct Identified {
    pub(super) step: Step,
}

impl Identified {
    /// Submits what has been verified. Logto is content ([`NextStep::Completed`]), or wants more.
    ///
    /// # Errors
    ///
    /// When the session has ended, when the account may not sign in, and when what was collected
    /// for it cannot be kept.
    pub async fn submit(&self) -> Result<NextStep> {
        match self.step.experience().submit().send().await {
            Ok(Some(to)) => {
                Ok(NextStep::Completed(Completed::new(&self.step.interaction, to.redirect_to)))
            }
            Ok(None) => Ok(NextStep::PasswordChanged),
            Err(error) => {
                NextStep::from_error(error, Step { identified: true, ..self.step.clone() })
            }
        }
    }

    /// The user's second factors: to verify one, to set one up, or not to.
    ///
    /// Where a user has one, Logto wants it verified before it changes anything: with
    /// [`NextStep::VerifyMfa`], nothing has been set up yet.
    pub fn mfa(&self) -> Mfa {
        Mfa::new(self.step.clone())
    }

    /// What the account is to have from now on.
    ///
    /// Where the user has a second factor, Logto wants it verified before it takes anything: with
    /// [`NextStep::VerifyMfa`], nothing has been kept yet.
    pub fn profile(&self) -> Profile {
        Profile::new(self.step.clone())
    }

    /// What to keep until the browser's next request. It is a secret.
    pub fn pending(&self) -> Option<&PendingAuthorization> {
        self.step.interaction.pending()
    }

    /// All operations of the Experience API, with the cookies of this session.
    pub fn experience(&self) -> Experience {
        self.step.experience()
    }
}

impl fmt::Debug for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identified").field("event", &self.step.event).finish_non_exhaustive()
    }
}
