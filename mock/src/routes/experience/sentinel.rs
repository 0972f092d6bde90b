//! Attempts that are counted: which operations make one, and for whom.

use serde_json::{Value, json};

use super::{Answer, Experience, Flow, Proof};
use crate::{
    rules::{releases::knows, sentinel},
    state::attempts::Pool,
};

/// Operations whose attempts are counted, by the end of their paths.
const COUNTED: [(&str, Pool); 7] = [
    ("/verification/password", Pool::FirstFactor),
    ("/verification-code/verify", Pool::FirstFactor),
    ("/mfa-verification-code/verify", Pool::FirstFactor),
    ("/one-time-token/verify", Pool::FirstFactor),
    ("/totp/verify", Pool::Totp),
    ("/web-authn/authentication/verify", Pool::WebAuthn),
    ("/backup-code/verify", Pool::BackupCode),
];

/// Refusals that come before an attempt is one.
const NO_ATTEMPTS: [&str; 4] = [
    "session.identifier_not_found",
    "session.identity_conflict",
    "session.mfa.pending_info_not_found",
    "session.verification_session_not_found",
];

/// Counts an attempt. Where there were too many, nothing comes of it.
pub(super) fn judge(
    flow: &mut Flow<'_>,
    path: &str,
    before: &Experience,
    answer: Answer,
) -> Answer {
    let Some((pool, identifier)) = attempt(flow, path) else { return answer };
    if let Err(failure) = &answer
        && NO_ATTEMPTS.iter().any(|code| failure.body["code"] == *code)
    {
        return answer;
    }
    let target = identifier["value"].as_str().unwrap_or_default();
    if let Err(blocked) = sentinel::report(flow.state, target, pool, answer.is_err()) {
        flow.experience = before.clone();
        return Err(blocked);
    }
    answer
}

/// What is tried, and for which identifier.
pub(super) fn attempt(flow: &Flow<'_>, path: &str) -> Option<(Pool, Value)> {
    let (_, pool) = *COUNTED.iter().find(|(end, _)| path.ends_with(end))?;
    let body = &flow.body.value;
    if pool == Pool::FirstFactor {
        return Some((pool, body.get("identifier").cloned().or_else(|| factor(flow))?));
    }
    // A secret that the user has just got is none of the user's own.
    let is_new = pool == Pool::Totp && body["verificationId"].is_string();
    if is_new || !knows(flow.state, "1.38") {
        return None;
    }
    let user_id = flow.experience.user_id.as_deref()?;
    Some((pool, json!({ "type": "userId", "value": user_id })))
}

/// The address of a user to which a code was sent as a second factor.
fn factor(flow: &Flow<'_>) -> Option<Value> {
    let id = flow.body.value["verificationId"].as_str()?;
    let record = flow.experience.records.iter().find(|record| record.id == id)?;
    match &record.proof {
        Proof::MfaCode { identifier } => Some(identifier.clone()),
        _ => None,
    }
}
