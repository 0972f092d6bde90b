//! One spelling for every document: keys sorted, two spaces, a newline at the end.

use anyhow::Result;
use serde_json::{Map, Value};

/// The value with all object keys sorted, whatever order the map type keeps.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// The canonical text of a document.
pub(crate) fn print(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(&sorted(value))? + "\n")
}

/// Like [`key`], whatever the order of `required`.
pub(crate) fn shape(value: &Value) -> String {
    key(&required_sorted(value))
}

fn required_sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), required_sorted(value)));
            let mut sorted: Map<_, _> = entries.collect();
            if let Some(Value::Array(names)) = sorted.get_mut("required") {
                names.sort_by_key(Value::to_string);
            }
            Value::Object(sorted)
        }
        Value::Array(items) => items.iter().map(required_sorted).collect(),
        other => other.clone(),
    }
}

/// The canonical text of a schema on one line: equal texts, equal schemas.
pub(crate) fn key(value: &Value) -> String {
    sorted(value).to_string()
}
