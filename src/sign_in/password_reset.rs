//! Resetting a password.

use super::{NextStep, next_step::Step};
use crate::{Result, setters::IntoText};

/// An identified user who has forgotten the password.
#[derive(Clone)]
pub struct PasswordReset {
    pub(super) step: Step,
}

impl PasswordReset {
    /// Sets the new password and returns [`NextStep::PasswordChanged`]. The user is not signed in
    /// by it.
    ///
    /// # Errors
    ///
    /// - [`is_password_rejected`](crate::Error::is_password_rejected): the password violates the
    ///   tenant's policy; [`data`](crate::Error::data) has the reasons.
    /// - `user.same_password`: it is the old password.
    pub async fn password(&self, password: impl IntoText) -> Result<NextStep> {
        self.step.experience().reset_password(password).send().await?;
        super::Identified { step: self.step.clone() }.submit().await
    }
}

plain_debug!(PasswordReset);
