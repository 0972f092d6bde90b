//! `/api/roles`, and who has them.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use serde_json::{Value, json};

use crate::{
    routes::{
        auth::Management,
        body::JsonBody,
        collection::{self, Entity, View, find, removed},
        page::Page,
        reply::{self, Answer},
    },
    rules::{
        errors::Failure,
        guard::{Field, Kind, optional, required},
        users,
    },
    state::{
        self, Store,
        collection::{Collection, Members, strings, text},
        ids::Ids,
        params::Params,
        user::User,
    },
};

const TYPES: Kind = Kind::Enum(&["User", "MachineToMachine"]);
const ROLE_IDS: &[Field] = &[required("roleIds", Kind::List(&Kind::NonEmpty))];
const USER_IDS: &[Field] = &[required("userIds", Kind::NonEmptyList(&Kind::NonEmpty))];

struct Role;

impl Entity for Role {
    const NAME: &'static str = "roles";
    const CREATED: StatusCode = StatusCode::OK;
    const PAGED: bool = true;
    const CREATE: &'static [Field] = &[
        required("name", Kind::NonEmpty),
        required("description", Kind::Text),
        optional("type", TYPES),
        optional("isDefault", Kind::Boolean),
    ];
    const UPDATE: &'static [Field] = &[
        optional("name", Kind::NonEmpty),
        optional("description", Kind::Text),
        optional("isDefault", Kind::Boolean),
    ];

    fn collection(state: &mut state::State) -> &mut Collection {
        &mut state.roles
    }

    fn defaults(ids: &mut Ids) -> Value {
        json!({
            "tenantId": "default", "id": ids.standard(), "name": "", "description": "",
            "type": "User", "isDefault": false,
        })
    }

    fn check(state: &mut state::State, members: &Members, id: Option<&str>) -> Result<(), Failure> {
        match state.roles.taken("name", members, id) {
            None => Ok(()),
            Some(name) => {
                let message = format!("This role name {name} is already in use");
                Err(Failure::with_message(422, "role.name_in_use", &message))
            }
        }
    }

    fn show(state: &state::State, view: View, role: &mut Members) {
        if view != View::Listed {
            return;
        }
        let users = state.user_roles.with(text(role, "id").unwrap_or_default());
        let users: Vec<Value> = users.filter_map(|id| state.users.find(id)).map(featured).collect();
        role.insert("usersCount".into(), users.len().into());
        role.insert("featuredUsers".into(), users.into_iter().take(3).collect());
        role.insert("applicationsCount".into(), 0.into());
        role.insert("featuredApplications".into(), json!([]));
    }
}

pub(crate) fn routes() -> Router<Store> {
    let of_user = get(roles_of_user).post(add_to_user).put(replace_of_user);
    collection::routes::<Role>()
        .route("/api/users/{id}/roles", of_user)
        .route("/api/users/{id}/roles/{role_id}", delete(remove_from_user))
        .route("/api/roles/{id}/users", get(users_of_role).post(add_users))
        .route("/api/roles/{id}/users/{user_id}", delete(remove_user))
}

async fn roles_of_user(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    query: Params,
) -> Answer {
    let page = Page::of(&query)?;
    let state = store.lock();
    state.users.find(&id).ok_or_else(users::not_found)?;
    let roles = state.user_roles.of(&id).filter_map(|role| state.roles.find(role));
    let roles = roles.cloned().map(Value::from).collect();
    Ok(page.answer(&format!("{}/users/{id}/roles", state.endpoint), roles))
}

async fn add_to_user(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let roles = strings(&body.check(ROLE_IDS)?, "roleIds");
    let mut state = store.lock();
    check(&mut state, &[id.as_str()], &roles)?;
    let added: Vec<&String> = roles.iter().filter(|role| state.user_roles.add(&id, role)).collect();
    let body = json!({ "roleIds": roles, "addedRoleIds": added });
    Ok(reply::json(StatusCode::CREATED, &body))
}

async fn replace_of_user(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let roles = strings(&body.check(ROLE_IDS)?, "roleIds");
    let mut state = store.lock();
    check(&mut state, &[id.as_str()], &roles)?;
    state.user_roles.remove_all_of(&id);
    for role in &roles {
        state.user_roles.add(&id, role);
    }
    Ok(reply::ok(&json!({ "roleIds": roles })))
}

async fn remove_from_user(
    management: Management,
    store: State<Store>,
    Path((user, role)): Path<(String, String)>,
) -> Answer {
    remove_user(management, store, Path((role, user))).await
}

async fn users_of_role(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    query: Params,
) -> Answer {
    let page = Page::of(&query)?;
    let mut state = store.lock();
    find::<Role>(&mut state, &id)?;
    let users = state.user_roles.with(&id).filter_map(|user| state.users.find(user));
    let users = users.map(User::to_json).collect();
    Ok(page.answer(&format!("{}/roles/{id}/users", state.endpoint), users))
}

async fn add_users(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let users = strings(&body.check(USER_IDS)?, "userIds");
    let mut state = store.lock();
    let ids: Vec<&str> = users.iter().map(String::as_str).collect();
    check(&mut state, &ids, std::slice::from_ref(&id))?;
    for user in &users {
        state.user_roles.add(user, &id);
    }
    Ok(reply::text(StatusCode::CREATED, "Created"))
}

async fn remove_user(
    _: Management,
    State(store): State<Store>,
    Path((role, user)): Path<(String, String)>,
) -> Answer {
    removed(store.lock().user_roles.remove(&user, &role))
}

/// Users and roles have to exist, and the roles to be for users.
fn check(state: &mut state::State, users: &[&str], roles: &[String]) -> Result<(), Failure> {
    for role in roles {
        let role = find::<Role>(state, role)?;
        if text(&role, "type") != Some("User") {
            return Err(Failure::new(422, "user.invalid_role_type"));
        }
    }
    let missing = users.iter().any(|user| state.users.find(user).is_none());
    if missing { Err(users::not_found()) } else { Ok(()) }
}

/// As much of a user as lists of other things show.
pub(crate) fn featured(user: &User) -> Value {
    json!({ "id": user.id, "avatar": user.get("avatar"), "name": user.get("name") })
}
