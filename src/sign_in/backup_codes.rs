//! Backup codes.

use std::fmt;

use super::{NextStep, next_step::Step};
use crate::{Result, models::MfaFactor, setters::IntoText};

/// A user who is to get backup codes, besides the factor that they have.
#[derive(Clone)]
pub struct BackupCodesStep {
    pub(super) step: Step,
}

impl BackupCodesStep {
    /// Makes them.
    ///
    /// # Errors
    ///
    /// When the session has ended.
    pub async fn generate(&self) -> Result<BackupCodes> {
        BackupCodes::generate(self.step.clone()).await
    }

    /// Binds codes that an earlier request has shown.
    ///
    /// # Errors
    ///
    /// When there is no such record.
    pub async fn bind(&self, verification_id: impl IntoText) -> Result<NextStep> {
        super::Mfa::new(self.step.clone()).bind(MfaFactor::BackupCode, verification_id).await
    }
}

/// New backup codes. They are shown to the user once, and worth something once they are bound.
#[must_use = "the codes have to be bound"]
pub struct BackupCodes {
    step: Step,
    codes: Vec<String>,
    verification_id: String,
}

impl BackupCodes {
    pub(super) async fn generate(step: Step) -> Result<Self> {
        let generated = step.experience().generate_backup_codes().send().await?;
        Ok(Self { step, codes: generated.codes, verification_id: generated.verification_id })
    }

    /// Hands the codes over, once: afterwards there are none here.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.codes)
    }

    /// The id of their record, to bind them in another request.
    pub fn verification_id(&self) -> &str {
        &self.verification_id
    }

    /// Binds the codes to the account. Do it when the user has kept them.
    ///
    /// # Errors
    ///
    /// When the user has no other factor (`session.mfa.backup_code_can_not_be_alone`).
    pub async fn bind(&self) -> Result<NextStep> {
        super::Mfa::new(self.step.clone()).bind(MfaFactor::BackupCode, &self.verification_id).await
    }
}

impl fmt::Debug for BackupCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupCodes").field("left", &self.codes.len()).finish_non_exhaustive()
    }
}

plain_debug!(BackupCodesStep);
