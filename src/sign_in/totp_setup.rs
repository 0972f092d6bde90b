//! Setting up an authenticator app.

use super::{NextStep, next_step::Step};
use crate::{
    Result,
    models::{MfaFactor, TotpEnrollment},
    setters::IntoText,
};

/// An authenticator app that is being set up: show the secret or the QR code to the user, and
/// verify the first code of the app.
#[derive(Clone)]
#[must_use = "the app's first code has to be verified"]
pub struct TotpSetup {
    step: Step,
    shown: Option<TotpEnrollment>,
    verification_id: String,
}

impl TotpSetup {
    pub(super) async fn start(step: Step) -> Result<Self> {
        let shown = step.experience().create_totp_secret().send().await?;
        let verification_id = shown.verification_id.clone();
        Ok(Self { step, shown: Some(shown), verification_id })
    }

    pub(super) fn of(step: Step, verification_id: String) -> Self {
        Self { step, shown: None, verification_id }
    }

    /// The secret in Base32, for apps without a camera. `None` if an earlier request had it.
    pub fn secret(&self) -> Option<&str> {
        self.shown.as_ref().map(|shown| shown.secret.as_str())
    }

    /// The secret as a QR code: the `data:` URI of an image. `None` if an earlier request had it.
    pub fn qr_code(&self) -> Option<&str> {
        self.shown.as_ref().map(|shown| shown.secret_qr_code.as_str())
    }

    /// The id of the verification record, to continue in another request.
    pub fn verification_id(&self) -> &str {
        &self.verification_id
    }

    /// Verifies the app's first code, and binds the app to the account.
    ///
    /// # Errors
    ///
    /// [`is_wrong_code`](crate::Error::is_wrong_code); try again with the same secret.
    pub async fn verify(&self, code: impl IntoText) -> Result<NextStep> {
        let experience = self.step.experience();
        let call = experience.verify_totp(code).verification_id(&self.verification_id);
        let id = call.send().await?.verification_id;
        self.step.changed(experience.bind_mfa_verification(MfaFactor::Totp, id).send().await)
    }
}

plain_debug!(TotpSetup);
