//! Connectors and what they are made of.

use serde_json::{Value, json};

use crate::{
    rules::{
        call::{Call, Outcome, Reply},
        catalog,
        contract::issues::wrong_type,
        engine,
        errors::Failure,
    },
    state::{
        State,
        collection::{Members, object, text},
        params::Params,
        tables::Row,
    },
};

pub(super) fn factories(_: &mut Call<'_>) -> Outcome {
    Ok(Reply::ok(catalog::factories().map(Value::from).collect::<Value>()))
}

pub(super) fn factory(call: &mut Call<'_>) -> Outcome {
    let found = catalog::factory(&call.path[0]);
    found.map(Reply::ok).ok_or_else(|| Failure::new(404, "entity.not_found"))
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
    let factory = catalog::factory(call.text("connectorId"));
    let refused = |code| Err(Failure::new(422, code));
    let Some(factory) = factory else { return refused("connector.not_found_with_connector_id") };
    let mut others = call.state.tables.of_all("connectors");
    let same = others.any(|row| row.members["connectorId"] == factory["id"]);
    drop(others);
    if same && factory.get("isStandard") != Some(&true.into()) {
        return refused("connector.multiple_instances_not_supported");
    }
    check_config(&Value::from(factory.clone()), &call.body["config"])?;
    let given = call.members();
    let id = given.get("id").and_then(Value::as_str).map(str::to_owned);
    let id = id.unwrap_or_else(|| call.state.ids.user());
    let mut own = object(json!({
        "id": id, "syncProfile": false, "enableTokenStorage": false, "config": {}, "metadata": {},
    }));
    own.extend(given);
    add(call.state, own.clone(), factory["type"] == "Social");
    Ok(Reply::ok(shown(&own)))
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
    let metadata = call.body.get("metadata").filter(|_| own["isStandard"] == true);
    if metadata.is_some_and(|metadata| metadata["target"] != own["target"]) {
        return Err(Failure::new(400, "connector.can_not_modify_target"));
    }
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
    let reply = engine::run(call)?;
    call.state.connectors.social.retain(|own| *own != id);
    call.state.connectors.sso.retain(|own| own.id != id);
    Ok(reply)
}

/// The lines of text that a form always asks for have to be there: other items have defaults.
fn check_config(factory: &Value, config: &Value) -> Result<(), Failure> {
    let items = factory["formItems"].as_array().into_iter().flatten();
    let asked = items.filter(|item| {
        item["required"] == true && item["type"] == "Text" && item["showConditions"].is_null()
    });
    let keys = asked.filter_map(|item| item["key"].as_str());
    let missing = keys.filter(|key| config[*key].is_null());
    let issues: Vec<Value> = missing.map(|key| wrong_type("string", None, &[key.into()])).collect();
    if issues.is_empty() {
        return Ok(());
    }
    let data = json!({ "issues": issues, "name": "ZodError" });
    Err(Failure::new(400, "connector.invalid_config").data(data))
}

/// Connectors that keep something in the session of a sign-in.
const IN_SESSION: [&str; 4] = ["apple-universal", "oidc", "oauth2", "saml"];

/// Where a social connector's users are sent: nowhere that exists.
pub(super) fn authorization_uri(call: &mut Call<'_>) -> Outcome {
    let own = call.state.tables.find("connectors", &call.path[0]);
    let own = shown(own.ok_or_else(|| Failure::new(404, "entity.not_found"))?);
    let factory = own["connectorId"].as_str().unwrap_or_default();
    if own["type"] != "Social" || IN_SESSION.contains(&factory) {
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
