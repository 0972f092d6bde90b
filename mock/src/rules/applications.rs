//! What new applications have.

use serde_json::{Value, json};

use crate::{
    rules::apps::is_public,
    state::{
        State,
        collection::{Members, object, text},
        ids::Ids,
        now,
    },
};

pub(crate) fn defaults(ids: &mut Ids) -> Value {
    json!({
        "tenantId": "default", "id": ids.standard(), "name": "", "description": null, "type": "",
        "oidcClientMetadata": { "redirectUris": [], "postLogoutRedirectUris": [] },
        "customClientMetadata": {}, "protectedAppMetadata": null, "customData": {},
        "isThirdParty": false, "appLevelAccessControlEnabled": false, "createdAt": now(),
    })
}

/// What can keep a secret has one from the start.
pub(crate) fn add_default_secret(state: &mut State, application: &Members) {
    let member = |name| text(application, name).unwrap_or_default();
    if !is_public(member("type")) {
        let mut secret = secret(&mut state.ids, member("id"));
        secret.insert("name".into(), "Default secret".into());
        state.secrets.add(secret);
    }
}

pub(crate) fn secret(ids: &mut Ids, application_id: &str) -> Members {
    object(json!({
        "tenantId": "default", "applicationId": application_id, "name": "",
        "value": ids.secret(), "createdAt": now(), "expiresAt": null,
    }))
}
