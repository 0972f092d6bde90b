//! `/api/resources` and their scopes.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, patch},
};
use serde_json::{Value, json};

use crate::{
    routes::{
        auth::Management,
        body::JsonBody,
        collection::{self, Entity, View, change, find, removed},
        page::Page,
        reply::{self, Answer},
    },
    rules::{
        apps::MANAGEMENT,
        errors::Failure,
        guard::{Field, Kind, clearable, optional, required},
        search::Search,
    },
    state::{
        self, Store,
        collection::{Collection, Members, object, text},
        ids::Ids,
        now,
        params::Params,
    },
};

const CREATE_SCOPE: &[Field] =
    &[required("name", Kind::NonEmpty), clearable("description", Kind::Text)];
const UPDATE_SCOPE: &[Field] =
    &[optional("name", Kind::NonEmpty), clearable("description", Kind::Text)];

struct Resource;

impl Entity for Resource {
    const NAME: &'static str = "resources";
    const CREATE: &'static [Field] = &[
        required("name", Kind::NonEmpty),
        required("indicator", Kind::Url),
        optional("accessTokenTtl", Kind::Integer),
    ];
    const UPDATE: &'static [Field] =
        &[optional("name", Kind::NonEmpty), optional("accessTokenTtl", Kind::Integer)];

    fn collection(state: &mut state::State) -> &mut Collection {
        &mut state.resources
    }

    fn defaults(ids: &mut Ids) -> Value {
        json!({
            "tenantId": "default", "id": ids.standard(), "name": "", "indicator": "",
            "isDefault": false, "accessTokenTtl": 3600,
        })
    }

    fn check(state: &mut state::State, members: &Members, id: Option<&str>) -> Result<(), Failure> {
        if id == Some(MANAGEMENT) {
            return Err(Failure::new(400, "resource.cannot_modify_management_api"));
        }
        match state.resources.taken("indicator", members, id) {
            None => Ok(()),
            Some(indicator) => {
                let message = format!("The API identifier {indicator} is already in use");
                Err(Failure::with_message(422, "resource.resource_identifier_in_use", &message))
            }
        }
    }

    fn show(_: &state::State, view: View, resource: &mut Members) {
        if view == View::Created {
            resource.insert("scopes".into(), json!([]));
        }
    }

    fn check_delete(id: &str) -> Result<(), Failure> {
        match id {
            MANAGEMENT => Err(Failure::new(400, "resource.cannot_delete_management_api")),
            _ => Ok(()),
        }
    }
}

pub(crate) fn routes() -> Router<Store> {
    collection::routes::<Resource>()
        .route("/api/resources/{id}/scopes", get(scopes).post(add_scope))
        .route("/api/resources/{id}/scopes/{scope_id}", patch(update_scope).delete(delete_scope))
}

async fn scopes(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    query: Params,
) -> Answer {
    let page = Page::of(&query)?;
    let search = Search::of(&query, &["id", "name", "description"])?;
    let mut state = store.lock();
    find::<Resource>(&mut state, &id)?;
    let own = state.scopes.newest_first().filter(|scope| is_of(scope, &id));
    let found = own.filter(|scope| search.finds(|field| text(scope, field)));
    let found = found.cloned().map(Value::from).collect();
    Ok(page.answer(&format!("{}/resources/{id}/scopes", state.endpoint), found))
}

async fn add_scope(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(CREATE_SCOPE)?;
    let mut state = store.lock();
    find::<Resource>(&mut state, &id)?;
    check_scope(&state, &id, &members, None)?;
    let mut scope = object(json!({
        "tenantId": "default", "id": state.ids.standard(), "resourceId": id, "name": "",
        "description": null, "createdAt": now(),
    }));
    scope.extend(members);
    state.scopes.add(scope.clone());
    Ok(reply::json(StatusCode::CREATED, &scope.into()))
}

async fn update_scope(
    _: Management,
    State(store): State<Store>,
    Path((id, scope_id)): Path<(String, String)>,
    body: JsonBody,
) -> Answer {
    let members = body.check(UPDATE_SCOPE)?;
    let mut state = store.lock();
    find::<Resource>(&mut state, &id)?;
    check_scope(&state, &id, &members, Some(&scope_id))?;
    let changed = change(&mut state.scopes, &scope_id, members);
    changed.ok_or_else(|| Failure::new(404, "entity.not_found"))
}

async fn delete_scope(
    _: Management,
    State(store): State<Store>,
    Path((id, scope_id)): Path<(String, String)>,
) -> Answer {
    let mut state = store.lock();
    let fits = |scope: &Members| is_of(scope, &id) && text(scope, "id") == Some(&scope_id);
    removed(state.scopes.remove(fits))
}

fn check_scope(
    state: &state::State,
    resource: &str,
    members: &Members,
    own_id: Option<&str>,
) -> Result<(), Failure> {
    let Some(name) = text(members, "name") else { return Ok(()) };
    if name.contains(' ') {
        return Err(Failure::new(400, "scope.name_with_space"));
    }
    let mut others = state.scopes.all_by("name", name);
    if others.any(|scope| is_of(scope, resource) && text(scope, "id") != own_id) {
        let message = format!("The scope name {name} is already in use");
        return Err(Failure::with_message(422, "scope.name_exists", &message));
    }
    Ok(())
}

fn is_of(scope: &Members, resource: &str) -> bool {
    text(scope, "resourceId") == Some(resource)
}
