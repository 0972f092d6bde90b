//! The keywords of a schema, each read into a view.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Map, Value};

use super::reader::{Node, Others, View};
use crate::canonical;
use crate::refused::refuse;

/// Refuses keywords that hold what they cannot: nobody can tell what they mean.
pub(super) fn well_formed(schema: &Map<String, Value>, at: &str) -> Result<()> {
    for (key, value) in schema {
        let fits = match key.as_str() {
            "properties" => value.is_object(),
            "required" if value.is_boolean() => true,
            "required" | "enum" | "oneOf" | "anyOf" | "allOf" => value.is_array(),
            "type" => value.is_string() || value.is_array(),
            _ => true,
        };
        if !fits {
            return Err(refuse(&format!("{at}/{key}"), format!("{key} cannot be {value}")));
        }
    }
    Ok(())
}

pub(super) fn fact<'a>(key: &str, value: &'a Value, node: &Node<'a>, view: &mut View<'a>) {
    match key {
        "$ref" | "allOf" | "oneOf" | "anyOf" => {}
        "nullable" if value == true => {
            view.nullable.get_or_insert(node.at.clone());
        }
        "nullable" => {}
        "type" => types(value, node, view),
        "enum" => restrict(view, value.as_array().into_iter().flatten(), node),
        "const" => restrict(view, std::iter::once(value), node),
        "format" => match literal(value) {
            Some(literal) => restrict(view, std::iter::once(&literal), node),
            None => view.format = value.as_str().map(str::to_owned),
        },
        "properties" => {
            let members = node.get("properties");
            for (name, member) in members.iter().flat_map(Node::entries) {
                view.members.entry(name).or_insert(member);
            }
        }
        "required" => {
            let names = value.as_array().into_iter().flatten();
            view.required.extend(names.filter_map(Value::as_str));
        }
        "items" => view.items = node.get("items"),
        "additionalProperties" => {
            view.others = match value {
                Value::Bool(false) => Others::None,
                Value::Object(map) if map.keys().any(|key| !is_prose(key)) => {
                    node.get("additionalProperties").map_or(Others::Any, Others::Like)
                }
                _ => Others::Any,
            }
        }
        "discriminator" => view.discriminator = node.get("discriminator"),
        _ if is_prose(key) || is_trivial(key, value) => {}
        _ => {
            let said = (number(&canonical::sorted(value)), node.at.clone());
            view.facts.entry(key.to_owned()).or_insert(said);
        }
    }
}

fn types<'a>(value: &Value, node: &Node<'a>, view: &mut View<'a>) {
    let named = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for name in named.iter().filter_map(Value::as_str) {
        if name == "null" {
            view.nullable.get_or_insert(node.at.clone());
        } else {
            view.types.insert(name.to_owned());
        }
    }
}

fn restrict<'v, 'a>(view: &mut View<'a>, values: impl Iterator<Item = &'v Value>, node: &Node<'a>) {
    let mut texts = BTreeSet::new();
    for value in values {
        if value.is_null() {
            view.nullable.get_or_insert(node.at.clone());
        } else {
            texts.insert(number(value).to_string());
        }
    }
    view.values = Some(match view.values.take() {
        Some(known) => known.intersection(&texts).cloned().collect(),
        None => texts,
    });
}

/// What the rest of the schema implies.
pub(super) fn complete(view: &mut View<'_>) {
    // What has members is an object, whatever its type says.
    if !view.members.is_empty() && view.alternatives.is_empty() {
        view.types = BTreeSet::from(["object".into()]);
    }
    if view.types.is_empty() && view.items.is_some() {
        view.types.insert("array".into());
    }
    if let Some(values) = view.values.take_if(|values| values.is_empty()) {
        drop(values);
    }
    let values = view.values.iter().flatten().filter_map(|text| serde_json::from_str(text).ok());
    let kinds: BTreeSet<String> = values.map(|value: Value| kind(&value).to_owned()).collect();
    if view.types.is_empty() {
        view.types = kinds;
    }
    let both = view.values.as_ref().is_some_and(|values| values.len() == 2);
    if both && view.types.len() == 1 && view.types.contains("boolean") {
        view.values = None;
    }
    if view.members.is_empty() && matches!(view.others, Others::Unsaid) {
        view.others = Others::Any;
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Upstream writes literals as formats: `"\"Totp\""`.
fn literal(format: &Value) -> Option<Value> {
    let literal: Value = serde_json::from_str(format.as_str()?).ok()?;
    (literal.is_string() || literal.is_boolean()).then_some(literal)
}

/// `1.0` is `1`.
fn number(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            #[allow(clippy::cast_possible_truncation, reason = "it is whole and small")]
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => (float as i64).into(),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(number).collect(),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), number(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

pub(super) fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
        || schema.get("const") == Some(&Value::Null)
        || schema["enum"]
            .as_array()
            .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
}

/// Keywords that are for readers.
pub(super) fn is_prose(key: &str) -> bool {
    const PROSE: [&str; 10] = [
        "$comment",
        "$id",
        "$schema",
        "description",
        "example",
        "examples",
        "externalDocs",
        "summary",
        "title",
        "xml",
    ];
    PROSE.contains(&key) || key.starts_with("x-")
}

/// Says what holds anyway.
pub(super) fn is_trivial(key: &str, value: &Value) -> bool {
    match key {
        "minLength" | "minItems" | "minProperties" => value.as_u64() == Some(0),
        "deprecated" | "exclusiveMaximum" | "exclusiveMinimum" | "nullable" | "readOnly"
        | "uniqueItems" | "writeOnly" => *value == Value::Bool(false),
        _ => false,
    }
}

/// Keywords of a use: the schema that is used stands elsewhere.
pub(super) fn says_nothing_of_the_type(key: &str) -> bool {
    let wraps = matches!(key, "nullable" | "allOf" | "oneOf" | "anyOf" | "deprecated");
    wraps || matches!(key, "readOnly" | "writeOnly" | "default") || is_prose(key)
}

pub(super) fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A reference is a URI: what it names may be percent-encoded.
pub(super) fn percent_decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .filter(|_| *byte == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match digits {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
}
