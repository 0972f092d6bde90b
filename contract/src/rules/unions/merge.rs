//! Alternatives that are one.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::tag::tag;
use crate::rules::enums::same;
use crate::walk::Schema;

/// Drops alternatives that repeat another one, exactly or less precisely: of two spellings the
/// first stays.
pub(super) fn without_copies(alternatives: Vec<Schema>) -> Vec<Schema> {
    let mut kept: Vec<Schema> = Vec::new();
    for alternative in alternatives {
        if kept.iter().any(|known| copies(&alternative, known)) {
            continue;
        }
        match kept.iter_mut().find(|known| copies(known, &alternative)) {
            Some(vague) => *vague = alternative,
            None => kept.push(alternative),
        }
    }
    kept
}

/// Whether `copy` says what `original` says, or the same members less precisely.
fn copies(copy: &Schema, original: &Schema) -> bool {
    if copy == original {
        return true;
    }
    let members = |schema: &Schema| schema.get("properties").and_then(Value::as_object).cloned();
    let (Some(copy), Some(original)) = (members(copy), members(original)) else {
        return false;
    };
    copy.len() == original.len()
        && copy.iter().all(|(name, schema)| {
            original.get(name).is_some_and(|precise| no_more_precise(schema, precise))
        })
}

/// Equal; a text where the other names its values; or the same values in another case.
fn no_more_precise(schema: &Value, precise: &Value) -> bool {
    if schema == precise {
        return true;
    }
    if schema["type"] != "string" || precise["type"] != "string" {
        return false;
    }
    match (schema["enum"].as_array(), precise["enum"].as_array()) {
        (None, Some(_)) => true,
        (Some(values), Some(precise)) => {
            values.len() == precise.len()
                && values.iter().all(|value| precise.iter().any(|known| same(known, value)))
        }
        _ => false,
    }
}

/// A union of all that JSON has is no restriction.
pub(super) fn says_anything(alternatives: &[Schema]) -> bool {
    let kinds: BTreeSet<&str> = alternatives
        .iter()
        .filter(|one| !one.contains_key("enum") && !one.contains_key("properties"))
        .map(|one| match one.get("type").and_then(Value::as_str) {
            Some("number") => "integer",
            Some(kind) => kind,
            None => "anything",
        })
        .collect();
    kinds.contains("anything")
        || ["boolean", "integer", "object", "string"].iter().all(|kind| kinds.contains(kind))
}

/// Texts are one text: named values together, any text where one alternative allows it.
pub(super) fn texts(alternatives: Vec<Schema>) -> Vec<Schema> {
    let is_text = |one: &Schema| one.get("type").is_some_and(|kind| kind == "string");
    let (texts, mut others): (Vec<_>, Vec<_>) = alternatives.into_iter().partition(is_text);
    others.extend(texts.into_iter().reduce(either_text));
    others
}

fn either_text(one: Schema, other: Schema) -> Schema {
    let values = |schema: &Schema| schema.get("enum").and_then(Value::as_array).cloned();
    let mut text = Schema::from_iter([("type".to_owned(), json!("string"))]);
    if let (Some(mut all), Some(more)) = (values(&one), values(&other)) {
        for value in more {
            if !all.contains(&value) {
                all.push(value);
            }
        }
        all.sort_by_key(Value::to_string);
        text.insert("enum".into(), all.into());
    }
    text
}

/// Objects that neither a literal nor their required members tell apart are one object.
pub(super) fn indistinct_objects(alternatives: Vec<Schema>) -> Vec<Schema> {
    let is_object = |one: &Schema| one.get("type").is_some_and(|kind| kind == "object");
    let (objects, mut others): (Vec<_>, Vec<_>) = alternatives.into_iter().partition(is_object);
    if tag(&objects).is_some() {
        others.extend(objects);
        return others;
    }
    let mut distinct: Vec<Schema> = Vec::new();
    for object in objects {
        match distinct.iter_mut().find(|known| !told_apart(known, &object)) {
            Some(known) => *known = either_object(known, &object),
            None => distinct.push(object),
        }
    }
    others.extend(distinct);
    others
}

/// Each requires a member that the other does not have.
fn told_apart(one: &Schema, other: &Schema) -> bool {
    own_requirement(one, &[other]).is_some() && own_requirement(other, &[one]).is_some()
}

/// The first member that this object requires and none of the others declares.
pub(crate) fn own_requirement<'a>(one: &'a Schema, others: &[&Schema]) -> Option<&'a str> {
    let names = one.get("required").and_then(Value::as_array);
    let declares = |other: &Schema, name: &str| {
        other.get("properties").is_some_and(|properties| properties.get(name).is_some())
    };
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .find(|name| !others.iter().any(|other| declares(other, name)))
}

/// The members of both; required is what both require.
fn either_object(one: &Schema, other: &Schema) -> Schema {
    let members = |schema: &Schema| {
        schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let required = |schema: &Schema| {
        schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let mut properties: Map<String, Value> = members(one);
    for (name, schema) in members(other) {
        let merged = match properties.get(&name) {
            Some(known) => either(known, &schema),
            None => schema,
        };
        properties.insert(name, merged);
    }
    let mut object = Schema::from_iter([("type".to_owned(), json!("object"))]);
    let theirs = required(other);
    let both: Vec<Value> = required(one).into_iter().filter(|name| theirs.contains(name)).collect();
    if !both.is_empty() {
        object.insert("required".into(), both.into());
    }
    let open = [one, other].iter().any(|one| one.get("additionalProperties").is_some());
    if open || properties.is_empty() {
        object.insert("additionalProperties".into(), true.into());
    }
    if !properties.is_empty() {
        object.insert("properties".into(), properties.into());
    }
    object
}

fn either(one: &Value, other: &Value) -> Value {
    let (Some(a), Some(b)) = (one.as_object(), other.as_object()) else {
        return one.clone();
    };
    let nullable = [a, b].iter().any(|schema| schema.contains_key("nullable"));
    let plain = |schema: &Schema| {
        let mut schema = schema.clone();
        schema.remove("nullable");
        schema
    };
    let (a, b) = (plain(a), plain(b));
    let has_members = |schema: &Schema| schema.contains_key("properties");
    let mut merged = if a == b {
        a
    } else if has_members(&a) && has_members(&b) {
        either_object(&a, &b)
    } else if a.get("type") == b.get("type") && a.get("type").is_some_and(|kind| kind == "string") {
        either_text(a, b)
    } else if [&a, &b].iter().all(|one| one.get("type").is_some_and(|kind| kind == "object")) {
        opened(if has_members(&a) { a } else { b })
    } else {
        Schema::new()
    };
    if nullable && !merged.is_empty() {
        merged.insert("nullable".into(), true.into());
    }
    Value::Object(merged)
}

/// What one describes and the other leaves open: the members that are known, none of which must
/// come.
fn opened(mut object: Schema) -> Schema {
    object.remove("required");
    object.insert("additionalProperties".into(), true.into());
    object
}
