//! What a schema is, for changes that need one of a kind.

use serde_json::{Map, Value, json};

use crate::sites::{Rng, Site, escape};

pub(super) type Schema = Map<String, Value>;

pub(super) fn is(schema: &Schema, kind: &str) -> bool {
    schema.get("type").is_some_and(|known| known == kind)
}

pub(super) fn values(schema: &Schema) -> usize {
    schema.get("enum").and_then(Value::as_array).map_or(0, Vec::len)
}

pub(super) fn is_literal(schema: &Schema) -> bool {
    values(schema) == 1
        || schema
            .get("format")
            .and_then(Value::as_str)
            .is_some_and(|format| format.starts_with('"') || matches!(format, "true" | "false"))
}

/// A leaf that is no enum.
pub(super) fn is_plain(schema: &Schema, kind: &str) -> bool {
    is(schema, kind) && values(schema) == 0 && !is_literal(schema)
}

pub(super) fn has_members(schema: &Schema) -> bool {
    schema.get("properties").and_then(Value::as_object).is_some_and(|map| !map.is_empty())
}

/// A random member that fits: its name and pointer.
pub(super) fn member(
    document: &Value,
    rng: &mut Rng,
    site: &Site,
    fits: impl Fn(&str, &Value) -> bool,
) -> Option<(String, String)> {
    let properties = document.pointer(&site.at)?.get("properties")?.as_object()?;
    let names: Vec<&String> =
        properties.iter().filter(|(name, value)| fits(name, value)).map(|(name, _)| name).collect();
    let name = (*rng.maybe(&names)?).clone();
    let at = format!("{}/properties/{}", site.at, escape(&name));
    Some((name, at))
}

pub(super) fn requires(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().into_iter().flatten().any(|known| known == name)
}

pub(super) fn unrequire(schema: &mut Schema, name: &str) {
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        names.retain(|known| known != name);
    }
}

pub(super) fn require(schema: &mut Schema, name: &str) {
    let names = schema.entry("required").or_insert_with(|| json!([]));
    names.as_array_mut().unwrap().push(name.into());
}
