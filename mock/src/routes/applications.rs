//! `/api/applications` and their secrets.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get},
};
use serde_json::Value;

use crate::{
    routes::{
        auth::Management,
        body::JsonBody,
        collection::{self, Entity, View, find, removed},
        reply::{self, Answer},
    },
    rules::{
        applications::{add_default_secret, defaults, secret},
        apps::is_public,
        errors::Failure,
        guard::{Field, Kind, clearable, optional, required},
    },
    state::{
        self, Store,
        collection::{Collection, Members, text},
        ids::Ids,
        params::Params,
    },
};

const TYPE: Kind =
    Kind::Enum(&["Native", "SPA", "Traditional", "MachineToMachine", "Protected", "SAML"]);
const METADATA: Kind = Kind::Object(&[
    required("redirectUris", Kind::List(&Kind::RedirectUri)),
    required("postLogoutRedirectUris", Kind::List(&Kind::RedirectUri)),
    optional("backchannelLogoutUri", Kind::Url),
    optional("backchannelLogoutSessionRequired", Kind::Boolean),
    optional("logoUri", Kind::Text),
]);
const SECRET: &[Field] = &[required("name", Kind::NonEmpty), clearable("expiresAt", Kind::Integer)];

struct Application;

impl Entity for Application {
    const NAME: &'static str = "applications";
    const CREATED: StatusCode = StatusCode::OK;
    const CREATE: &'static [Field] = &[
        required("name", Kind::NonEmpty),
        clearable("description", Kind::Text),
        required("type", TYPE),
        optional("oidcClientMetadata", METADATA),
        optional("customClientMetadata", Kind::FreeForm),
        optional("customData", Kind::FreeForm),
        optional("isThirdParty", Kind::Boolean),
    ];
    const UPDATE: &'static [Field] = &[
        optional("name", Kind::NonEmpty),
        clearable("description", Kind::Text),
        optional("oidcClientMetadata", METADATA),
        optional("customClientMetadata", Kind::FreeForm),
        optional("customData", Kind::FreeForm),
        optional("appLevelAccessControlEnabled", Kind::Boolean),
    ];

    fn collection(state: &mut state::State) -> &mut Collection {
        &mut state.applications
    }

    fn defaults(ids: &mut Ids) -> Value {
        defaults(ids)
    }

    fn check(_: &mut state::State, members: &Members, _: Option<&str>) -> Result<(), Failure> {
        match text(members, "type") {
            Some("Protected") => Err(Failure::new(501, "application.protected_app_not_configured")),
            _ => Ok(()),
        }
    }

    fn created(state: &mut state::State, application: &Members) {
        add_default_secret(state, application);
    }

    fn show(_: &state::State, view: View, application: &mut Members) {
        if view == View::Read {
            application.insert("isAdmin".into(), false.into());
        }
    }

    fn is_wanted(query: &Params, application: &Members) -> bool {
        let mut types = query.iter().filter(|(key, _)| *key == "types").peekable();
        let kind = text(application, "type");
        types.peek().is_none() || types.any(|(_, wanted)| Some(wanted) == kind)
    }
}

pub(crate) fn routes() -> Router<Store> {
    collection::routes::<Application>()
        .route("/api/applications/{id}/secrets", get(secrets).post(add_secret))
        .route("/api/applications/{id}/secrets/{name}", delete(delete_secret))
}

async fn secrets(_: Management, State(store): State<Store>, Path(id): Path<String>) -> Answer {
    let mut state = store.lock();
    find::<Application>(&mut state, &id)?;
    let secrets = state.secrets.all_by("applicationId", &id);
    Ok(reply::ok(&secrets.cloned().map(Value::from).collect()))
}

async fn add_secret(
    _: Management,
    State(store): State<Store>,
    Path(id): Path<String>,
    body: JsonBody,
) -> Answer {
    let members = body.check(SECRET)?;
    let mut state = store.lock();
    let application = find::<Application>(&mut state, &id)?;
    if is_public(text(&application, "type").unwrap_or_default()) {
        return Err(Failure::new(422, "entity.db_constraint_violated"));
    }
    let name = text(&members, "name").unwrap_or_default();
    if state.secrets.all_by("applicationId", &id).any(|own| text(own, "name") == Some(name)) {
        return Err(Failure::new(422, "application.secret_name_exists"));
    }
    let mut secret = secret(&mut state.ids, &id);
    secret.extend(members);
    state.secrets.add(secret.clone());
    Ok(reply::json(StatusCode::CREATED, &secret.into()))
}

async fn delete_secret(
    _: Management,
    State(store): State<Store>,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let mut state = store.lock();
    let fits = |secret: &Members| {
        text(secret, "applicationId") == Some(&id) && text(secret, "name") == Some(&name)
    };
    removed(state.secrets.remove(fits))
}
