//! `/api/users`.

use axum::{
    Router,
    extract::{Path, State},
    routing::{get, patch, post},
};
use serde_json::{Map, Value, json};

use crate::{
    routes::{
        auth::Management,
        body::JsonBody,
        page::Page,
        reply::{self, Answer},
    },
    rules::{
        errors::Failure,
        guard::{Field, Kind, clearable, optional, required},
        search::Search,
        users::{PROFILE, SEARCHED, not_found, refuse_taken},
    },
    state::{
        Store,
        params::Params,
        user::{Password, User, Users},
    },
};

const ALGORITHMS: &[&str] =
    &["Argon2i", "Argon2id", "Argon2d", "SHA1", "SHA256", "MD5", "Bcrypt", "Legacy"];

const CREATE: &[Field] = &[
    optional("primaryPhone", Kind::Phone),
    optional("primaryEmail", Kind::Email),
    optional("username", Kind::Username),
    optional("password", Kind::NonEmpty),
    optional("passwordDigest", Kind::Text),
    optional("passwordAlgorithm", Kind::Enum(ALGORITHMS)),
    optional("name", Kind::Text),
    clearable("avatar", Kind::Url),
    optional("customData", Kind::FreeForm),
    optional("profile", Kind::Object(PROFILE)),
];

const UPDATE: &[Field] = &[
    clearable("username", Kind::Username),
    clearable("primaryEmail", Kind::Email),
    clearable("primaryPhone", Kind::Phone),
    clearable("name", Kind::Text),
    clearable("avatar", Kind::Url),
    optional("customData", Kind::FreeForm),
    optional("profile", Kind::Object(PROFILE)),
];

const PASSWORD: &[Field] = &[required("password", Kind::NonEmpty)];
const SUSPENDED: &[Field] = &[required("isSuspended", Kind::Boolean)];

pub(crate) fn routes() -> Router<Store> {
    let one = get(read).patch(update).delete(delete);
    Router::new()
        .route("/api/users", get(list).post(create))
        .route("/api/users/{id}", one)
        .route("/api/users/{id}/password", patch(set_password))
        .route("/api/users/{id}/password/verify", post(verify_password))
        .route("/api/users/{id}/has-password", get(has_password))
        .route("/api/users/{id}/is-suspended", patch(suspend))
        .route("/api/users/{id}/mfa-verifications", get(factors))
}

async fn list(_: Management, State(store): State<Store>, query: Params) -> Answer {
    let page = Page::of(&query)?;
    let search = Search::of(&query, SEARCHED)?;
    let state = store.lock();
    let found = state.users.newest_first().filter(|user| search.finds(|field| user.text(field)));
    let found: Vec<&User> = found.collect();
    // The real server leaves `/api` out of these links, too.
    Ok(page.answer_with(&format!("{}/users", state.endpoint), found, User::to_json))
}

async fn create(_: Management, State(store): State<Store>, body: JsonBody) -> Answer {
    let mut members = body.check(CREATE)?;
    let password = take_password(&mut members)?;
    let mut state = store.lock();
    refuse_taken(&state.users, &members, None)?;
    let mut user = User::new(&state.ids.user());
    user.set_all(members);
    user.password = password;
    let answer = reply::ok(&user.to_json());
    state.users.add(user);
    Ok(answer)
}

async fn read(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    query: Params,
) -> Answer {
    let state = store.lock();
    let mut body = state.users.find(&id).ok_or_else(not_found)?.to_json();
    if query.get("includeSsoIdentities") == Some("true") {
        body["ssoIdentities"] = json!([]);
    }
    Ok(reply::ok(&body))
}

async fn update(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(UPDATE)?;
    let users = &mut store.lock().users;
    users.find(&id).ok_or_else(not_found)?;
    refuse_taken(users, &members, Some(&id))?;
    change(users, &id, |user| user.set_all(members))
}

async fn set_password(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let mut members = body.check(PASSWORD)?;
    let password = take_password(&mut members)?;
    change(&mut store.lock().users, &id, |user| user.password = password)
}

async fn verify_password(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(PASSWORD)?;
    let state = store.lock();
    let user = state.users.find(&id).ok_or_else(not_found)?;
    match user.has_password(text(&members, "password")) {
        true => Ok(reply::no_content()),
        false => Err(Failure::new(422, "session.invalid_credentials")),
    }
}

async fn has_password(_: Management, State(store): State<Store>, Path(id): Path<String>) -> Answer {
    let state = store.lock();
    let user = state.users.find(&id).ok_or_else(not_found)?;
    Ok(reply::ok(&json!({ "hasPassword": user.password.is_some() })))
}

async fn factors(_: Management, State(store): State<Store>, Path(id): Path<String>) -> Answer {
    let state = store.lock();
    Ok(reply::ok(&state.users.find(&id).ok_or_else(not_found)?.mfa.to_json()))
}

async fn suspend(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(SUSPENDED)?;
    let mut state = store.lock();
    if members["isSuspended"] == true {
        state.tokens.sign_out(&id);
    }
    change(&mut state.users, &id, |user| user.set_all(members))
}

async fn delete(_: Management, State(store): State<Store>, Path(id): Path<String>) -> Answer {
    let mut state = store.lock();
    state.users.remove(&id).ok_or_else(not_found)?;
    state.tokens.sign_out(&id);
    state.forget(&id);
    Ok(reply::no_content())
}

fn change(users: &mut Users, id: &str, change: impl FnOnce(&mut User)) -> Answer {
    let user = users.find_mut(id).ok_or_else(not_found)?;
    change(user);
    user.touch();
    Ok(reply::ok(&user.to_json()))
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Takes the three password members out, so that no answer can hold them.
fn take_password(members: &mut Map<String, Value>) -> Result<Option<Password>, Failure> {
    let mut take = |name| match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    match (take("password"), take("passwordDigest"), take("passwordAlgorithm")) {
        (Some(_), Some(_), _) => Err(Failure::new(400, "user.password_and_digest")),
        (None, Some(_), None) => Err(Failure::new(400, "user.password_algorithm_required")),
        (Some(password), None, _) => Ok(Some(Password::Plain(password))),
        (None, Some(_), Some(_)) => Ok(Some(Password::Digest)),
        (None, None, _) => Ok(None),
    }
}
