//! Parameters.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::secrets;
use crate::document::{all_mut, operations};
use crate::refused::{escape, refuse};

/// Marks a parameter that a request may do without, but that nobody should forget: callers say
/// what it is, or that there is none.
const EXPLICIT: &str = "x-logto-explicit";

/// The header that names the proof that it is still the user who is calling.
const PROOF: &str = "logto-verification-id";

/// Refuses parameters that no request could carry.
pub(crate) fn refused(document: &Value) -> Result<()> {
    for operation in operations(document) {
        let parameters = operation.value.get("parameters").and_then(Value::as_array);
        for (i, parameter) in parameters.into_iter().flatten().enumerate() {
            let at =
                format!("/paths/{}/{}/parameters/{i}", escape(operation.path), operation.method);
            let place = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
            if !matches!(place, "header" | "path" | "query") {
                return Err(refuse(
                    &at,
                    format!("a parameter in {place:?}: path, query or header"),
                ));
            }
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            if name.is_empty() {
                return Err(refuse(&at, "a parameter without a name"));
            }
            if place == "path" && !operation.path.contains(&format!("{{{name}}}")) {
                return Err(refuse(&at, format!("path parameter {name} is not in the path")));
            }
            if parameter.get("schema").is_none() {
                return Err(refuse(&at, format!("parameter {name} has no schema")));
            }
        }
        every_path_parameter(&operation)?;
    }
    Ok(())
}

fn every_path_parameter(operation: &crate::document::Operation<'_>) -> Result<()> {
    let declared = |name: &str| {
        let parameters = operation.value.get("parameters").and_then(Value::as_array);
        parameters.into_iter().flatten().any(|p| p["in"] == "path" && p["name"] == name)
    };
    for name in path_names(operation.path) {
        if !declared(name) {
            let at = format!("/paths/{}/{}", escape(operation.path), operation.method);
            return Err(refuse(&at, format!("path parameter {name} is not declared")));
        }
    }
    Ok(())
}

/// The names in braces, in the order of the path.
fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

/// One spelling and one order: path parameters as in the path, then query and headers by name.
pub(crate) fn canonical(document: &mut Value) {
    for (path, _, operation) in all_mut(document) {
        let Some(operation) = operation.as_object_mut() else {
            continue;
        };
        let Some(Value::Array(parameters)) = operation.remove("parameters") else {
            continue;
        };
        let parameters = ordered(path, parameters);
        if !parameters.is_empty() {
            operation.insert("parameters".into(), parameters.into());
        }
    }
}

fn ordered(path: &str, parameters: Vec<Value>) -> Vec<Value> {
    let position = |name: &str| path_names(path).position(|known| known == name);
    let mut keyed: Vec<_> = parameters
        .into_iter()
        .filter_map(|parameter| match parameter {
            Value::Object(map) => Some(map),
            _ => None,
        })
        .map(|map| {
            let name = map.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let group = match map.get("in").and_then(Value::as_str) {
                Some("path") => 0,
                Some("query") => 1,
                _ => 2,
            };
            ((group, position(&name), name), map)
        })
        .collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    keyed.dedup_by(|(one, _), (other, _)| one == other);
    keyed.into_iter().map(|((_, _, name), map)| parameter(&name, map)).collect()
}

fn parameter(name: &str, mut map: Map<String, Value>) -> Value {
    let place = map.remove("in").unwrap_or_default();
    let required = place == "path" || map.get("required") == Some(&Value::Bool(true));
    let mut schema = map.remove("schema").unwrap_or_default();
    let mut secret = None;
    if let Some(schema) = schema.as_object_mut() {
        one_or_many(schema);
        schema.remove("nullable");
        secret = schema.remove(secrets::MARK);
        if place == "header" && name.eq_ignore_ascii_case(PROOF) {
            schema.insert("format".into(), "verification-record".into());
            secret = Some(true.into());
        }
    }
    let spread = schema["type"] == "array" || is_search(name);
    let mut kept = json!({ "name": name, "in": place, "required": required, "schema": schema });
    if spread {
        kept["style"] = "form".into();
        kept["explode"] = true.into();
    }
    if !required && map.get(EXPLICIT) == Some(&Value::Bool(true)) {
        kept[EXPLICIT] = true.into();
    }
    // Beside the schema: it is the parameter that must not show.
    if let Some(secret) = secret {
        kept[secrets::MARK] = secret;
    }
    kept
}

/// The advanced search: an open set of query parameters under one name.
pub(crate) fn is_search(name: &str) -> bool {
    name == "search_params"
}

/// One value or a list of such values: a list says both.
fn one_or_many(schema: &mut Map<String, Value>) {
    let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) else {
        return;
    };
    let list = alternatives.iter().find(|one| one["type"] == "array").cloned();
    let single = alternatives.iter().find(|one| one["type"] != "array");
    let (Some(Value::Object(list)), Some(single), 2) = (list, single, alternatives.len()) else {
        return;
    };
    if list.get("items") == Some(single) {
        *schema = list;
    }
}
