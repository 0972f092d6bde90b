//! Whether two JSON values have the same fields of the same types.

use serde_json::Value;

use crate::contract;

/// What differs, each with its place. Null is of every type.
pub(crate) fn differences(recorded: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", recorded, actual, &mut found);
    found
}

fn compare(place: &str, recorded: &Value, actual: &Value, found: &mut Vec<String>) {
    match (recorded, actual) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(wanted), Value::Object(own)) => {
            for (name, value) in wanted {
                match own.get(name) {
                    Some(_) if contract::is_free_form(name) => {}
                    Some(actual) => compare(&format!("{place}.{name}"), value, actual, found),
                    None => found.push(format!("{place}.{name} is missing")),
                }
            }
            let more = own.keys().filter(|name| !wanted.contains_key(*name));
            found.extend(more.map(|name| format!("{place}.{name} is too many")));
        }
        (Value::Array(wanted), Value::Array(own)) => list(place, wanted, own, found),
        _ if kind(recorded) == kind(actual) => {}
        _ => found.push(format!("{place} is {}, not {}", kind(actual), kind(recorded))),
    }
}

/// Each item must be like one that was recorded.
fn list(place: &str, wanted: &[Value], own: &[Value], found: &mut Vec<String>) {
    if !wanted.is_empty() && own.is_empty() {
        found.push(format!("{place}[] is empty"));
    }
    if wanted.is_empty() {
        return;
    }
    for item in own {
        let nearest = wanted.iter().map(|wanted| {
            let mut differences = Vec::new();
            compare(&format!("{place}[]"), wanted, item, &mut differences);
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
