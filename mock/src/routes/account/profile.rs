//! `/api/my-account`: what is in it, the password and the addresses.

use axum::{
    Router,
    extract::State,
    routing::{get, patch, post},
};
use serde_json::{Value, json};

use super::auth::{Account, Scopes, Verified};
use crate::{
    routes::{
        body::JsonBody,
        reply::{self, Answer},
    },
    rules::{
        guard::{Field, Kind, clearable, optional, required},
        passwords,
        users::{self, refuse_taken},
    },
    state::{
        Store,
        collection::{Members, object, text},
        user::{Password, User, Users},
    },
};

const UPDATE: &[Field] = &[
    clearable("name", Kind::Text),
    clearable("avatar", Kind::Url),
    clearable("username", Kind::Username),
    optional("customData", Kind::FreeForm),
];
const PASSWORD: &[Field] = &[required("password", Kind::NonEmpty)];
const EMAIL: &[Field] =
    &[required("email", Kind::Email), required("newIdentifierVerificationRecordId", Kind::Text)];
const PHONE: &[Field] =
    &[required("phone", Kind::Phone), required("newIdentifierVerificationRecordId", Kind::Text)];

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/my-account", get(read).patch(update))
        .route("/api/my-account/profile", patch(update_profile))
        .route("/api/my-account/password", post(set_password))
        .route("/api/my-account/primary-email", post(set_email).delete(remove_email))
        .route("/api/my-account/primary-phone", post(set_phone).delete(remove_phone))
}

async fn read(Account(id): Account, scopes: Scopes, State(store): State<Store>) -> Answer {
    let state = store.lock();
    let user = state.users.find(&id).ok_or_else(users::not_found)?;
    Ok(reply::ok(&shown(user, &scopes)))
}

/// By the members that are not of the profile: the scope that shows them.
const SCOPES: [(&str, &str); 4] = [
    ("primaryEmail", "email"),
    ("primaryPhone", "phone"),
    ("customData", "custom_data"),
    ("identities", "identities"),
];

/// As much of a user as a token's scopes show.
fn shown(user: &User, scopes: &Scopes) -> Value {
    let mut own = user.to_members();
    own.retain(|name, _| {
        let scope = SCOPES.iter().find(|(member, _)| member == name);
        name == "id" || scopes.has(scope.map_or("profile", |(_, scope)| scope))
    });
    let profile = own.get_mut("profile").and_then(Value::as_object_mut);
    if let Some(profile) = profile.filter(|_| !scopes.has("address")) {
        profile.remove("address");
    }
    let mut shown = Value::from(own);
    let can_prove = ["primaryEmail", "primaryPhone"].map(|member| user.text(member).is_some());
    let can_prove = user.password.is_some() || can_prove.contains(&true);
    shown["hasSecurityVerificationMethod"] = can_prove.into();
    shown
}

async fn update(
    Account(id): Account,
    scopes: Scopes,
    State(store): State<Store>,
    body: JsonBody,
) -> Answer {
    let members = body.check(UPDATE)?;
    let users = &mut store.lock().users;
    refuse_taken(users, &members, Some(&id))?;
    let user = change(users, &id, |user| user.set_all(members));
    Ok(reply::ok(&user.map(|user| shown(&user, &scopes)).unwrap_or_default()))
}

async fn update_profile(
    Account(id): Account,
    State(store): State<Store>,
    body: JsonBody,
) -> Answer {
    let members = body.check(users::PROFILE)?;
    let user = change(&mut store.lock().users, &id, |user| {
        let mut profile = object(user.get("profile").clone());
        profile.extend(members);
        user.set("profile", profile.into());
    });
    Ok(reply::ok(&user.map(|user| user.get("profile").clone()).unwrap_or_default()))
}

async fn set_password(
    Verified(id): Verified,
    State(store): State<Store>,
    body: JsonBody,
) -> Answer {
    let members = body.check(PASSWORD)?;
    let password = text(&members, "password").unwrap_or_default();
    let state = &mut *store.lock();
    let user = state.users.find(&id).ok_or_else(users::not_found)?;
    passwords::check_new(state, password, user)?;
    change(&mut state.users, &id, |user| {
        user.password = Some(Password::Plain(password.to_owned()))
    });
    Ok(reply::no_content())
}

async fn set_email(user: Verified, store: State<Store>, body: JsonBody) -> Answer {
    let members = body.check(EMAIL)?;
    set_address(user, store, &members, ("email", "primaryEmail"))
}

async fn set_phone(user: Verified, store: State<Store>, body: JsonBody) -> Answer {
    let members = body.check(PHONE)?;
    set_address(user, store, &members, ("phone", "primaryPhone"))
}

/// An address has to be proved by itself.
fn set_address(
    Verified(id): Verified,
    State(store): State<Store>,
    members: &Members,
    (kind, member): (&str, &str),
) -> Answer {
    let state = &mut *store.lock();
    let address = json!({ "type": kind, "value": members[kind] });
    let record = text(members, "newIdentifierVerificationRecordId").unwrap_or_default();
    state.verifications.prove_address(record, &address)?;
    let wanted = Members::from_iter([(member.to_owned(), members[kind].clone())]);
    refuse_taken(&state.users, &wanted, Some(&id))?;
    change(&mut state.users, &id, |user| user.set_all(wanted));
    Ok(reply::no_content())
}

async fn remove_email(Verified(id): Verified, State(store): State<Store>) -> Answer {
    change(&mut store.lock().users, &id, |user| user.set("primaryEmail", Value::Null));
    Ok(reply::no_content())
}

async fn remove_phone(Verified(id): Verified, State(store): State<Store>) -> Answer {
    change(&mut store.lock().users, &id, |user| user.set("primaryPhone", Value::Null));
    Ok(reply::no_content())
}

fn change(users: &mut Users, id: &str, change: impl FnOnce(&mut User)) -> Option<User> {
    let user = users.find_mut(id)?;
    change(user);
    user.touch();
    Some(user.clone())
}
