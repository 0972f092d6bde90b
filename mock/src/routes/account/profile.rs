//! `/api/my-account`: what is in it, the password and the addresses.

use axum::{
    Router,
    extract::State,
    routing::{get, patch, post},
};
use serde_json::{Value, json};

use super::auth::{Account, Ask, can_prove, is_shown};
use crate::{
    routes::{
        body::JsonBody,
        reply::{self, Answer},
    },
    rules::{
        email_policy, errors::Failure, identities, passwords, releases::knows, users::refuse_taken,
    },
    state::{
        self, Store,
        collection::{Members, object, text},
        user::{Password, User},
    },
};

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/my-account", get(read).patch(update))
        .route("/api/my-account/profile", patch(update_profile))
        .route("/api/my-account/password", post(set_password))
        .route("/api/my-account/primary-email", post(set_email).delete(remove_email))
        .route("/api/my-account/primary-phone", post(set_phone).delete(remove_phone))
}

/// By a member of a user: the scope that shows it, and the field of the account center.
const SHOWN: [(&str, &str, &str); 9] = [
    ("primaryEmail", "email", "email"),
    ("primaryPhone", "phone", "phone"),
    ("customData", "custom_data", "customData"),
    ("identities", "identities", "social"),
    ("name", "profile", "name"),
    ("avatar", "profile", "avatar"),
    ("username", "profile", "username"),
    ("profile", "profile", "profile"),
    ("hasPassword", "profile", "password"),
];

async fn read(account: Account, State(store): State<Store>) -> Answer {
    let state = store.lock();
    Ok(reply::ok(&shown(&state, &account)?))
}

/// As much of a user as the token's scopes and the account center show.
fn shown(state: &state::State, account: &Account) -> Result<Value, Failure> {
    let user = account.user(state)?;
    let mut own = user.to_members();
    own.retain(|name, _| match SHOWN.iter().find(|(member, ..)| member == name) {
        Some((_, scope, field)) => account.has(scope) && is_shown(state, field),
        None => name == "id" || account.has("profile"),
    });
    let profile = own.get_mut("profile").and_then(Value::as_object_mut);
    if let Some(profile) = profile.filter(|_| !account.has("address")) {
        profile.remove("address");
    }
    own.insert("hasSecurityVerificationMethod".into(), can_prove(user).into());
    Ok(own.into())
}

async fn update(account: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let state = &mut *store.lock();
    for field in ["name", "avatar", "username", "customData"] {
        if members.contains_key(field) {
            account.check(state, &[Ask::Edit(field)])?;
        }
    }
    account.check(state, &[Ask::Scope("profile", 400)])?;
    if members.contains_key("customData") {
        account.check(state, &[Ask::Scope("custom_data", 400)])?;
    }
    if members.contains_key("username") && knows(state, "1.40") {
        account.check(state, &[Ask::Proof])?;
    }
    if members.is_empty() {
        return Err(Failure::new(422, "entity.invalid_input"));
    }
    check_remaining(state, &account, &members)?;
    refuse_taken(&state.users, &members, Some(&account.id))?;
    change(state, &account, |user| user.set_all(members))?;
    Ok(reply::ok(&shown(state, &account)?))
}

/// Something has to be left to say who the user is with.
fn check_remaining(
    state: &state::State,
    account: &Account,
    members: &Members,
) -> Result<(), Failure> {
    let user = account.user(state)?;
    let identifiers = ["username", "primaryEmail", "primaryPhone"];
    let removes = identifiers.iter().any(|name| members.get(*name) == Some(&Value::Null));
    match removes && knows(state, "1.40") && identities::remaining(user, members) == 0 {
        true => Err(Failure::new(400, "user.last_sign_in_method_required")),
        false => Ok(()),
    }
}

async fn update_profile(account: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let state = &mut *store.lock();
    account.check(state, &[Ask::Edit("profile"), Ask::Scope("profile", 400)])?;
    if members.contains_key("address") {
        account.check(state, &[Ask::Scope("address", 400)])?;
    }
    change(state, &account, |user| {
        let mut profile = object(user.get("profile").clone());
        profile.extend(members);
        user.set("profile", profile.into());
    })?;
    let mut profile = account.user(state)?.get("profile").clone();
    if let Some(profile) = profile.as_object_mut().filter(|_| !account.has("address")) {
        profile.remove("address");
    }
    Ok(reply::ok(&profile))
}

async fn set_password(account: Account, State(store): State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    let password = text(&members, "password").unwrap_or_default();
    let state = &mut *store.lock();
    account.check(state, &[Ask::ProofIfAny, Ask::Edit("password")])?;
    passwords::check_new(state, password, account.user(state)?)?;
    change(state, &account, |user| user.password = Some(Password::Plain(password.to_owned())))?;
    Ok(reply::no_content())
}

async fn set_email(account: Account, store: State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    set_address(&account, store, &members, ("email", "primaryEmail"))
}

async fn set_phone(account: Account, store: State<Store>, body: JsonBody) -> Answer {
    let members = body.check()?;
    set_address(&account, store, &members, ("phone", "primaryPhone"))
}

/// An address has to be proved by itself.
fn set_address(
    account: &Account,
    State(store): State<Store>,
    members: &Members,
    (kind, member): (&'static str, &str),
) -> Answer {
    let state = &mut *store.lock();
    account.check(state, &[Ask::Proof, Ask::Edit(kind), Ask::Scope(kind, 400)])?;
    if kind == "email" {
        email_policy::check(state, text(members, kind).unwrap_or_default())?;
    }
    let address = json!({ "type": kind, "value": members[kind] });
    let record = text(members, "newIdentifierVerificationRecordId").unwrap_or_default();
    state.verifications.prove_address(record, &address)?;
    let wanted = Members::from_iter([(member.to_owned(), members[kind].clone())]);
    refuse_taken(&state.users, &wanted, Some(&account.id))?;
    change(state, account, |user| user.set_all(wanted))?;
    Ok(reply::no_content())
}

async fn remove_email(account: Account, store: State<Store>) -> Answer {
    remove_address(&account, store, ("email", "primaryEmail"))
}

async fn remove_phone(account: Account, store: State<Store>) -> Answer {
    remove_address(&account, store, ("phone", "primaryPhone"))
}

fn remove_address(
    account: &Account,
    State(store): State<Store>,
    (kind, member): (&'static str, &str),
) -> Answer {
    let state = &mut *store.lock();
    account.check(state, &[Ask::Proof, Ask::Edit(kind), Ask::Scope(kind, 400)])?;
    let removed = Members::from_iter([(member.to_owned(), Value::Null)]);
    check_remaining(state, account, &removed)?;
    change(state, account, |user| user.set_all(removed))?;
    Ok(reply::no_content())
}

fn change(
    state: &mut state::State,
    account: &Account,
    change: impl FnOnce(&mut User),
) -> Result<(), Failure> {
    let user = account.user_mut(state)?;
    change(user);
    user.touch();
    Ok(())
}
