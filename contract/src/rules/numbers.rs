//! Numbers.

use anyhow::Result;
use serde_json::Value;

use crate::walk::{Place, Schema};

/// `number` stands for an integer, except where a correction says `double`.
pub(crate) fn integers(schema: &mut Schema, _: &Place) -> Result<()> {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    if matches!(kind, "number" | "integer") && !matches!(format, "double" | "timestamp-ms") {
        schema.insert("type".into(), "integer".into());
        schema.insert("format".into(), "int64".into());
    }
    Ok(())
}
