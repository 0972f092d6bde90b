//! One spelling for every document: keys sorted, two spaces, a newline at the end; a member, a
//! parameter and a list of required names on one line, so that a change of one is a line.

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
    let mut text = String::new();
    write(&sorted(value), "", 0, &mut text)?;
    Ok(text + "\n")
}

/// The keys of what is written on one line where it has no others: the schema of a member, a
/// parameter, an answer without a body.
const PLAIN: [&str; 16] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "description",
    "enum",
    "explode",
    "format",
    "in",
    "items",
    "name",
    "nullable",
    "required",
    "schema",
    "style",
    "type",
    "x-logto-secret",
];

/// Lists on one line, however long, and maps of names, never: what is added to them is few lines.
const LISTS: [&str; 3] = ["required", "tags", "x-logto-arguments"];
const MAPS: [&str; 5] = ["content", "mapping", "properties", "responses", "schemas"];

fn write(value: &Value, key: &str, depth: usize, text: &mut String) -> Result<()> {
    match value {
        Value::Object(map) if !map.is_empty() && (MAPS.contains(&key) || !is_plain(value)) => {
            let entries = map.iter().map(|(key, value)| (Some(key), value));
            lines(entries, ('{', '}'), depth, text)
        }
        Value::Array(items) if !items.is_empty() && !LISTS.contains(&key) => {
            lines(items.iter().map(|item| (None, item)), ('[', ']'), depth, text)
        }
        other => line(other, text),
    }
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            map.iter().all(|(key, value)| PLAIN.contains(&key.as_str()) && is_plain(value))
        }
        Value::Array(items) => items.len() <= 1 && items.iter().all(is_plain),
        _ => true,
    }
}

/// A line for each entry.
fn lines<'a>(
    entries: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
    (open, close): (char, char),
    depth: usize,
    text: &mut String,
) -> Result<()> {
    text.push(open);
    for (index, (key, value)) in entries.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            text.push_str(&(serde_json::to_string(key)? + ": "));
        }
        write(value, key.map_or("", String::as_str), depth + 1, text)?;
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
    Ok(())
}

/// All on one line.
fn line(value: &Value, text: &mut String) -> Result<()> {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (index, (key, value)) in map.iter().enumerate() {
                text.push_str(if index == 0 { "{ " } else { ", " });
                text.push_str(&(serde_json::to_string(key)? + ": "));
                line(value, text)?;
            }
            text.push_str(" }");
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "[" } else { ", " });
                line(item, text)?;
            }
            text.push(']');
        }
        other => text.push_str(&serde_json::to_string(other)?),
    }
    Ok(())
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
