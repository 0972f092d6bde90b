//! Schemas whose type is missing, or contradicts the rest of the schema.

use anyhow::Result;
use serde_json::Value;

use crate::refused::refuse;
use crate::walk::{Place, Schema};

/// What has members is an object, whatever its type says; what has items is an array.
pub(crate) fn completed(schema: &mut Schema, place: &Place) -> Result<()> {
    if schema.contains_key("properties") {
        schema.insert("type".into(), "object".into());
    }
    if schema.get("type").is_none() && schema.contains_key("items") {
        schema.insert("type".into(), "array".into());
    }
    if schema.get("type").is_some_and(|kind| kind == "array") {
        schema.entry("items").or_insert_with(|| Value::Object(Schema::new()));
    }
    match schema.get("type").map(|kind| kind.as_str().unwrap_or_default()) {
        None | Some("array" | "boolean" | "integer" | "number" | "object" | "string") => Ok(()),
        Some(_) => Err(refuse(&place.pointer, "a type that OpenAPI 3.0 does not have")),
    }
}

/// A union's alternatives say all: what stands beside them only explains.
pub(crate) fn contradictions(schema: &mut Schema, place: &Place) -> Result<()> {
    if let Some(alternatives) = schema.remove("anyOf")
        && schema.insert("oneOf".into(), alternatives).is_some()
    {
        return Err(refuse(&place.pointer, "oneOf and anyOf in one schema"));
    }
    if schema.contains_key("oneOf") {
        schema.retain(|key, _| matches!(key.as_str(), "oneOf" | "nullable" | "x-logto-secret"));
    }
    Ok(())
}
