//! Accounts that users have elsewhere: `/api/my-account/identities`, and the tokens from there.

use axum::{
    Router,
    extract::{Path, State},
    routing::{delete, get, post},
};
use serde_json::json;

use super::auth::{Account, Ask};
use crate::{
    routes::{
        body::JsonBody,
        reply::{self, Answer},
    },
    rules::{
        errors::Failure,
        identities::{self, Place},
        releases::knows,
    },
    state::{
        self, Store,
        collection::{Members, text},
    },
};

pub(super) fn routes() -> Router<Store> {
    let path = "/api/my-account/identities";
    Router::new()
        .route(path, post(add).put(replace))
        .route(&format!("{path}/{{target}}"), delete(remove))
        .route(&format!("{path}/{{target}}/access-token"), get(social_token).put(renew))
        .route("/api/my-account/sso-identities/{id}/access-token", get(enterprise_token))
}

const TOKENS: [Ask; 1] = [Ask::Scope("identities", 403)];

/// What links take: releases before 1.41 looked for the proof first, whatever the user had.
fn check_link(account: &Account, state: &state::State, status: u16) -> Result<(), Failure> {
    let (field, scope) = (Ask::Edit("social"), |status| Ask::Scope("identities", status));
    match knows(state, "1.41") {
        true => account.check(state, &[field, scope(status), Ask::ProofIfAny]),
        false if knows(state, "1.40") => account.check(state, &[Ask::Proof, field, scope(status)]),
        false => account.check(state, &[Ask::Proof, field, scope(400)]),
    }
}

/// What is done with tokens takes a scope since 1.42.
fn check_tokens(account: &Account, state: &state::State) -> Result<(), Failure> {
    if knows(state, "1.42") { account.check(state, &TOKENS) } else { Ok(()) }
}

async fn add(account: Account, store: State<Store>, body: JsonBody) -> Answer {
    link(&account, store, &body, false)
}

async fn replace(account: Account, store: State<Store>, body: JsonBody) -> Answer {
    link(&account, store, &body, true)
}

/// Links the account that a verification proves.
fn link(
    account: &Account,
    State(store): State<Store>,
    body: &JsonBody,
    may_replace: bool,
) -> Answer {
    let members = body.check()?;
    let record = text(&members, "newIdentifierVerificationRecordId").unwrap_or_default();
    let state = &mut *store.lock();
    check_link(account, state, 401)?;
    let (connector_id, info) = state.verifications.social(record)?;
    let target = identities::target(state, &connector_id);
    identities::refuse_taken(state, &target, &info["id"], &account.id)?;
    let keeps = identities::social_tokens(state, &connector_id, &info).is_some();
    let user = account.user_mut(state)?;
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
    identities::keep_social(state, &account.id, &connector_id, &info);
    Ok(reply::no_content())
}

async fn remove(
    account: Account,
    State(store): State<Store>,
    Path(target): Path<String>,
) -> Answer {
    let state = &mut *store.lock();
    check_link(&account, state, 400)?;
    let is_new = knows(state, "1.38");
    let user = account.user_mut(state)?;
    let mut own = user.get("identities").as_object().cloned().unwrap_or_default();
    own.remove(&target).ok_or_else(|| Failure::new(404, "user.identity_not_exist"))?;
    let left = Members::from_iter([("identities".to_owned(), own.clone().into())]);
    if is_new && identities::remaining(user, &left) == 0 {
        return Err(Failure::new(400, "user.last_sign_in_method_required"));
    }
    identities::forget_tokens(user, Place::Social(&target));
    user.set("identities", own.into());
    user.touch();
    Ok(reply::no_content())
}

async fn social_token(
    account: Account,
    State(store): State<Store>,
    Path(target): Path<String>,
) -> Answer {
    let state = &mut *store.lock();
    check_tokens(&account, state)?;
    Ok(reply::ok(&identities::access_token(state, &account.id, Place::Social(&target))?))
}

async fn enterprise_token(
    account: Account,
    State(store): State<Store>,
    Path(connector): Path<String>,
) -> Answer {
    let state = &mut *store.lock();
    check_tokens(&account, state)?;
    Ok(reply::ok(&identities::access_token(state, &account.id, Place::Enterprise(&connector))?))
}

/// Keeps the tokens that came with a verification, in place of those before.
async fn renew(
    account: Account,
    State(store): State<Store>,
    Path(target): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check()?;
    let record = text(&members, "verificationRecordId").unwrap_or_default();
    let refused = |code| Err(Failure::new(422, code));
    let state = &mut *store.lock();
    check_tokens(&account, state)?;
    let (connector_id, info) = state.verifications.social(record)?;
    if identities::target(state, &connector_id) != target {
        return refused("verification_record.social_verification.invalid_target");
    }
    if account.user(state)?.get("identities")[&target]["userId"] != info["id"] {
        return refused("user.identity_not_exists_in_current_user");
    }
    if identities::social_tokens(state, &connector_id, &info).is_none() {
        return refused("verification_record.social_verification.token_response_not_found");
    }
    identities::keep_social(state, &account.id, &connector_id, &info);
    Ok(reply::ok(&identities::access_token(state, &account.id, Place::Social(&target))?))
}
