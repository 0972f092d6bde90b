//! Accounts at the identity providers of enterprises, found by the e-mail address.

use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::{get, post},
};
use serde_json::json;

use super::{Answer, Proof, Step, verification};
use crate::{
    routes::{authorization::interaction_of, reply},
    rules::{connectors, contract::required, errors::Failure},
    state::{Store, collection::text, params::Params},
};

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/verification/sso/{connector_id}";
    Router::new()
        .route("/api/experience/sso-connectors", get(connectors_of))
        .route(&format!("{path}/authorization-uri"), post(begin))
        .route(&format!("{path}/verify"), post(verify))
}

/// Needs an interaction, but none that has been started.
async fn connectors_of(State(store): State<Store>, headers: HeaderMap, query: Params) -> Answer {
    let mut state = store.lock();
    interaction_of(&mut state, &headers)?;
    let found = state.connectors.sso_for(required(&query, "email")?);
    let ids: Vec<&str> = found.map(|connector| connector.id.as_str()).collect();
    Ok(reply::ok(&json!({ "connectorIds": ids })))
}

async fn begin(Path(connector_id): Path<String>, step: Step) -> Answer {
    step.take(|flow, members| {
        let connector = flow.state.connectors.sso(&connector_id)?.clone();
        let uri = connector.authorization_uri(members, &flow.state.ids.standard());
        let issuer = connector.issuer();
        let proof = Proof::Sso { connector_id, issuer, user: None };
        flow.begin(proof, json!({ "authorizationUri": uri }))
    })
}

async fn verify(Path(connector_id): Path<String>, step: Step) -> Answer {
    step.take(|flow, members| {
        let id = text(members, "verificationId").unwrap_or_default();
        let record = flow.record_of("EnterpriseSso", id)?;
        match &mut record.proof {
            Proof::Sso { connector_id: own, user, .. } if *own == connector_id => {
                *user = Some(connectors::claims(members));
            }
            _ => return Err(Failure::new(404, "session.verification_session_not_found")),
        }
        record.verified = true;
        flow.experience.is_vouched_for = true;
        Ok(verification(id))
    })
}
