//! `/api/organizations` and their members.

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
        collection::{self, Entity, Searched, find, removed},
        page::Page,
        reply::{self, Answer},
    },
    rules::{
        errors::Failure,
        guard::{Field, Kind, clearable, optional, required},
        search::Search,
        users,
    },
    state::{
        self, Store,
        collection::{Collection, Members, strings},
        ids::Ids,
        now,
        params::Params,
        user::User,
    },
};

const USER_IDS: &[Field] = &[required("userIds", Kind::NonEmptyList(&Kind::NonEmpty))];
const ANY_USER_IDS: &[Field] = &[required("userIds", Kind::List(&Kind::NonEmpty))];

struct Organization;

/// What can be set of one; only its name is asked for, and only at first.
const fn members_with(name: Field) -> [Field; 7] {
    [
        name,
        clearable("description", Kind::Text),
        optional("customData", Kind::FreeForm),
        optional("isMfaRequired", Kind::Boolean),
        optional("color", Kind::FreeForm),
        optional("branding", Kind::FreeForm),
        clearable("customCss", Kind::Text),
    ]
}

impl Entity for Organization {
    const NAME: &'static str = "organizations";
    const PAGED: bool = true;
    const SEARCHED: Searched = Searched::Word;
    const CREATE: &'static [Field] = &members_with(required("name", Kind::NonEmpty));
    const UPDATE: &'static [Field] = &members_with(optional("name", Kind::NonEmpty));

    fn collection(state: &mut state::State) -> &mut Collection {
        &mut state.organizations
    }

    fn defaults(ids: &mut Ids) -> Value {
        json!({
            "tenantId": "default", "id": ids.user(), "name": "", "description": null,
            "customData": {}, "isMfaRequired": false, "color": {}, "branding": {},
            "customCss": null, "createdAt": now(),
        })
    }

    fn nothing_to_delete(_: &str) -> Failure {
        Failure::new(404, "entity.not_found")
    }
}

pub(crate) fn routes() -> Router<Store> {
    collection::routes::<Organization>()
        .route("/api/organizations/{id}/users", get(members).post(add).put(replace))
        .route("/api/organizations/{id}/users/{user_id}", delete(remove))
        .route("/api/users/{id}/organizations", get(organizations_of_user))
}

async fn members(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    query: Params,
) -> Answer {
    let page = Page::of(&query)?;
    let search = Search::for_word(&query, users::SEARCHED);
    let mut state = store.lock();
    find::<Organization>(&mut state, &id)?;
    let users = state.members.of(&id).filter_map(|user| state.users.find(user));
    let found = users.filter(|user| search.finds(|field| user.text(field)));
    let found = found.map(member).collect();
    Ok(page.answer(&format!("{}/organizations/{id}/users", state.endpoint), found))
}

/// A user as a member: roles in organizations are not known here.
fn member(user: &User) -> Value {
    let mut member = user.to_json();
    if let Value::Object(members) = &mut member {
        members.remove("hasPassword");
        members.insert("organizationRoles".into(), json!([]));
    }
    member
}

async fn add(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let users = strings(&body.check(USER_IDS)?, "userIds");
    let mut state = store.lock();
    join(&mut state, &id, &users)?;
    Ok(reply::json(StatusCode::CREATED, &json!({ "userIds": users })))
}

async fn replace(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let users = strings(&body.check(ANY_USER_IDS)?, "userIds");
    let mut state = store.lock();
    let before: Vec<String> = state.members.of(&id).map(str::to_owned).collect();
    join(&mut state, &id, &users)?;
    for user in before.iter().filter(|user| !users.contains(user)) {
        state.members.remove(&id, user);
    }
    Ok(reply::no_content())
}

/// Makes all of these users members, or none of them.
fn join(state: &mut state::State, id: &str, users: &[String]) -> Result<(), Failure> {
    let known = users.iter().all(|user| state.users.find(user).is_some());
    if !known || state.organizations.find(id).is_none() {
        return Err(Failure::new(422, "entity.relation_foreign_key_not_found"));
    }
    for user in users {
        state.members.add(id, user);
    }
    Ok(())
}

async fn remove(
    _: Management,
    State(store): State<Store>,
    Path((id, user)): Path<(String, String)>,
) -> Answer {
    removed(store.lock().members.remove(&id, &user))
}

async fn organizations_of_user(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
) -> Answer {
    let state = store.lock();
    let organizations = state.members.with(&id);
    let found = organizations.filter_map(|id| state.organizations.find(id)).map(|organization| {
        let mut organization: Members = organization.clone();
        organization.insert("organizationRoles".into(), json!([]));
        Value::from(organization)
    });
    Ok(reply::ok(&found.collect()))
}
