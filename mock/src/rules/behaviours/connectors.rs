//! Connectors and what they are made of.

use serde_json::{Value, json};

use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        catalog,
        contract::issues::{explained, type_name, wrong_type},
        engine,
        errors::Failure,
        releases::knows,
    },
    state::{
        State,
        collection::{Members, object, text},
        params::Params,
        tables::Row,
    },
};

pub(super) fn factories(call: &mut Call<'_>) -> Outcome {
    let id = |own: &Members| text(own, "id").unwrap_or_default().to_owned();
    let installed = catalog::factories().filter(|own| call.state.connectors.installs(&id(own)));
    Ok(Reply::ok(installed.map(Value::from).collect::<Value>()))
}

pub(super) fn factory(call: &mut Call<'_>) -> Outcome {
    let found = installed(call.state, &call.path[0]);
    found.map(Reply::ok).ok_or_else(|| Failure::new(404, "entity.not_found"))
}

fn installed(state: &State, id: &str) -> Option<Members> {
    catalog::factory(id).filter(|_| state.connectors.installs(id))
}

/// Tries a configuration out. The codes that it would send are not kept.
pub(super) fn test(call: &mut Call<'_>) -> Outcome {
    let is_given = |name: &str| call.body[name].is_string();
    if !is_given("phone") && !is_given("email") {
        let message = "The request {{type}} is invalid.";
        return Err(Failure::with_message(400, "guard.invalid_input", message));
    }
    let wanted = if is_given("phone") { "Sms" } else { "Email" };
    let factory = installed(call.state, &call.path[0])
        .filter(|own| ["Email", "Sms"].iter().any(|kind| own["type"] == *kind));
    let Some(factory) = factory.map(Value::from) else {
        let message = format!("Cannot find any available connector for type: {wanted}.");
        return Err(Failure::with_message(400, "connector.not_found", &message));
    };
    if factory["type"] != wanted {
        return Err(Failure::new(400, "connector.unexpected_type"));
    }
    let failed = || Failure::raw(500, json!({ "message": "Internal server error." }));
    check_config(&factory, &call.body["config"])
        .map_err(|refusal| if is_own(&factory) { refusal } else { failed() })?;
    Ok(Reply::nothing())
}

/// A connector with what its factory says of it.
fn shown(own: &Members) -> Value {
    let mut shown =
        catalog::factory(text(own, "connectorId").unwrap_or_default()).unwrap_or_default();
    shown.extend(own.clone());
    for (name, value) in own.get("metadata").and_then(Value::as_object).into_iter().flatten() {
        shown.insert(name.clone(), value.clone());
    }
    shown.insert("extraInfo".into(), json!({}));
    shown.into()
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let target = call.query.get("target");
    let rows = call.state.tables.of_all("connectors");
    let all = rows.map(|row| shown(&row.members));
    let found = all.filter(|own| target.is_none_or(|target| own["target"] == target));
    Ok(Reply::ok(found.collect::<Value>()))
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let Some(factory) = installed(call.state, call.text("connectorId")) else {
        return Err(Failure::new(422, "connector.not_found_with_connector_id"));
    };
    let factory = Value::from(factory);
    if factory["type"] == "Social" {
        check_social(call, &factory)?;
    }
    check_config(&factory, &call.body["config"])?;
    check_token_storage(call, &factory)?;
    let given = call.members();
    let id = given.get("id").and_then(Value::as_str).map(str::to_owned);
    let id = id.unwrap_or_else(|| call.state.ids.user());
    let mut own = object(json!({
        "id": id, "syncProfile": false, "enableTokenStorage": false, "config": {}, "metadata": {},
    }));
    own.extend(given);
    if factory["type"] != "Social" {
        remove_of_type(call.state, &factory["type"]);
    }
    add(call.state, own.clone(), factory["type"] == "Social");
    Ok(Reply::ok(shown(&own)))
}

/// Only standard protocols can be connected to several times, each time under another target.
fn check_social(call: &Call<'_>, factory: &Value) -> Result<(), Failure> {
    let is_standard = factory["isStandard"] == true;
    let target = call.body["metadata"]["target"].as_str().unwrap_or_default();
    if is_standard && target.is_empty() {
        return Err(Failure::new(400, "connector.should_specify_target"));
    }
    if !is_standard && call.body.get("metadata").is_some() {
        return Err(Failure::new(400, OVERWRITTEN));
    }
    let target = if target.is_empty() { &factory["target"] } else { &json!(target) };
    let others: Vec<Value> =
        call.state.tables.of_all("connectors").map(|row| shown(&row.members)).collect();
    if !is_standard && others.iter().any(|own| own["connectorId"] == factory["id"]) {
        return Err(Failure::new(422, "connector.multiple_instances_not_supported"));
    }
    let is_same = |own: &&Value| own["target"] == *target && own["platform"] == factory["platform"];
    match others.iter().find(is_same) {
        Some(own) => {
            let failure = Failure::new(422, "connector.multiple_target_with_same_platform");
            Err(failure
                .data(json!({ "connectorId": own["connectorId"], "connectorName": own["name"] })))
        }
        None => Ok(()),
    }
}

const OVERWRITTEN: &str = "connector.cannot_overwrite_metadata_for_non_standard_connector";

fn check_token_storage(call: &Call<'_>, factory: &Value) -> Result<(), Failure> {
    let is_supported = factory["type"] == "Social" && factory["isTokenStorageSupported"] == true;
    match call.body["enableTokenStorage"] == true && !is_supported {
        true => Err(Failure::new(422, "connector.token_storage_not_supported")),
        false => Ok(()),
    }
}

/// One connector sends all e-mails, and one all text messages: the newest.
fn remove_of_type(state: &mut State, kind: &Value) {
    let others = state.tables.of_all("connectors");
    let same = others.filter(|row| shown(&row.members)["type"] == *kind);
    let same: Vec<String> = same.map(|row| row.key.clone()).collect();
    for key in same {
        state.tables.table("connectors").remove("", &key);
    }
}

fn add(state: &mut State, own: Members, is_social: bool) {
    let key = text(&own, "id").unwrap_or_default().to_owned();
    if is_social {
        state.connectors.add_social(&key);
    }
    state.tables.table("connectors").add(Row { owner: String::new(), key, members: own });
}

/// Adds the social connector that asks nobody; gives its id.
pub(crate) fn add_social(state: &mut State) -> String {
    let id = state.ids.user();
    let own = object(json!({
        "id": id, "syncProfile": false, "enableTokenStorage": false, "config": {}, "metadata": {},
        "connectorId": "mock-social-connector",
    }));
    add(state, own, true);
    id
}

pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let own = call.state.tables.find("connectors", call.key());
    own.map(|own| Reply::ok(shown(own))).ok_or_else(|| Failure::new(404, "entity.not_found"))
}

pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    let own = call.state.tables.find("connectors", &id);
    let own = shown(own.ok_or_else(|| Failure::new(404, "entity.not_found"))?);
    let metadata = call.body.get("metadata");
    match metadata {
        Some(_) if own["isStandard"] != true => return Err(Failure::new(400, OVERWRITTEN)),
        Some(metadata) if metadata["target"] != own["target"] => {
            return Err(Failure::new(400, "connector.can_not_modify_target"));
        }
        _ => {}
    }
    if call.body["syncProfile"] == true && own["type"] != "Social" {
        return Err(Failure::new(422, "connector.invalid_type_for_syncing_profile"));
    }
    check_token_storage(call, &own)?;
    if call.body.get("config").is_some() {
        check_config(&own, &call.body["config"])?;
    }
    let given = call.members();
    let table = call.state.tables.table("connectors");
    table.change("", &id, |row| row.members.extend(given));
    read(call)
}

pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.path[0].clone();
    let reply = engine::run(call).map_err(|refusal| match knows(call.state, "1.36") {
        true => refusal,
        false => Failure::new(404, "entity.not_found"),
    })?;
    call.state.connectors.social.retain(|own| *own != id);
    call.state.connectors.sso.retain(|own| own.id != id);
    Ok(reply)
}

/// The lines of text that a form always asks for have to be there: other items have defaults. Of
/// connectors without a form, the catalog tells what they ask for.
fn check_config(factory: &Value, config: &Value) -> Result<(), Failure> {
    if config.is_null() {
        return Ok(());
    }
    let items = factory["formItems"].as_array().into_iter().flatten();
    let in_form = items.filter(|item| {
        item["required"] == true && item["type"] == "Text" && item["showConditions"].is_null()
    });
    let in_form = in_form.filter_map(|item| Some((item["key"].as_str()?, "string")));
    let id = factory["connectorId"].as_str().or(factory["id"].as_str()).unwrap_or_default();
    let known: Vec<(&str, &str)> = catalog::config_of(id).collect();
    let issues: Vec<Value> = in_form
        .chain(known)
        .filter(|(key, kind)| type_name(config.get(*key)) != *kind)
        .map(|(key, kind)| wrong_type(kind, config.get(key), &[key.into()]))
        .collect();
    if issues.is_empty() {
        return Ok(());
    }
    let refusal = Failure::new(400, "connector.invalid_config");
    let data = json!({ "issues": issues, "name": "ZodError" });
    Err(if is_own(factory) { explained(refusal, &issues) } else { refusal.data(data) })
}

/// Whether a server knows the errors that a connector throws: packages bring types of their own.
fn is_own(factory: &Value) -> bool {
    factory["formItems"].is_null()
}

/// Connectors that keep something in the session of a sign-in.
const IN_SESSION: [&str; 4] = ["apple-universal", "oidc", "oauth2", "saml"];

/// Where a social connector's users are sent: nowhere that exists.
pub(super) fn authorization_uri(call: &mut Call<'_>) -> Outcome {
    if call.text("state").is_empty() || call.text("redirectUri").is_empty() {
        return Err(Failure::new(400, "session.insufficient_info"));
    }
    let own = call.state.tables.find("connectors", &call.path[0]);
    let own = shown(own.ok_or_else(|| Failure::new(404, "entity.not_found"))?);
    if own["type"] != "Social" {
        return Err(Failure::new(400, "connector.unexpected_type"));
    }
    let factory = own["connectorId"].as_str().unwrap_or_default();
    if IN_SESSION.contains(&factory) {
        let message = "{{method}}: has not been implemented yet.";
        return Err(Failure::with_message(501, "connector.not_implemented", message));
    }
    let mut query = Params::default();
    query.set("state", call.text("state"));
    query.set("redirect_uri", call.text("redirectUri"));
    let target = own["target"].as_str().unwrap_or_default();
    let address = format!("https://{target}.example/authorize?{}", query.encode());
    Ok(Reply::ok(json!({ "redirectTo": address })))
}

pub(super) fn providers(_: &mut Call<'_>) -> Outcome {
    Ok(Reply::ok(catalog::providers().map(Value::from).collect::<Value>()))
}
