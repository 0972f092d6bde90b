//! Verification codes: to an address that the user gives, and to the user's own as a factor.

use axum::{Router, routing::post};
use serde_json::{Value, json};

use super::{Answer, Event, Flow, Proof, Step, identifier, verification};
use crate::{
    rules::{email_policy, errors::Failure},
    state::{
        Store,
        collection::{Members, text},
        policy::SignUpField,
    },
};

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/verification";
    Router::new()
        .route(&format!("{path}/verification-code"), post(send))
        .route(&format!("{path}/verification-code/verify"), post(verify))
        .route(&format!("{path}/mfa-verification-code"), post(send_factor))
        .route(&format!("{path}/mfa-verification-code/verify"), post(verify_factor))
}

async fn send(step: Step) -> Answer {
    step.take(|flow, members| {
        if flow.experience.user_id.is_none() {
            flow.check_captcha()?;
        }
        let identifier = members["identifier"].clone();
        let event = Event::parse(text(members, "interactionEvent"));
        let template = template(flow, event, &identifier);
        if event == Event::Register && identifier["type"] == "email" {
            email_policy::check(flow.state, identifier["value"].as_str().unwrap_or_default())?;
        }
        Ok(deliver(flow, &identifier, Proof::Code { identifier: identifier.clone(), template }))
    })
}

/// What the message is about. After signing in, it is a new factor that is being set up, unless
/// everybody has to have such an address.
fn template(flow: &Flow<'_>, event: Event, identifier: &Value) -> &'static str {
    let field = match identifier["type"].as_str() {
        Some("phone") => SignUpField::Phone,
        _ => SignUpField::Email,
    };
    let identified = flow.experience.user_id.is_some();
    match identified && !flow.state.policy.asks_for(field) {
        true => "BindMfa",
        false => event.name(),
    }
}

fn deliver(flow: &mut Flow<'_>, identifier: &Value, proof: Proof) -> axum::response::Response {
    let id = flow.keep(false, proof);
    flow.state.codes.send(&mut flow.state.ids, &id, identifier);
    verification(&id)
}

async fn verify(step: Step) -> Answer {
    step.take(|flow, members| {
        let kind = match members["identifier"]["type"].as_str() {
            Some("phone") => "PhoneVerificationCode",
            _ => "EmailVerificationCode",
        };
        check(flow, kind, &members["identifier"], members)
    })
}

fn check(flow: &mut Flow<'_>, kind: &str, identifier: &Value, members: &Members) -> Answer {
    let id = text(members, "verificationId").unwrap_or_default();
    flow.record_of(kind, id)?;
    flow.state.codes.check(id, identifier, text(members, "code").unwrap_or_default())?;
    flow.record_of(kind, id)?.verified = true;
    Ok(verification(id))
}

async fn send_factor(step: Step) -> Answer {
    step.take(|flow, members| {
        let kind = text(members, "identifierType").unwrap_or_default();
        let user = flow.user().map_err(|_| Failure::new(400, "session.identifier_not_found"))?;
        let address = user.text(identifier::member(Some(kind)));
        let address =
            address.ok_or_else(|| Failure::new(400, "session.mfa.mfa_factor_not_enabled"))?;
        let identifier = json!({ "type": kind, "value": address });
        Ok(deliver(flow, &identifier, Proof::MfaCode { identifier: identifier.clone() }))
    })
}

async fn verify_factor(step: Step) -> Answer {
    step.take(|flow, members| {
        let kind = match text(members, "identifierType") {
            Some("phone") => "MfaPhoneVerificationCode",
            _ => "MfaEmailVerificationCode",
        };
        let id = text(members, "verificationId").unwrap_or_default();
        let identifier = match &flow.record_of(kind, id)?.proof {
            Proof::MfaCode { identifier } => identifier.clone(),
            _ => Value::Null,
        };
        check(flow, kind, &identifier, members)
    })
}
