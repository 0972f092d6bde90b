//! The audit log.

use serde_json::{Value, json};

use crate::state::{State, collection::object, now, params::Params, tables::Row};

/// What of a token request is no secret.
const SHOWN: [&str; 7] = [
    "grant_type",
    "resource",
    "scope",
    "redirect_uri",
    "organization_id",
    "subject_token_type",
    "requested_token_type",
];

/// Notes a request for tokens, and how it went.
pub(crate) fn token_request(
    state: &mut State,
    form: &Params,
    app_id: Option<&str>,
    user_agent: Option<&str>,
    succeeded: bool,
) {
    let grant = match form.get("grant_type").unwrap_or_default() {
        "client_credentials" => "ClientCredentials",
        "authorization_code" => "AuthorizationCode",
        "refresh_token" => "RefreshToken",
        "urn:ietf:params:oauth:grant-type:token-exchange" => "TokenExchange",
        _ => return,
    };
    let shown = |name: &str| SHOWN.contains(&name);
    let params = form.iter().filter(|(name, _)| *name != "client_id");
    let params: Value = params
        .map(|(name, value)| (name.to_owned(), if shown(name) { value } else { "******" }.into()))
        .collect::<serde_json::Map<String, Value>>()
        .into();
    let mut payload = json!({
        "key": format!("ExchangeTokenBy.{grant}"), "ip": "::ffff:127.0.0.1", "params": params,
        "result": if succeeded { "Success" } else { "Error" },
    });
    for (name, value) in
        [("applicationId", app_id.or(form.get("client_id"))), ("userAgent", user_agent)]
    {
        if let Some(value) = value {
            payload[name] = value.into();
        }
    }
    add(state, payload);
}

/// Adds what happened, with its `key`.
pub(crate) fn add(state: &mut State, payload: Value) {
    let id = state.ids.standard();
    let members = object(json!({
        "tenantId": "default", "id": id, "key": payload["key"], "payload": payload,
        "createdAt": now(),
    }));
    state.tables.table("logs").add(Row { owner: String::new(), key: id, members });
}
