//! A value of a schema: the least that it allows.

use serde_json::{Map, Value, json};

use super::Contract;

/// The least value that the schema allows; `depth` keeps schemas that contain themselves finite.
pub(crate) fn example(contract: &Contract, schema: &Value, depth: usize) -> Value {
    if schema["nullable"] == true || depth == 0 {
        return Value::Null;
    }
    let schema = contract.resolve(schema);
    if schema["nullable"] == true {
        return Value::Null;
    }
    if let Some(form) = schema["oneOf"].as_array().and_then(|forms| forms.first()) {
        return example(contract, form, depth - 1);
    }
    if let Some(option) = schema["enum"].as_array().and_then(|options| options.first()) {
        return option.clone();
    }
    match schema["type"].as_str() {
        Some("array") => json!([]),
        Some("boolean") => json!(false),
        Some("integer" | "number") => json!(0),
        Some("string") => json!(text(schema["format"].as_str().unwrap_or_default())),
        None if !schema["allOf"].is_array() => json!({}),
        _ => {
            let required = contract.members(schema).into_iter().filter(|(.., required)| *required);
            let members = required
                .map(|(name, member, _)| (name.to_owned(), example(contract, member, depth - 1)));
            members.collect::<Map<_, _>>().into()
        }
    }
}

fn text(format: &str) -> &'static str {
    match format {
        "date-time" => "2026-01-01T00:00:00.000Z",
        "date" => "2026-01-01",
        "uri" | "url" => "https://example.com",
        "email" => "user@example.com",
        _ => "",
    }
}
