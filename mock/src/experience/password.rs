//! Passwords of users who have one.

use axum::{Router, routing::post};
use serde_json::Value;

use super::{Answer, Proof, Step, verification};
use crate::{
    collection::{Members, text},
    errors::Failure,
    guard::{Field, Kind, required},
    state::{State, Store},
    user::User,
};

const IDENTIFIER: &[Field] =
    &[required("type", Kind::Enum(&["username", "email", "phone"])), required("value", Kind::Text)];
const PASSWORD: &[Field] =
    &[required("identifier", Kind::Object(IDENTIFIER)), required("password", Kind::NonEmpty)];

pub(super) fn routes() -> Router<Store> {
    Router::new().route("/api/experience/verification/password", post(verify))
}

async fn verify(step: Step) -> Answer {
    step.take(PASSWORD, |flow, members| {
        let user_id = user_with_password(flow.state, members)?;
        let identifier = members["identifier"].clone();
        Ok(verification(&flow.keep(true, Proof::Password { identifier, user_id })))
    })
}

fn user_with_password(state: &State, members: &Members) -> Result<String, Failure> {
    let user = find(state, &members["identifier"]);
    let password = text(members, "password").unwrap_or_default();
    let user = user.filter(|user| user.has_password(password));
    let user = user.ok_or_else(|| Failure::new(422, "session.invalid_credentials"))?;
    if user.is_suspended() {
        return Err(Failure::new(401, "user.suspended"));
    }
    Ok(user.id.clone())
}

/// The user whom an identifier names.
pub(super) fn find<'a>(state: &'a State, identifier: &Value) -> Option<&'a User> {
    let member = match identifier["type"].as_str() {
        Some("email") => "primaryEmail",
        Some("phone") => "primaryPhone",
        _ => "username",
    };
    state.users.find_by(member, identifier["value"].as_str()?)
}
