//! Signing in with a passkey: of a user who is named, or of whoever has one.

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use serde_json::json;

use super::{Answer, Proof, Step, identifier, verification};
use crate::{
    routes::{authorization::interaction_of, reply},
    rules::{
        errors::Failure,
        web_authn::{self, Origin},
    },
    state::{Store, collection::text},
};

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/verification/sign-in-passkey/authentication";
    Router::new()
        .route("/api/experience/preflight/sign-in-passkey/authentication", post(anybody))
        .route(path, post(named))
        .route(&format!("{path}/verify"), post(verify))
}

/// Needs an interaction, but none that has been started: its question outlives a start.
async fn anybody(State(store): State<Store>, headers: HeaderMap) -> Answer {
    let mut state = store.lock();
    let text = state.ids.challenge();
    let (_, interaction) = interaction_of(&mut state, &headers)?;
    let challenge = Origin::of(&headers)?.challenge(text);
    let options = challenge.authentication_options(None);
    interaction.passkey = Some(challenge);
    Ok(reply::ok(&json!({ "authenticationOptions": options })))
}

async fn named(step: Step) -> Answer {
    step.take(|flow, members| {
        let origin = Origin::of(flow.headers)?;
        let user = identifier::find(flow.state, &members["identifier"]).cloned();
        let user = user.filter(|user| user.mfa.credentials().next().is_some());
        let user = user.ok_or_else(web_authn::no_credential)?;
        let challenge = origin.challenge(flow.state.ids.challenge());
        let options = challenge.authentication_options(Some(&user.mfa));
        let proof = Proof::Passkey { user_id: Some(user.id), challenge };
        flow.begin(proof, json!({ "authenticationOptions": options }))
    })
}

async fn verify(step: Step) -> Answer {
    step.take(|flow, members| {
        let origin = Origin::of(flow.headers)?;
        let named = match text(members, "verificationId") {
            None => None,
            Some(id) => match &flow.record_of("SignInPasskey", id)?.proof {
                Proof::Passkey { challenge, user_id } => Some((challenge.clone(), user_id.clone())),
                _ => None,
            },
        };
        let asked = named.or_else(|| Some((flow.passkey_challenge()?, None)));
        let (asked, named) = asked
            .ok_or_else(|| Failure::new(400, "session.passkey_sign_in.pending_info_not_found"))?;
        let credential = &members["payload"]["id"];
        let user = flow.state.users.find_where(|user| {
            user.mfa.credentials().any(|own| *credential == *own.id && own.rp_id == asked.rp_id)
        });
        let user_id = user.ok_or_else(web_authn::failed)?.id.clone();
        if named.is_some_and(|named| named != user_id) {
            return Err(web_authn::failed());
        }
        let user = flow.state.users.find_mut(&user_id).ok_or_else(web_authn::failed)?;
        origin.authenticated(&asked, &members["payload"], &mut user.mfa)?;
        let proof = Proof::Passkey { user_id: Some(user_id), challenge: asked };
        flow.experience.is_vouched_for = true;
        let Some(id) = text(members, "verificationId") else {
            return Ok(verification(&flow.keep(true, proof)));
        };
        let record = flow.record_of("SignInPasskey", id)?;
        (record.verified, record.proof) = (true, proof);
        Ok(verification(id))
    })
}
