//! Whether two JSON values have the same fields of the same types.

use serde_json::Value;

use crate::contract;

type Schema = Option<&'static Value>;

/// What differs, each with its place. Null is of every type; what the contract says holds whatever
/// was put there is not looked into.
pub(crate) fn differences(schema: Schema, recorded: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", schema, recorded, actual, &mut found);
    found
}

fn compare(place: &str, schema: Schema, recorded: &Value, actual: &Value, found: &mut Vec<String>) {
    if schema.is_some_and(contract::is_free_form) {
        return;
    }
    match (recorded, actual) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(wanted), Value::Object(own)) => {
            if let (Some(values), Some(wanted)) = (contract::values(schema), wanted.values().next())
            {
                let all = own.iter();
                all.for_each(|(name, own)| {
                    compare(&format!("{place}.{name}"), Some(values), wanted, own, found);
                });
                return;
            }
            for (name, value) in wanted {
                let schema = contract::member(schema, name);
                match own.get(name) {
                    Some(actual) => {
                        compare(&format!("{place}.{name}"), schema, value, actual, found);
                    }
                    None => found.push(format!("{place}.{name} is missing")),
                }
            }
            let more = own.keys().filter(|name| !wanted.contains_key(*name));
            found.extend(more.map(|name| format!("{place}.{name} is too many")));
        }
        (Value::Array(wanted), Value::Array(own)) => {
            list(place, contract::items(schema), wanted, own, found);
        }
        _ if kind(recorded) == kind(actual) => {}
        _ => found.push(format!("{place} is {}, not {}", kind(actual), kind(recorded))),
    }
}

/// Each item must be like one that was recorded.
fn list(place: &str, schema: Schema, wanted: &[Value], own: &[Value], found: &mut Vec<String>) {
    if !wanted.is_empty() && own.is_empty() {
        found.push(format!("{place}[] is empty"));
    }
    if wanted.is_empty() {
        return;
    }
    for item in own {
        let nearest = wanted.iter().map(|wanted| {
            let mut differences = Vec::new();
            compare(&format!("{place}[]"), schema, wanted, item, &mut differences);
            differences
        });
        let nearest = nearest.min_by_key(Vec::len).unwrap_or_default();
        found.extend(nearest.into_iter().filter(|one| !found.contains(one)).collect::<Vec<_>>());
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
