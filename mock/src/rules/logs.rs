//! The audit log: what was done, by whom, and what came of it.

use serde_json::{Value, json};

use crate::{
    rules::{call::Call, errors::Failure, events::ADDRESS, releases::knows},
    state::{
        State,
        collection::{Members, object, text},
        interaction::{Interaction, Prompt},
        now,
        params::Params,
        tables::Row,
    },
};

const MASK: &str = "******";
/// Parts of names, without `_` and `-`, whose values are no-one's business.
const SENSITIVE: [&str; 6] = ["secret", "password", "apikey", "privatekey", "credential", "cookie"];
/// The parameter that each grant takes its secret by.
const GRANTS: [(&str, &str, &str); 5] = [
    ("client_credentials", "ClientCredentials", "client_secret"),
    ("authorization_code", "AuthorizationCode", "client_secret"),
    ("refresh_token", "RefreshToken", "refresh_token"),
    ("urn:ietf:params:oauth:grant-type:token-exchange", "TokenExchange", "actor_token"),
    ("urn:ietf:params:oauth:grant-type:device_code", "DeviceCode", "client_secret"),
];

/// Adds what was done: with what failed, if it did.
pub(crate) fn add(
    state: &mut State,
    key: &str,
    user_agent: Option<&str>,
    failed: Option<Value>,
    members: Members,
) {
    let result = if failed.is_some() { "Error" } else { "Success" };
    let mut payload = object(json!({ "key": key, "result": result, "ip": ADDRESS }));
    if let Some(user_agent) = user_agent {
        payload.insert("userAgent".into(), user_agent.into());
        if knows(state, "1.38") {
            let parsed = json!({
                "ua": user_agent, "browser": {}, "device": {}, "engine": {}, "os": {}, "cpu": {},
            });
            payload.insert("userAgentParsed".into(), parsed);
        }
    }
    payload.extend(failed.map(|error| ("error".to_owned(), error)));
    payload.extend(members);
    let id = state.ids.standard();
    let members = object(json!({
        "tenantId": "default", "id": id, "key": key, "payload": masked(payload.into()),
        "createdAt": now(),
    }));
    state.tables.table("logs").add(Row { owner: String::new(), key: id, members });
}

/// The operations that are logged by themselves, and what their entries are called.
const OPERATIONS: [(&str, &str); 3] = [
    ("GetSamlApplicationCallback", "SamlApplication.Callback"),
    ("GetSamlAuthn", "SamlApplication.AuthnRequest"),
    ("CreateSamlAuthn", "SamlApplication.AuthnRequest"),
];

/// Notes an operation that is logged, and what came of it.
pub(crate) fn operation(call: &mut Call<'_>, user_agent: Option<&str>, failed: Option<&Failure>) {
    let own = OPERATIONS.iter().find(|(id, _)| *id == call.operation.id);
    // What is not well-formed is not looked into.
    let is_malformed = failed.is_some_and(|own| own.body["code"] == "guard.invalid_input");
    let Some((_, key)) = own.filter(|_| !is_malformed) else { return };
    let query = call.query.iter().map(|(name, value)| (name.to_owned(), value.into()));
    let (name, asked) = match call.body.is_object() {
        true => ("body", call.body.clone()),
        false => ("query", query.collect::<Members>().into()),
    };
    let members = object(json!({ "applicationId": call.path.first(), name: asked }));
    add(call.state, key, user_agent, failed.map(error), members);
}

/// What a refusal is logged as.
pub(crate) fn error(failure: &Failure) -> Value {
    let told = ["code", "message", "data"].into_iter();
    let told = told.filter_map(|name| Some((name.to_owned(), failure.body.get(name)?.clone())));
    told.collect::<Members>().into()
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let value = if is_sensitive(&name) { MASK.into() } else { masked(value) };
                (name, value)
            });
            members.collect::<Members>().into()
        }
        Value::Array(items) => items.into_iter().map(masked).collect(),
        other => other,
    }
}

fn is_sensitive(name: &str) -> bool {
    let name = name.replace(['_', '-'], "").to_lowercase();
    // What is told of an application's secret is its name.
    name != "applicationsecret"
        && (name.ends_with("token")
            || name == "authorization"
            || SENSITIVE.iter().any(|part| name.contains(part)))
}

/// The parameters of a request to an OIDC endpoint; `secrets` are named even if they are not there.
fn shown(params: &Params, secrets: &[&str]) -> Value {
    let own = params.iter().map(|(name, value)| (name.to_owned(), value.into()));
    let secrets = secrets.iter().map(|name| ((*name).to_owned(), MASK.into()));
    own.chain(secrets).collect::<Members>().into()
}

/// Notes a request for tokens, and what came of it.
pub(crate) fn token_request(
    state: &mut State,
    form: &Params,
    app_id: Option<&str>,
    user_agent: Option<&str>,
    answer: &Value,
) {
    let grant_type = form.get("grant_type").unwrap_or_default();
    let grant = GRANTS.iter().find(|(name, ..)| *name == grant_type);
    let (_, grant, secret) = grant.unwrap_or(&("", "Unknown", "client_secret"));
    let types = [
        ("access_token", "AccessToken"),
        ("refresh_token", "RefreshToken"),
        ("id_token", "IdToken"),
    ];
    let types = types.into_iter().filter(|(name, _)| answer.get(*name).is_some());
    let mut members = object(json!({
        "params": shown(form, &["client_secret", secret]),
        "tokenTypes": types.map(|(_, name)| name).collect::<Vec<_>>(),
    }));
    let access_token = answer["access_token"].as_str().unwrap_or_default();
    let user_id = state.tokens.access(access_token, now()).and_then(|token| token.user_id.clone());
    let app_id = app_id.or(form.get("client_id"));
    for (name, value) in [
        ("applicationId", app_id),
        ("userId", user_id.as_deref()),
        ("scope", answer["scope"].as_str()),
    ] {
        members.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    let has_secret = app_id.and_then(|id| state.tables.of("applications/secrets", id).next());
    if let Some(row) = has_secret {
        let name = text(&row.members, "name").unwrap_or_default();
        members.insert("applicationSecret".into(), json!({ "name": name }));
    }
    let failed = answer.get("error").map(|_| answer.to_string().into());
    add(state, &format!("ExchangeTokenBy.{grant}"), user_agent, failed, members);
}

/// Notes that a user is sent to a page.
pub(crate) fn interaction_begun(
    state: &mut State,
    uid: &str,
    interaction: &Interaction,
    user_agent: Option<&str>,
) {
    let (prompt, user_id) = match &interaction.prompt {
        Prompt::Login(_) => {
            (json!({ "name": "login", "details": {}, "reasons": ["no_session"] }), None)
        }
        Prompt::Consent { user_id, .. } => {
            let scope = interaction.params.get("scope").unwrap_or_default();
            let missing: Vec<&str> = scope.split(' ').collect();
            let prompt = json!({
                "name": "consent", "details": { "missingOIDCScope": missing },
                "reasons": ["consent_prompt", "op_scopes_missing"],
            });
            (prompt, Some(user_id.as_str()))
        }
    };
    let mut members = of_interaction(state, &interaction.params, uid);
    members.insert("prompt".into(), prompt);
    members.extend(user_id.map(|id| ("userId".to_owned(), id.into())));
    add(state, "Interaction.Create", user_agent, None, members);
}

/// Notes that a user is sent back to the application.
pub(crate) fn interaction_ended(state: &mut State, params: &Params, user_agent: Option<&str>) {
    let uid = state.ids.opaque();
    let members = of_interaction(state, params, &uid);
    add(state, "Interaction.End", user_agent, None, members);
}

fn of_interaction(state: &mut State, params: &Params, uid: &str) -> Members {
    object(json!({
        "applicationId": params.get("client_id"), "sessionId": state.ids.opaque(),
        "interactionId": uid, "params": shown(params, &["one_time_token", "google_one_tap_credential"]),
    }))
}

/// Whether the parameters of a list of logs let one through.
pub(crate) fn is_wanted(query: &Params, log: &Members) -> bool {
    let payload = log.get("payload").unwrap_or(&Value::Null);
    let is = |name: &str, own: Option<&str>| query.get(name).is_none_or(|value| own == Some(value));
    let time = |name: &str| query.get(name).and_then(|time| time.parse::<u64>().ok());
    let created = log.get("createdAt").and_then(Value::as_u64).unwrap_or_default();
    is("logKey", text(log, "key"))
        && is("userId", payload["userId"].as_str())
        && is("applicationId", payload["applicationId"].as_str())
        && time("start_time").is_none_or(|start| created >= start)
        && time("end_time").is_none_or(|end| created <= end)
}
