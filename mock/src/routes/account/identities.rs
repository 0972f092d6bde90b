//! Accounts that users have elsewhere: `/api/my-account/identities`, and the tokens from there.

use axum::{
    Router,
    extract::{Path, State},
    routing::{delete, get, post},
};
use serde_json::json;

use super::auth::{Account, Verified};
use crate::{
    routes::{
        body::JsonBody,
        reply::{self, Answer},
    },
    rules::{
        errors::Failure,
        guard::{Field, Kind, required},
        identities::{self, Place},
        users,
    },
    state::{Store, collection::text},
};

const LINK: &[Field] = &[required("newIdentifierVerificationRecordId", Kind::Text)];
const RENEW: &[Field] = &[required("verificationRecordId", Kind::NonEmpty)];

pub(super) fn routes() -> Router<Store> {
    let path = "/api/my-account/identities";
    Router::new()
        .route(path, post(add).put(replace))
        .route(&format!("{path}/{{target}}"), delete(remove))
        .route(&format!("{path}/{{target}}/access-token"), get(social_token).put(renew))
        .route("/api/my-account/sso-identities/{id}/access-token", get(enterprise_token))
}

async fn add(user: Verified, store: State<Store>, body: JsonBody) -> Answer {
    link(user, store, &body, false)
}

async fn replace(user: Verified, store: State<Store>, body: JsonBody) -> Answer {
    link(user, store, &body, true)
}

/// Links the account that a verification proves.
fn link(
    Verified(id): Verified,
    State(store): State<Store>,
    body: &JsonBody,
    may_replace: bool,
) -> Answer {
    let members = body.check(LINK)?;
    let record = text(&members, "newIdentifierVerificationRecordId").unwrap_or_default();
    let state = &mut *store.lock();
    let (connector_id, info) = state.verifications.social(record)?;
    let target = identities::target(state, &connector_id);
    identities::refuse_taken(state, &target, &info["id"], &id)?;
    let keeps = identities::social_tokens(state, &connector_id, &info).is_some();
    let user = state.users.find_mut(&id).ok_or_else(users::not_found)?;
    let mut own = user.get("identities").clone();
    if own.get(&target).is_some() && !may_replace {
        return Err(Failure::new(400, "user.identity_already_in_use"));
    }
    if own[&target]["userId"] != info["id"] && !keeps {
        identities::forget_tokens(user, Place::Social(&target));
    }
    own[&target] = json!({ "userId": info["id"], "details": info });
    user.set("identities", own);
    user.touch();
    identities::keep_social(state, &id, &connector_id, &info);
    Ok(reply::no_content())
}

async fn remove(
    Verified(id): Verified,
    State(store): State<Store>,
    Path(target): Path<String>,
) -> Answer {
    let mut state = store.lock();
    let user = state.users.find_mut(&id).ok_or_else(users::not_found)?;
    let mut own = user.get("identities").as_object().cloned().unwrap_or_default();
    own.remove(&target).ok_or_else(|| Failure::new(404, "user.identity_not_exist"))?;
    identities::forget_tokens(user, Place::Social(&target));
    user.set("identities", own.into());
    user.touch();
    Ok(reply::no_content())
}

async fn social_token(
    Account(id): Account,
    State(store): State<Store>,
    Path(target): Path<String>,
) -> Answer {
    let token = identities::access_token(&mut store.lock(), &id, Place::Social(&target))?;
    Ok(reply::ok(&token))
}

async fn enterprise_token(
    Account(id): Account,
    State(store): State<Store>,
    Path(connector): Path<String>,
) -> Answer {
    let token = identities::access_token(&mut store.lock(), &id, Place::Enterprise(&connector))?;
    Ok(reply::ok(&token))
}

/// Keeps the tokens that came with a verification, in place of those before.
async fn renew(
    Account(id): Account,
    State(store): State<Store>,
    Path(target): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(RENEW)?;
    let record = text(&members, "verificationRecordId").unwrap_or_default();
    let refused = |code| Err(Failure::new(422, code));
    let state = &mut *store.lock();
    let (connector_id, info) = state.verifications.social(record)?;
    if identities::target(state, &connector_id) != target {
        return refused("verification_record.social_verification.invalid_target");
    }
    let user = state.users.find(&id).ok_or_else(users::not_found)?;
    if user.get("identities")[&target]["userId"] != info["id"] {
        return refused("user.identity_not_exists_in_current_user");
    }
    if identities::social_tokens(state, &connector_id, &info).is_none() {
        return refused("verification_record.social_verification.token_response_not_found");
    }
    identities::keep_social(state, &id, &connector_id, &info);
    Ok(reply::ok(&identities::access_token(state, &id, Place::Social(&target))?))
}
