//! What only explains is no fact.

use anyhow::Result;
use serde_json::Value;

use crate::walk::{Place, Schema};

/// A member of which only prose is known does not exist on the wire: its type is nowhere,
/// and a member that may hold anything says so with an empty schema or an example.
pub(crate) fn members(schema: &mut Schema, _: &Place) -> Result<()> {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    let names: Vec<String> = properties
        .iter()
        .filter(|(_, value)| is_prose(value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in &names {
        properties.remove(name);
    }
    let empty = properties.is_empty();
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !names.iter().any(|gone| name == gone));
    }
    if empty && !names.is_empty() {
        schema.remove("properties");
    }
    Ok(())
}

fn is_prose(schema: &Value) -> bool {
    let explains = |key: &String| matches!(key.as_str(), "description" | "title" | "deprecated");
    schema.as_object().is_some_and(|map| !map.is_empty() && map.keys().all(explains))
}

/// The keywords that say what is on the wire.
const FACTS: [&str; 13] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "enum",
    "format",
    "items",
    "nullable",
    "oneOf",
    "properties",
    "required",
    "type",
    "x-logto-lost",
    "x-logto-secret",
];

/// Drops all other keywords: prose, examples, defaults, constraints.
pub(crate) fn annotations(schema: &mut Schema, _: &Place) -> Result<()> {
    schema.retain(|key, _| FACTS.contains(&key.as_str()));
    if schema.get("nullable") == Some(&Value::Bool(false)) {
        schema.remove("nullable");
    }
    Ok(())
}
