//! Query parameters that the server reads as yes or no.

use anyhow::Result;
use serde_json::{Value, json};

use crate::walk::{Place, Schema, Side};

const VERBS: [&str; 5] = ["enable", "include", "is", "remove", "show"];

/// Flags are typed as plain text or as a union of `"true"` and `"false"`: they are booleans.
pub(crate) fn booleans(schema: &mut Schema, place: &Place) -> Result<()> {
    let Some(name) = place.member.as_deref().filter(|_| place.side == Side::Parameter) else {
        return Ok(());
    };
    let is_text = schema.get("type").is_some_and(|kind| kind == "string");
    let plain_flag = is_text && !schema.contains_key("enum") && named_as_flag(name);
    if plain_flag || is_yes_or_no(schema) {
        schema.clear();
        schema.insert("type".into(), "boolean".into());
    }
    Ok(())
}

/// A verb and something it is about: `includeScopes`.
fn named_as_flag(name: &str) -> bool {
    VERBS.iter().any(|verb| {
        name.strip_prefix(verb)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    })
}

fn is_yes_or_no(schema: &Schema) -> bool {
    let mut values: Vec<&Value> = Vec::new();
    let alternatives = schema.get("oneOf").and_then(Value::as_array);
    for part in alternatives.into_iter().flatten().filter_map(Value::as_object).chain([schema]) {
        values.extend(part.get("enum").and_then(Value::as_array).into_iter().flatten());
    }
    values.sort_by_key(|value| value.to_string());
    values == [&json!("false"), &json!("true")]
}
