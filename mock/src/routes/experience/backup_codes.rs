//! Codes that users keep for when no other factor is at hand.

use axum::{Router, routing::post};
use serde_json::json;

use super::{Answer, Proof, Step, verification};
use crate::{
    routes::reply,
    rules::errors::Failure,
    state::{Store, collection::text},
};

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/experience/verification/backup-code/generate", post(generate))
        .route("/api/experience/verification/backup-code/verify", post(verify))
}

async fn generate(step: Step) -> Answer {
    step.take(|flow, _| {
        let user_id = flow.user_id()?;
        let codes = flow.state.ids.backup_codes();
        let id = flow.keep(true, Proof::BackupCode { user_id, new: codes.clone(), used: None });
        Ok(reply::ok(&json!({ "verificationId": id, "codes": codes })))
    })
}

async fn verify(step: Step) -> Answer {
    step.take(|flow, members| {
        let user_id = flow.user_id()?;
        let code = text(members, "code").unwrap_or_default();
        let user = flow.state.users.find_mut(&user_id);
        if !user.is_some_and(|user| user.mfa.use_backup_code(code)) {
            return Err(Failure::new(400, "session.mfa.invalid_backup_code"));
        }
        let used = Some(code.to_owned());
        Ok(verification(&flow.keep(true, Proof::BackupCode { user_id, new: Vec::new(), used })))
    })
}
