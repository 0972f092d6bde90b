//! What Hasura asks of each request: who it is from, and in which role.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::get,
};
use serde_json::Value;

use crate::{
    routes::{
        auth::{authorization, bearer},
        reply::{self, Answer},
    },
    rules::{claims, contract::required, errors::Failure},
    state::{Store, collection::Members, params::Params},
};

pub(crate) fn routes() -> Router<Store> {
    Router::new().route("/api/authn/hasura", get(answer))
}

async fn answer(State(store): State<Store>, headers: HeaderMap, uri: Uri) -> Answer {
    let query = Params::parse(uri.query().unwrap_or_default().as_bytes());
    let resource = required(&query, "resource")?;
    let expected = headers.get("expected-role").and_then(|role| role.to_str().ok());
    let state = store.lock();
    let token = authorization(&headers).and_then(bearer);
    let token = token.and_then(|token| state.tokens.access(token, state.now()));
    let subject = token.map(|token| token.user_id.as_ref().unwrap_or(&token.app_id));
    let for_resource = token.filter(|token| token.audience.as_deref() == Some(resource));
    let user = for_resource.and_then(|token| state.users.find(token.user_id.as_deref()?));
    let roles = user.map(|user| claims::roles(&state, user)).unwrap_or_default();
    let has = |role| roles.as_array().is_some_and(|own| own.iter().any(|own| own == role));
    let has_expected = expected.is_some_and(has);
    let (user, role) = match query.get("unauthorizedRole") {
        Some(role) if !has_expected && !role.is_empty() => (subject, Some(role)),
        _ if expected.is_some() && !has_expected => {
            return Err(Failure::new(401, "auth.expected_role_not_found"));
        }
        _ => (subject.filter(|_| for_resource.is_some()), expected),
    };
    let user = user.map(|id| ("X-Hasura-User-Id".to_owned(), Value::from(id.as_str())));
    let role = role.map(|role| ("X-Hasura-Role".to_owned(), Value::from(role)));
    let shown: Members = user.into_iter().chain(role).collect();
    Ok(reply::json(StatusCode::OK, &shown.into()))
}
