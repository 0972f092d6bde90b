//! The sign-in experience, which is only read: it is the tenant's.

use crate::harness::{Outcome, Run};

pub(crate) async fn scenario(run: Run) -> Outcome {
    let experience = run.logto.sign_in_experience().get().send().await?;
    assert_eq!(experience.id, "default");
    assert!(!experience.tenant_id.is_empty());
    assert!(!experience.color.primary_color.is_empty());
    assert!(!experience.language_info.fallback_language.to_string().is_empty());
    Ok(())
}
