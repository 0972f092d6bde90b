//! Enums.

use anyhow::Result;
use serde_json::Value;

use crate::walk::{Place, Schema};

/// Null is said by `nullable`; of members that differ only by case the first is the real one.
pub(crate) fn canonical(schema: &mut Schema, _: &Place) -> Result<()> {
    let Some(Value::Array(values)) = schema.remove("enum") else {
        return Ok(());
    };
    if values.contains(&Value::Null) {
        schema.insert("nullable".into(), true.into());
    }
    let mut kept: Vec<Value> = Vec::new();
    for value in values.into_iter().filter(|value| !value.is_null()) {
        if !kept.iter().any(|known| same(known, &value)) {
            kept.push(value);
        }
    }
    // An enum of numbers tells a client nothing that it may rely on.
    let numbers = kept.iter().any(Value::is_number);
    if !kept.is_empty() && !numbers {
        kept.sort_by_key(Value::to_string);
        schema.insert("enum".into(), kept.into());
    }
    Ok(())
}

/// Equal, or texts that differ only by case.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}
