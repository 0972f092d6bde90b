//! Passwords of users who have one, and of those who want one.

use axum::{Router, routing::post};
use serde_json::json;

use super::{Answer, Proof, Step, identifier, verification};
use crate::{
    rules::{errors::Failure, passwords, users},
    state::{
        State, Store,
        collection::{Members, object, text},
    },
};

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/experience/verification/password", post(verify))
        .route("/api/experience/verification/new-password-identity", post(choose))
}

async fn verify(step: Step) -> Answer {
    step.take(|flow, members| {
        let user_id = user_with_password(flow.state, members)?;
        let identifier = members["identifier"].clone();
        Ok(verification(&flow.keep(true, Proof::Password { identifier, user_id })))
    })
}

fn user_with_password(state: &State, members: &Members) -> Result<String, Failure> {
    let identifier = &members["identifier"];
    let user = identifier::find(state, identifier);
    let password = text(members, "password").unwrap_or_default();
    let user = user.filter(|user| user.has_password(password));
    let user = user.ok_or_else(|| Failure::new(422, "session.invalid_credentials"))?;
    if user.is_suspended() {
        return Err(Failure::new(401, "user.suspended"));
    }
    if user.has_expired_password() {
        return Err(Failure::new(422, "password.expired"));
    }
    Ok(user.id.clone())
}

/// A new user's identifier and password.
async fn choose(step: Step) -> Answer {
    step.take(|flow, members| {
        let identifier = members["identifier"].clone();
        let password = text(members, "password").unwrap_or_default().to_owned();
        let wanted = json!({ "username": identifier["value"] });
        users::refuse_taken(&flow.state.users, &object(wanted.clone()), None)?;
        passwords::check(flow.state, &password, &wanted)?;
        Ok(verification(&flow.keep(true, Proof::NewPassword { identifier, password })))
    })
}
