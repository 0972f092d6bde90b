//! Literal types that are written as formats: `{"type": "string", "format": "\"Totp\""}`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::walk::{Place, Schema};

/// A format that is a JSON string or boolean is the only value there can be.
pub(crate) fn formats(schema: &mut Schema, _: &Place) -> Result<()> {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let literal: Option<Value> = serde_json::from_str(format).ok();
    if let Some(literal @ (Value::String(_) | Value::Bool(_))) = literal {
        let kind = if literal.is_string() { "string" } else { "boolean" };
        schema.remove("format");
        schema.insert("type".into(), kind.into());
        schema.insert("enum".into(), json!([literal]));
    }
    Ok(())
}
