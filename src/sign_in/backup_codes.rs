//! Backup codes.

use std::fmt;

use super::{NextStep, next_step::Step};
use crate::{Result, models::MfaFactor, setters::IntoText};

/// The user needs backup codes in addition to their second factor.
#[derive(Clone)]
pub struct BackupCodesStep {
    pub(super) step: Step,
}

impl BackupCodesStep {
    /// Generates backup codes.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn generate(&self) -> Result<BackupCodes> {
        BackupCodes::generate(self.step.clone()).await
    }

    /// Binds codes that an earlier request has generated.
    ///
    /// # Errors
    ///
    /// When the record does not exist.
    pub async fn bind(&self, verification_id: impl IntoText) -> Result<NextStep> {
        super::Mfa::new(self.step.clone()).bind(MfaFactor::BackupCode, verification_id).await
    }
}

/// New backup codes. Show them to the user once, then [bind](Self::bind) them: unbound codes do not
/// work.
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

    /// Takes the codes. Afterwards none are left here.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.codes)
    }

    /// The id of the verification record, to bind the codes in another request.
    pub fn verification_id(&self) -> &str {
        &self.verification_id
    }

    /// Binds the codes to the account. Do so once the user has saved them.
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
