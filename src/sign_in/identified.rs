//! An identified user.

use std::fmt;

use super::{Completed, Mfa, NextStep, Profile, next_step::Step};
use crate::{Result, experience::Experience, oidc::PendingAuthorization};

/// Logto has identified the user. [Submit](Self::submit) what has been verified next.
#[derive(Clone)]
pub struct Identified {
    pub(super) step: Step,
}

impl Identified {
    /// Submits what has been verified. Logto accepts it ([`NextStep::Completed`]) or asks for more.
    ///
    /// # Errors
    ///
    /// When the interaction has expired, when the account may not sign in, and when the collected
    /// profile data is not acceptable.
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

    /// The user's second factors: verify one, set one up, or skip it.
    ///
    /// If the user has a second factor, Logto requires it to be verified before any change. A
    /// change that returns [`NextStep::VerifyMfa`] has not been made.
    pub fn mfa(&self) -> Mfa {
        Mfa::new(self.step.clone())
    }

    /// Sets profile data of the account.
    ///
    /// If the user has a second factor, Logto requires it to be verified before any change. A
    /// change that returns [`NextStep::VerifyMfa`] has not been made.
    pub fn profile(&self) -> Profile {
        Profile::new(self.step.clone())
    }

    /// What to store until the browser's next request. It is a secret.
    pub fn pending(&self) -> Option<&PendingAuthorization> {
        self.step.interaction.pending()
    }

    /// All operations of the Experience API, with the cookies of this flow.
    pub fn experience(&self) -> Experience {
        self.step.experience()
    }
}

impl fmt::Debug for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identified").field("event", &self.step.event).finish_non_exhaustive()
    }
}
