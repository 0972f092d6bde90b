//! Authenticators as a second factor.

use axum::{Router, routing::post};
use serde_json::json;

use super::{Answer, Proof, Step, verification};
use crate::{
    rules::{
        releases::knows,
        web_authn::{self, Origin},
    },
    state::{Store, collection::text},
};

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/verification/web-authn";
    Router::new()
        .route(&format!("{path}/registration"), post(register))
        .route(&format!("{path}/registration/verify"), post(registered))
        .route(&format!("{path}/authentication"), post(authenticate))
        .route(&format!("{path}/authentication/verify"), post(authenticated))
}

async fn register(step: Step) -> Answer {
    step.take(|flow, _| {
        let (user, origin) = (flow.user()?, Origin::of(flow.headers)?);
        let challenge = origin.challenge(flow.state.ids.challenge());
        let options = challenge.registration_options(&user, knows(flow.state, "1.37"));
        let proof = Proof::WebAuthn { user_id: user.id, challenge, is_new: true, made: None };
        flow.begin(proof, json!({ "registrationOptions": options }))
    })
}

async fn registered(step: Step) -> Answer {
    step.take(|flow, members| {
        flow.user_id()?;
        let origin = Origin::of(flow.headers)?;
        let agent = flow.user_agent().map(str::to_owned);
        let id = text(members, "verificationId").unwrap_or_default();
        let record = flow.record_of("WebAuthn", id)?;
        match &mut record.proof {
            Proof::WebAuthn { challenge, is_new: true, made, .. } => {
                *made =
                    Some(origin.registered(challenge, &members["payload"], agent.as_deref())?);
            }
            _ => return Err(web_authn::nothing_asked()),
        }
        record.verified = true;
        Ok(verification(id))
    })
}

async fn authenticate(step: Step) -> Answer {
    step.take(|flow, _| {
        let (user, origin) = (flow.user()?, Origin::of(flow.headers)?);
        if user.mfa.credentials().next().is_none() {
            return Err(web_authn::no_credential());
        }
        let challenge = origin.challenge(flow.state.ids.challenge());
        let options = challenge.authentication_options(Some(&user.mfa));
        let proof = Proof::WebAuthn { user_id: user.id, challenge, is_new: false, made: None };
        flow.begin(proof, json!({ "authenticationOptions": options }))
    })
}

async fn authenticated(step: Step) -> Answer {
    step.take(|flow, members| {
        let (user_id, origin) = (flow.user_id()?, Origin::of(flow.headers)?);
        let id = text(members, "verificationId").unwrap_or_default();
        let Proof::WebAuthn { challenge, is_new: false, .. } =
            &flow.record_of("WebAuthn", id)?.proof
        else {
            return Err(web_authn::nothing_asked());
        };
        let challenge = challenge.clone();
        let user = flow.state.users.find_mut(&user_id).ok_or_else(web_authn::failed)?;
        origin.authenticated(&challenge, &members["payload"], &mut user.mfa)?;
        flow.record_of("WebAuthn", id)?.verified = true;
        Ok(verification(id))
    })
}
