//! Accounts at social networks.

use axum::{Router, extract::Path, routing::post};
use serde_json::json;

use super::{Answer, Proof, Step, verification};
use crate::{
    routes::cookies,
    rules::{
        connectors::{self},
        errors::Failure,
    },
    state::{Store, collection::text},
};

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/verification/social/{connector_id}";
    Router::new()
        .route(&format!("{path}/authorization-uri"), post(begin))
        .route(&format!("{path}/verify"), post(verify))
}

async fn begin(Path(connector_id): Path<String>, step: Step) -> Answer {
    step.take(|flow, members| {
        flow.state.connectors.check_social(&connector_id)?;
        let uri = connectors::social_uri(members);
        let proof = Proof::Social { connector_id, user: None };
        flow.begin(proof, json!({ "authorizationUri": uri }))
    })
}

async fn verify(Path(connector_id): Path<String>, step: Step) -> Answer {
    step.take(|flow, members| {
        if !flow.state.connectors.has_social(&connector_id) {
            return Err(Failure::new(422, "session.invalid_connector_id"));
        }
        let Some(id) = text(members, "verificationId") else {
            // A page that signs in without leaving has asked for no URI.
            let user = Some(connectors::user_info(members)?);
            flow.experience.is_vouched_for = true;
            return Ok(verification(&flow.keep(true, Proof::Social { connector_id, user })));
        };
        let record = flow.record_of("Social", id)?;
        match &mut record.proof {
            Proof::Social { connector_id: own, user } if *own == connector_id => {
                *user = Some(connectors::user_info(members)?);
            }
            _ => return Err(Failure::new(404, "session.verification_session_not_found")),
        }
        record.verified = true;
        flow.experience.is_vouched_for = true;
        let mut answer = verification(id);
        cookies::forget(answer.headers_mut(), "_logto_google_one_tap_credential");
        Ok(answer)
    })
}
