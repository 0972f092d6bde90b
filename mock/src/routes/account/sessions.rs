//! A user's own sessions and grants. They take the scope that names them, and a fresh proof.

use axum::{
    Router,
    extract::{Path, State},
    routing::{delete, get},
};
use serde_json::json;

use super::auth::{Account, Ask};
use crate::{
    routes::reply::{self, Answer},
    rules::sessions::{self, Revoked},
    state::{Store, params::Params},
};

const SCOPE: Ask = Ask::Scope("urn:logto:scope:sessions", 401);
const SEE: [Ask; 3] = [Ask::Proof, Ask::See("session"), SCOPE];
const END: [Ask; 3] = [Ask::Proof, Ask::Edit("session"), SCOPE];

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/my-account/sessions", get(list))
        .route("/api/my-account/sessions/{id}", delete(end))
        .route("/api/my-account/grants", get(grants))
        .route("/api/my-account/grants/{id}", delete(revoke))
}

async fn list(account: Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    account.check(&state, &SEE)?;
    let mut shown = sessions::list(&state, &account.id);
    shown.iter_mut().for_each(|own| own["isCurrent"] = false.into());
    Ok(reply::ok(&json!({ "sessions": shown })))
}

async fn end(
    account: Account,
    State(store): State<Store>,
    Path(uid): Path<String>,
    query: Params,
) -> Answer {
    let mut state = store.lock();
    account.check(&state, &END)?;
    let revoked = Revoked::parse(query.get("revokeGrantsTarget"));
    sessions::end(&mut state, &account.id, &uid, revoked)?;
    Ok(reply::no_content())
}

async fn grants(account: Account, State(store): State<Store>, query: Params) -> Answer {
    let state = store.lock();
    account.check(&state, &SEE)?;
    Ok(reply::ok(&sessions::grants(&state, &account.id, query.get("appType"))))
}

async fn revoke(account: Account, State(store): State<Store>, Path(grant): Path<String>) -> Answer {
    let mut state = store.lock();
    account.check(&state, &END)?;
    sessions::revoke(&mut state, &account.id, &grant)?;
    Ok(reply::no_content())
}
