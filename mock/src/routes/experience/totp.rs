//! Authenticator apps.

use axum::{Router, routing::post};
use serde_json::json;

use super::{Answer, Flow, Proof, Step, verification};
use crate::{
    rules::{errors::Failure, totp},
    state::{Store, collection::text},
};

/// A picture of one point: nothing is drawn here.
pub(crate) const QR_CODE: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/experience/verification/totp/secret", post(create))
        .route("/api/experience/verification/totp/verify", post(verify))
}

async fn create(step: Step) -> Answer {
    step.take(|flow, _| {
        let user_id = flow.user_id()?;
        let secret = flow.state.ids.totp_secret();
        let shown = json!({ "secret": secret, "secretQrCode": QR_CODE });
        flow.begin(Proof::Totp { user_id, new: Some(secret) }, shown)
    })
}

async fn verify(step: Step) -> Answer {
    step.take(|flow, members| {
        let code = text(members, "code").unwrap_or_default();
        match text(members, "verificationId") {
            Some(id) => verify_new(flow, id, code),
            None => verify_own(flow, code),
        }
    })
}

fn verify_new(flow: &mut Flow<'_>, id: &str, code: &str) -> Answer {
    flow.user_id()?;
    let record = flow.record_of("Totp", id)?;
    match &record.proof {
        Proof::Totp { new: Some(secret), .. } if totp::is_right(secret, code) => {
            record.verified = true;
            Ok(verification(id))
        }
        Proof::Totp { new: Some(_), .. } => Err(wrong()),
        _ => Err(Failure::new(400, "session.mfa.pending_info_not_found")),
    }
}

fn verify_own(flow: &mut Flow<'_>, code: &str) -> Answer {
    let user_id = flow.user_id()?;
    let user = flow.state.users.find_mut(&user_id);
    if !user.is_some_and(|user| user.mfa.use_totp(code)) {
        return Err(wrong());
    }
    Ok(verification(&flow.keep(true, Proof::Totp { user_id, new: None })))
}

fn wrong() -> Failure {
    Failure::new(400, "session.mfa.invalid_totp_code")
}
