//! Several ways to write one thing: what comes after these rules knows one.

use anyhow::Result;
use serde_json::{Value, json};

use crate::refused::refuse;
use crate::walk::{Place, Schema};

/// `const` is an enum of one.
pub(crate) fn constants(schema: &mut Schema, _: &Place) -> Result<()> {
    if let Some(value) = schema.remove("const") {
        schema.entry("enum").or_insert_with(|| json!([value]));
    }
    Ok(())
}

/// Null among the types is said by `nullable`.
pub(crate) fn null_types(schema: &mut Schema, _: &Place) -> Result<()> {
    let Some(Value::Array(types)) = schema.get("type") else {
        return Ok(());
    };
    let (nulls, others): (Vec<Value>, Vec<Value>) =
        types.iter().cloned().partition(|name| name == "null");
    if let [only] = others.as_slice() {
        schema.insert("type".into(), only.clone());
        if !nulls.is_empty() {
            schema.insert("nullable".into(), true.into());
        }
    }
    Ok(())
}

/// Null among the alternatives is said by `nullable`, too.
pub(crate) fn null_alternatives(schema: &mut Schema, _: &Place) -> Result<()> {
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(alternatives)) = schema.get_mut(keyword) else { continue };
        let all = alternatives.len();
        alternatives.retain(|alternative| !is_null(alternative));
        if alternatives.len() < all {
            schema.insert("nullable".into(), true.into());
        }
    }
    Ok(())
}

fn is_null(schema: &Value) -> bool {
    let values = schema.get("enum").and_then(Value::as_array);
    schema["type"] == "null"
        || values.is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
}

/// `allOf`, `oneOf` or `anyOf` of one is that one.
pub(crate) fn unwrapped(schema: &mut Schema, place: &Place) -> Result<()> {
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let parts = match schema.get(keyword) {
            Some(Value::Array(parts)) if parts.len() == 1 => parts,
            Some(_) if keyword == "allOf" => {
                let why = "allOf of several schemas: write them as one";
                return Err(refuse(&place.pointer, why));
            }
            _ => continue,
        };
        let part = parts.first().and_then(Value::as_object).cloned().unwrap_or_default();
        schema.remove(keyword);
        for (key, value) in part {
            schema.entry(key).or_insert(value);
        }
    }
    Ok(())
}
