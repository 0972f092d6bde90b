//! What the schemas of one place say together, over the releases that have it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::span::{NULLABLE, REQUIRED, SPAN, Span, VALUES};
use super::unions;
use crate::rules::LOST;
use crate::walk::Schema;

/// A schema, and the release whose document has it.
#[derive(Clone, Copy)]
pub(super) struct Variant<'a> {
    pub(super) release: usize,
    pub(super) schema: &'a Schema,
}

/// What these say together, the newest first.
pub(super) fn merged(variants: &[Variant<'_>]) -> Schema {
    let mut schema = together(variants);
    schema.remove(LOST);
    schema.insert(SPAN.into(), Span::over(variants.iter().map(|one| one.release)).value());
    nullable(&mut schema, variants);
    for mark in ["x-logto-secret"] {
        if variants.iter().any(|one| one.schema.contains_key(mark)) {
            schema.insert(mark.into(), true.into());
        }
    }
    schema
}

/// Null may come where it may in any release; a schema that says nothing allows it anyway.
fn nullable(schema: &mut Schema, variants: &[Variant<'_>]) {
    let is_nullable = |one: &Variant<'_>| one.schema.contains_key("nullable");
    let says_nothing = schema.keys().all(|key| key == SPAN);
    schema.remove("nullable");
    if variants.iter().any(is_nullable) && !says_nothing {
        schema.insert("nullable".into(), true.into());
        if !variants.first().is_some_and(is_nullable) {
            schema.insert(NULLABLE.into(), false.into());
        }
    }
}

fn together(variants: &[Variant<'_>]) -> Schema {
    let known: Vec<Variant<'_>> =
        variants.iter().copied().filter(|one| !one.schema.contains_key(LOST)).collect();
    let Some(newest) = known.first() else {
        return Schema::new();
    };
    if known.iter().any(|one| says_nothing(one.schema)) {
        return Schema::new();
    }
    let kinds: BTreeSet<&str> = known.iter().map(|one| kind(one.schema)).collect();
    match kinds.into_iter().collect::<Vec<_>>()[..] {
        ["object"] => object(&known),
        ["map"] => map(&known),
        ["array"] => array(&known),
        ["string"] => text(&known),
        ["integer" | "number" | "boolean"] => newest.schema.clone(),
        ["integer", "number"] => number(&known),
        ["map", "object"] => open(&known),
        _ => unions::merged(&known),
    }
}

fn says_nothing(schema: &Schema) -> bool {
    !schema.contains_key("type") && !schema.contains_key("oneOf")
}

/// An object with members is an `object`, one without is a `map`.
pub(super) fn kind(schema: &Schema) -> &str {
    match schema.get("type").and_then(Value::as_str) {
        Some("object") if !schema.contains_key("properties") => "map",
        Some(kind) => kind,
        None => "union",
    }
}

fn object(variants: &[Variant<'_>]) -> Schema {
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in variants.iter().filter_map(|one| members(one.schema)).flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let properties: Map<String, Value> = names
        .into_iter()
        .map(|name| {
            let having = variants.iter().filter_map(|one| {
                let schema = members(one.schema)?.get(name)?.as_object()?;
                Some(Variant { release: one.release, schema })
            });
            (name.clone(), merged(&having.collect::<Vec<_>>()).into())
        })
        .collect();
    let mut object = Schema::from_iter([("type".to_owned(), json!("object"))]);
    object.insert("properties".into(), properties.into());
    if variants.iter().any(|one| one.schema.contains_key("additionalProperties")) {
        object.insert("additionalProperties".into(), true.into());
    }
    require(&mut object, variants);
    object
}

/// Required is what every release requires.
fn require(object: &mut Schema, variants: &[Variant<'_>]) {
    let required = |one: &Variant<'_>| {
        one.schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let Some(newest) = variants.first().map(required) else {
        return;
    };
    let all: Vec<Vec<Value>> = variants.iter().map(required).collect();
    let by_all = |name: &Value| all.iter().all(|names| names.contains(name));
    let by_all: Vec<Value> = newest.iter().filter(|name| by_all(name)).cloned().collect();
    if by_all.len() != newest.len() {
        object.insert(REQUIRED.into(), newest.into());
    }
    if !by_all.is_empty() {
        object.insert("required".into(), by_all.into());
    }
}

/// What one release describes and another leaves open: the members that are known, none of which
/// must come.
fn open(variants: &[Variant<'_>]) -> Schema {
    let described: Vec<Variant<'_>> =
        variants.iter().copied().filter(|one| kind(one.schema) == "object").collect();
    let mut object = object(&described);
    if let Some(names) = object.remove("required") {
        object.entry(REQUIRED).or_insert(names);
    }
    object.insert("additionalProperties".into(), true.into());
    object
}

fn map(variants: &[Variant<'_>]) -> Schema {
    let values: Option<Vec<Variant<'_>>> = variants
        .iter()
        .map(|one| {
            let schema = one.schema.get("additionalProperties")?.as_object()?;
            Some(Variant { release: one.release, schema })
        })
        .collect();
    let values = match values {
        Some(values) => below(&values),
        None => true.into(),
    };
    Schema::from_iter([
        ("type".to_owned(), json!("object")),
        ("additionalProperties".to_owned(), values),
    ])
}

fn array(variants: &[Variant<'_>]) -> Schema {
    let items: Vec<Variant<'_>> = variants
        .iter()
        .filter_map(|one| {
            let schema = one.schema.get("items")?.as_object()?;
            Some(Variant { release: one.release, schema })
        })
        .collect();
    let items = if items.is_empty() { json!({}) } else { below(&items) };
    Schema::from_iter([("type".to_owned(), json!("array")), ("items".to_owned(), items)])
}

/// What is there whenever what holds it is there needs no span of its own.
fn below(variants: &[Variant<'_>]) -> Value {
    let mut schema = merged(variants);
    schema.remove(SPAN);
    schema.into()
}

/// A string; an enum where all releases list values.
fn text(variants: &[Variant<'_>]) -> Schema {
    let mut text = variants.first().map(|one| one.schema.clone()).unwrap_or_default();
    text.remove("enum");
    let mut spans: Map<String, Value> = Map::new();
    let mut values = Vec::new();
    for one in variants {
        let Some(listed) = one.schema.get("enum").and_then(Value::as_array) else {
            return text;
        };
        values.extend(listed.iter().filter_map(Value::as_str).map(|value| (value, one.release)));
    }
    for (value, _) in &values {
        let having = values.iter().filter(|(other, _)| other == value).map(|(_, release)| *release);
        spans.insert((*value).to_owned(), Span::over(having).value());
    }
    let mut names: Vec<Value> = spans.keys().map(|value| json!(value)).collect();
    names.sort_by_key(Value::to_string);
    text.insert("enum".into(), names.into());
    text.insert(VALUES.into(), spans.into());
    text
}

/// Whole numbers in one release, any in another: any.
fn number(variants: &[Variant<'_>]) -> Schema {
    let widest = variants.iter().find(|one| kind(one.schema) == "number");
    widest.map(|one| one.schema.clone()).unwrap_or_default()
}

pub(super) fn members(schema: &Schema) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}
