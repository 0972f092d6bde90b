//! Which members must be sent.

use anyhow::Result;
use serde_json::Value;

use crate::document::all_mut;
use crate::walk::{Place, Schema, Side};

/// A query parameter or header with a default need not be sent, though the document requires it.
pub(crate) fn parameters(document: &mut Value) {
    let operations = all_mut(document).filter_map(|(_, _, value)| value.get_mut("parameters"));
    for parameter in operations.filter_map(Value::as_array_mut).flatten() {
        let has_default = parameter.pointer("/schema/default").is_some();
        if has_default && parameter["in"] != "path" {
            parameter["required"] = false.into();
        }
    }
}

/// A member with a default need not be sent, though the document requires it; nor one that is
/// cleared by an empty string, whose being optional is lost in the union of the two.
pub(crate) fn optional(schema: &mut Schema, place: &Place) -> Result<()> {
    if place.side != Side::Request {
        return Ok(());
    }
    let can_be_left_out = |name: &Value| {
        let properties = schema.get("properties");
        let member = properties.zip(name.as_str()).and_then(|(map, name)| map.get(name));
        member.is_some_and(|member| member.get("default").is_some() || takes_nothing(member))
    };
    if let Some(names) = schema.get("required").and_then(Value::as_array) {
        let kept: Vec<Value> =
            names.iter().filter(|name| !can_be_left_out(name)).cloned().collect();
        schema.insert("required".into(), kept.into());
    }
    Ok(())
}

/// Whether the empty string is one of the forms.
fn takes_nothing(member: &Value) -> bool {
    let forms = member.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    forms.into_iter().any(|form| form["format"] == "empty")
}
