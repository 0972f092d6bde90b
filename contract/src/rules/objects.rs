//! Objects: those with members, and those of any shape.

use anyhow::Result;
use serde_json::{Value, json};

use crate::walk::{Place, Schema};

/// A member name in brackets stands for any name.
pub(crate) fn placeholders(schema: &mut Schema, _: &Place) -> Result<()> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Ok(());
    };
    if properties.keys().any(|name| name.starts_with('[') && name.ends_with(']')) {
        schema.remove("properties");
        schema.remove("required");
        schema.insert("additionalProperties".into(), true.into());
    }
    Ok(())
}

/// Without declared members any member may come; with them, only where the document says so.
///
/// Values of any shape (`{}`) say no more than `true`.
pub(crate) fn open(schema: &mut Schema, _: &Place) -> Result<()> {
    if schema.get("type").is_none_or(|kind| kind != "object") {
        schema.remove("additionalProperties");
        schema.remove("required");
        return Ok(());
    }
    let no_members = |map: &Value| map.as_object().is_none_or(|map| map.is_empty());
    let closed = !schema.get("properties").is_none_or(no_members);
    let values = schema.remove("additionalProperties");
    let values = values.map(|values| if values == json!({}) { json!(true) } else { values });
    match values {
        Some(Value::Bool(false)) | None if closed => {}
        Some(values @ Value::Object(_)) if !closed => {
            schema.insert("additionalProperties".into(), values);
        }
        _ => {
            schema.insert("additionalProperties".into(), true.into());
        }
    }
    if !closed {
        schema.remove("properties");
        schema.remove("required");
        return Ok(());
    }
    keep_required(schema);
    Ok(())
}

/// `required` names declared members, each once; none is the same as no list.
fn keep_required(schema: &mut Schema) {
    let Some(Value::Array(names)) = schema.remove("required") else {
        return;
    };
    let mut kept: Vec<Value> = Vec::new();
    for name in names {
        let declared = schema.get("properties").zip(name.as_str());
        if declared.is_some_and(|(map, name)| map.get(name).is_some()) && !kept.contains(&name) {
            kept.push(name);
        }
    }
    if !kept.is_empty() {
        schema.insert("required".into(), kept.into());
    }
}
