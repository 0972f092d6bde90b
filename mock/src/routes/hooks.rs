//! `/api/hooks`. Nothing is ever delivered.

use axum::{
    Router,
    extract::{self, Path},
    routing::patch,
};
use serde_json::{Value, json};

use crate::{
    routes::{
        auth::Management,
        collection::{self, Entity, change},
        reply::Answer,
    },
    rules::{
        errors::Failure,
        guard::{Field, Kind, clearable, optional, required},
    },
    state::{
        State, Store,
        collection::{Collection, object},
        ids::Ids,
        now,
    },
};

const EVENT: Kind = Kind::Enum(&[
    "PostRegister",
    "PostSignIn",
    "PostSignInAdaptiveMfaTriggered",
    "PostResetPassword",
    "User.Created",
    "User.Deleted",
    "User.Data.Updated",
    "User.SuspensionStatus.Updated",
    "Role.Created",
    "Role.Deleted",
    "Role.Data.Updated",
    "Role.Scopes.Updated",
    "Scope.Created",
    "Scope.Deleted",
    "Scope.Data.Updated",
    "Organization.Created",
    "Organization.Deleted",
    "Organization.Data.Updated",
    "Organization.Membership.Updated",
    "OrganizationRole.Created",
    "OrganizationRole.Deleted",
    "OrganizationRole.Data.Updated",
    "OrganizationRole.Scopes.Updated",
    "OrganizationScope.Created",
    "OrganizationScope.Deleted",
    "OrganizationScope.Data.Updated",
    "Identifier.Lockout",
    "Message.RateLimited",
    "Grant.LimitExceeded",
]);

const CONFIG: Kind = Kind::Object(&[
    required("url", Kind::Text),
    optional("headers", Kind::FreeForm),
    optional("retries", Kind::Integer),
]);

struct Hook;

impl Entity for Hook {
    const NAME: &'static str = "hooks";
    const CREATE: &'static [Field] = &[
        optional("name", Kind::Text),
        optional("event", EVENT),
        optional("events", Kind::NonEmptyList(&EVENT)),
        required("config", CONFIG),
        optional("enabled", Kind::Boolean),
    ];
    const UPDATE: &'static [Field] = &[
        optional("name", Kind::Text),
        clearable("event", EVENT),
        optional("events", Kind::NonEmptyList(&EVENT)),
        optional("config", CONFIG),
        optional("enabled", Kind::Boolean),
    ];

    fn collection(state: &mut State) -> &mut Collection {
        &mut state.hooks
    }

    fn defaults(ids: &mut Ids) -> Value {
        json!({
            "tenantId": "default", "id": ids.standard(), "name": "", "event": null, "events": [],
            "config": {}, "signingKey": ids.secret(), "enabled": true, "createdAt": now(),
        })
    }

    fn nothing_to_delete(_: &str) -> Failure {
        Failure::new(404, "entity.not_found")
    }
}

pub(crate) fn routes() -> Router<Store> {
    collection::routes::<Hook>().route("/api/hooks/{id}/signing-key", patch(rotate_key))
}

async fn rotate_key(
    _: Management,
    extract::State(store): extract::State<Store>,
    Path(id): Path<String>,
) -> Answer {
    let mut state = store.lock();
    let key = object(json!({ "signingKey": state.ids.secret() }));
    change(&mut state.hooks, &id, key).ok_or_else(|| Failure::no_such(Hook::NAME, &id))
}
