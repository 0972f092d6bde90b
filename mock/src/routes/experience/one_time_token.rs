//! Tokens that were sent to an e-mail address.

use axum::{Router, routing::post};
use serde_json::json;

use super::{Answer, Proof, Step, verification};
use crate::state::{Store, collection::text};

pub(super) fn routes() -> Router<Store> {
    Router::new().route("/api/experience/verification/one-time-token/verify", post(verify))
}

async fn verify(step: Step) -> Answer {
    step.take(|flow, members| {
        let identifier = members["identifier"].clone();
        let email = identifier["value"].as_str().unwrap_or_default();
        let token = text(members, "token").unwrap_or_default();
        let email = email.to_owned();
        let before = flow.experience.records.clone();
        let id = flow.keep(false, Proof::OneTimeToken { identifier, context: None });
        let own = crate::rules::behaviours::consume_one_time_token(flow.state, token, &email);
        // The log tells of a token that is refused; the interaction does not.
        let own = own.inspect_err(|_| flow.saved = Some(before))?;
        let record = flow.record_of("OneTimeToken", &id)?;
        if let Proof::OneTimeToken { context, .. } = &mut record.proof {
            *context = own.get("context").cloned().or_else(|| Some(json!({})));
        }
        record.verified = true;
        flow.experience.is_vouched_for = true;
        Ok(verification(&id))
    })
}
