//! Setting a new password.

use super::{NextStep, next_step::Step};
use crate::{Result, setters::IntoText};

/// A user who forgot their password, and has proved who they are.
#[derive(Clone)]
pub struct PasswordReset {
    pub(super) step: Step,
}

impl PasswordReset {
    /// Sets the new password: [`NextStep::PasswordChanged`]. The user is not signed in by it.
    ///
    /// # Errors
    ///
    /// - [`is_password_rejected`](crate::Error::is_password_rejected): it is against the tenant's
    ///   policy; [`data`](crate::Error::data) says why.
    /// - `user.same_password`: it is the old one.
    pub async fn password(&self, password: impl IntoText) -> Result<NextStep> {
        self.step.experience().reset_password(password).send().await?;
        super::Identified { step: self.step.clone() }.submit().await
    }
}

plain_debug!(PasswordReset);
