//! A user's own sessions and grants. They take the scope that names them, and a fresh proof.

use axum::{
    Router,
    extract::{Path, State},
    routing::{delete, get},
};
use serde_json::json;

use super::auth::Verified;
use crate::{
    routes::reply::{self, Answer},
    rules::sessions::{self, Revoked},
    state::{Store, params::Params},
};

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/my-account/sessions", get(list))
        .route("/api/my-account/sessions/{id}", delete(end))
        .route("/api/my-account/grants", get(grants))
        .route("/api/my-account/grants/{id}", delete(revoke))
}

async fn list(Verified(id): Verified, State(store): State<Store>) -> Answer {
    let mut shown = sessions::list(&store.lock(), &id);
    shown.iter_mut().for_each(|own| own["isCurrent"] = false.into());
    Ok(reply::ok(&json!({ "sessions": shown })))
}

async fn end(
    Verified(id): Verified,
    State(store): State<Store>,
    Path(uid): Path<String>,
    query: Params,
) -> Answer {
    let revoked = Revoked::parse(query.get("revokeGrantsTarget"));
    sessions::end(&mut store.lock(), &id, &uid, revoked)?;
    Ok(reply::no_content())
}

async fn grants(Verified(id): Verified, State(store): State<Store>, query: Params) -> Answer {
    Ok(reply::ok(&sessions::grants(&store.lock(), &id, query.get("appType"))))
}

async fn revoke(
    Verified(id): Verified,
    State(store): State<Store>,
    Path(grant): Path<String>,
) -> Answer {
    sessions::revoke(&mut store.lock(), &id, &grant)?;
    Ok(reply::no_content())
}
