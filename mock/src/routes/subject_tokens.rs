//! `/api/subject-tokens`: with one, an application gets a user's tokens without the user.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde_json::json;

use crate::{
    routes::{
        auth::Management,
        body::JsonBody,
        reply::{self, Answer},
    },
    rules::{
        errors::Failure,
        guard::{Field, Kind, optional, required},
    },
    state::{Store, collection::text},
};

const CREATE: &[Field] = &[required("userId", Kind::Text), optional("context", Kind::FreeForm)];

pub(crate) fn routes() -> Router<Store> {
    Router::new().route("/api/subject-tokens", post(create))
}

async fn create(_: Management, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check(CREATE)?;
    let user_id = text(&members, "userId").unwrap_or_default();
    let mut state = store.lock();
    if state.users.find(user_id).is_none() {
        return Err(Failure::new(404, "entity.not_found"));
    }
    let token = format!("sub_{}", state.ids.secret());
    state.tokens.subjects.insert(token.clone(), user_id.to_owned());
    let body = json!({ "subjectToken": token, "expiresIn": 600 });
    Ok(reply::json(StatusCode::CREATED, &body))
}
