//! Consent: given by the server for its own applications, asked of the user for a third party's.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    routes::{
        authorization::interaction_of,
        body::JsonBody,
        origin::own_address,
        pages,
        reply::{self, Answer},
    },
    rules::{access, apps::App, errors::Failure},
    state::{
        self, Store,
        collection::{Members, object, strings, text},
        interaction::{Interaction, Prompt},
    },
};

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/consent", get(page))
        .route("/api/interaction/consent", get(read).post(give))
}

async fn page(State(store): State<Store>, headers: HeaderMap) -> Result<Response, Failure> {
    let mut state = store.lock();
    let unknown = format!("{}/unknown-session", own_address(&state, &headers));
    let Ok((uid, interaction)) = asked(&mut state, &headers) else {
        return Ok(reply::redirect(StatusCode::FOUND, &unknown));
    };
    let app_id = interaction.app_id.clone();
    let Prompt::Consent { user_id, .. } = &interaction.prompt else { return Err(no_session()) };
    let user_id = user_id.clone();
    let app = App::find(&state, &app_id).ok_or_else(no_session)?;
    let is_kept_out = access::check(&state, &app, &user_id).is_err();
    if app.is_third_party() || is_kept_out {
        return Ok(reply::html(pages::CONSENT));
    }
    Ok(reply::redirect(StatusCode::FOUND, &agree(&mut state, &headers, &uid)))
}

/// What a page of one's own shows a user who is to agree.
async fn read(State(store): State<Store>, headers: HeaderMap) -> Answer {
    let mut state = store.lock();
    let (_, interaction) = asked(&mut state, &headers)?;
    let Prompt::Consent { user_id, .. } = &interaction.prompt else { return Err(no_session()) };
    let (user_id, app_id) = (user_id.clone(), interaction.app_id.clone());
    let redirect_uri = interaction.params.get("redirect_uri").map(str::to_owned);
    let scope = interaction.params.get("scope").unwrap_or_default().to_owned();
    check_access(&state, &app_id, &user_id)?;
    let user = state.users.find(&user_id).ok_or_else(no_session)?;
    let application = state.tables.find("applications", &app_id).ok_or_else(no_session)?;
    let shown = ["id", "name", "avatar", "username", "primaryEmail", "primaryPhone"];
    let shown = shown.into_iter().map(|name| (name.to_owned(), user.get(name).clone()));
    let scopes = scope.split(' ').filter(|scope| !["openid", "offline_access", ""].contains(scope));
    Ok(reply::ok(&json!({
        "application": { "id": app_id, "name": text(application, "name") },
        "user": shown.collect::<Members>(),
        "organizations": organizations(&state, &user_id, &scope),
        "missingOIDCScope": scopes.collect::<Vec<_>>(),
        "missingResourceScopes": [],
        "redirectUri": redirect_uri,
    })))
}

/// Only an application that asks for organizations is shown them.
fn organizations(state: &state::State, user_id: &str, scope: &str) -> Value {
    let asked = scope.split(' ').any(|scope| scope == "urn:logto:scope:organizations");
    let own = state.links.lefts("organizations/users", user_id).filter(|_| asked);
    let own = own.filter_map(|id| state.tables.find("organizations", id));
    let shown = own.map(|own| {
        json!({ "id": text(own, "id"), "name": text(own, "name"), "missingResourceScopes": [] })
    });
    shown.collect()
}

async fn give(State(store): State<Store>, headers: HeaderMap, body: JsonBody) -> Answer {
    let mut state = store.lock();
    let (uid, interaction) = asked(&mut state, &headers)?;
    let Prompt::Consent { user_id, .. } = &interaction.prompt else { return Err(no_session()) };
    let user_id = user_id.clone();
    let app_id = interaction.app_id.clone();
    check_access(&state, &app_id, &user_id)?;
    let members = object(body.value);
    let organizations = strings(&members, "organizationIds");
    if !organizations.iter().all(|id| state.links.has("organizations/users", id, &user_id)) {
        return Err(Failure::new(422, "organization.require_membership"));
    }
    for id in &organizations {
        let links = state.links.of("applications/users/consent-organizations");
        links.add(&format!("{app_id}/{user_id}"), id);
    }
    Ok(reply::ok(&json!({ "redirectTo": agree(&mut state, &headers, &uid) })))
}

fn check_access(state: &state::State, app_id: &str, user_id: &str) -> Result<(), Failure> {
    let app = App::find(state, app_id).ok_or_else(no_session)?;
    access::check_at_page(state, &app, user_id)
}

/// Notes that the user agrees, and gives the way on.
fn agree(state: &mut state::State, headers: &HeaderMap, uid: &str) -> String {
    let address = own_address(state, headers);
    let Some(interaction) = state.interactions.get_mut(uid) else { return String::new() };
    if let Prompt::Consent { given, .. } = &mut interaction.prompt {
        *given = true;
    }
    format!("{address}{}", interaction.path(uid))
}

/// The interaction of a user who has signed in.
fn asked<'a>(
    state: &'a mut state::State,
    headers: &HeaderMap,
) -> Result<(String, &'a mut Interaction), Failure> {
    let (uid, interaction) = interaction_of(state, headers)?;
    match interaction.prompt {
        Prompt::Consent { .. } => Ok((uid, interaction)),
        Prompt::Login(_) => Err(no_session()),
    }
}

fn no_session() -> Failure {
    Failure::new(400, "session.not_found")
}
