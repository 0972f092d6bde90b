//! Objects with members, enums and unions get a place of their own; equal ones the same place.
//!
//! Equal are schemas that say the same in the last release that has them: whatever older releases
//! had or lacked in one place of a user, it is one `User`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::apart::APART;
use super::canonical;
use super::document::all_mut;
use super::merge::span::{self, NULLABLE, SPAN, Span};
use super::walk::Schema;

/// The hoisted schemas. References among them are `{"$ref": "#<index>"}`.
#[derive(Default)]
pub(crate) struct Pool {
    pub(crate) schemas: Vec<Value>,
    /// Which releases have each of them.
    pub(crate) spans: Vec<Span>,
    known: BTreeMap<String, Vec<usize>>,
}

impl Pool {
    /// Replaces all that is to be hoisted in the operations.
    pub(crate) fn hoist(document: &mut Value) -> Self {
        let mut pool = Self::default();
        let whole = Span::whole(1);
        each_root(document, &mut |schema| *schema = pool.intern(schema, whole));
        pool
    }

    /// `outer` is the span of what the schema is a part of.
    fn intern(&mut self, schema: &Value, outer: Span) -> Value {
        let Value::Object(map) = schema else {
            return schema.clone();
        };
        let span = Span::of(schema).unwrap_or(outer);
        let mut map = self.intern_children(map, span);
        if !deserves_a_name(&map) {
            map.remove(APART);
            return Value::Object(map);
        }
        let beside: Schema =
            BESIDE.iter().filter_map(|key| Some(((*key).to_owned(), map.remove(*key)?))).collect();
        let reference = json!({ "$ref": format!("#{}", self.index(map, span)) });
        if beside.is_empty() {
            return reference;
        }
        let mut wrapped = beside;
        wrapped.insert("allOf".into(), json!([reference]));
        Value::Object(wrapped)
    }

    fn intern_children(&mut self, map: &Schema, span: Span) -> Schema {
        let mut interned = map.clone();
        if let Some(Value::Object(properties)) = interned.get_mut("properties") {
            properties.values_mut().for_each(|property| *property = self.intern(property, span));
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(child) = interned.get_mut(keyword) {
                *child = self.intern(child, span);
            }
        }
        if let Some(Value::Array(alternatives)) = interned.get_mut("oneOf") {
            alternatives
                .iter_mut()
                .for_each(|alternative| *alternative = self.intern(alternative, span));
        }
        interned
    }

    fn index(&mut self, map: Schema, span: Span) -> usize {
        let key = key(&map, span);
        let schema = Value::Object(map);
        let alike = self.known.get(&key).into_iter().flatten();
        let free = alike.copied().find(|index| !self.holds(&schema, *index));
        let index = free.unwrap_or_else(|| {
            self.known.entry(key).or_default().push(self.schemas.len());
            self.schemas.push(schema.clone());
            self.spans.push(span);
            self.schemas.len() - 1
        });
        if let (Some(Value::Object(known)), Value::Object(map)) =
            (self.schemas.get_mut(index).filter(|_| free.is_some()), &schema)
        {
            span::combine(known, map);
        }
        if let Some(known) = self.spans.get_mut(index) {
            *known = known.and(span);
        }
        index
    }

    /// Whether a schema occurs within one that is to become a part of it: what an older release had
    /// of a user in each user would be a user without end.
    fn holds(&self, schema: &Value, part: usize) -> bool {
        let mut open = Vec::new();
        references(schema, &mut open);
        let mut seen = BTreeSet::new();
        while let Some(index) = open.pop() {
            if index == part {
                return true;
            }
            if let Some(schema) = self.schemas.get(index).filter(|_| seen.insert(index)) {
                references(schema, &mut open);
            }
        }
        false
    }

    /// A schema as its last release has it.
    pub(crate) fn latest(&self, index: usize) -> Value {
        match (self.schemas.get(index), self.spans.get(index)) {
            (Some(Value::Object(schema)), Some(span)) => span::latest_of(schema, *span).into(),
            _ => Value::Null,
        }
    }

    /// The same with all its references replaced.
    pub(crate) fn latest_whole(&self, index: usize) -> Value {
        let whole = self.schemas.get(index).map(|schema| self.expand(schema, &|index| index));
        match (whole, self.spans.get(index)) {
            (Some(Value::Object(schema)), Some(span)) => span::latest_of(&schema, *span).into(),
            _ => Value::Null,
        }
    }

    /// Lets schemas say what narrower ones say that are to be read as them.
    pub(crate) fn widen(&mut self, wider: &BTreeMap<usize, usize>) {
        for (narrow, wide) in wider {
            let narrow = self.schemas.get(*narrow).cloned();
            if let (Some(Value::Object(narrow)), Some(Value::Object(wide))) =
                (narrow, self.schemas.get_mut(*wide))
            {
                span::combine(wide, &narrow);
            }
        }
    }

    /// A schema with all its references replaced, each index as `redirect` says.
    pub(crate) fn expand(&self, schema: &Value, redirect: &dyn Fn(usize) -> usize) -> Value {
        match schema {
            Value::Object(map) => match reference(schema) {
                Some(index) => self.target(redirect(index), redirect),
                None => self.expand_map(map, redirect),
            },
            Value::Array(items) => items.iter().map(|item| self.expand(item, redirect)).collect(),
            other => other.clone(),
        }
    }

    fn expand_map(&self, map: &Schema, redirect: &dyn Fn(usize) -> usize) -> Value {
        let expanded = map.iter().map(|(key, value)| (key.clone(), self.expand(value, redirect)));
        let mut expanded: Map<String, Value> = expanded.collect();
        if let Some(Value::Array(parts)) = expanded.remove("allOf") {
            expanded.extend(parts.into_iter().filter_map(into_map).flatten());
        }
        Value::Object(expanded)
    }

    fn target(&self, index: usize, redirect: &dyn Fn(usize) -> usize) -> Value {
        self.schemas.get(index).map_or(Value::Null, |schema| self.expand(schema, redirect))
    }
}

fn into_map(value: Value) -> Option<Schema> {
    match value {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// What is said about a use of a schema, not about the schema.
const BESIDE: [&str; 4] = ["nullable", "x-logto-secret", NULLABLE, SPAN];

/// Equal keys, one schema. Where the last release leaves next to nothing, all releases count.
fn key(map: &Schema, span: Span) -> String {
    let latest = span::latest_of(map, span);
    let has_members = |key: &str, few: usize| match latest.get(key) {
        Some(Value::Object(members)) => members.len() > few,
        Some(Value::Array(members)) => members.len() > few,
        _ => false,
    };
    match has_members("properties", 0) || has_members("oneOf", 1) || has_members("enum", 1) {
        true => canonical::shape(&Value::Object(latest)),
        false => canonical::shape(&Value::Object(map.clone())),
    }
}

fn deserves_a_name(schema: &Schema) -> bool {
    let has_choice =
        schema.get("enum").and_then(Value::as_array).is_some_and(|values| values.len() > 1);
    let is_text = schema.get("type").is_some_and(|kind| kind == "string");
    schema.contains_key("oneOf") || schema.contains_key("properties") || has_choice && is_text
}

/// The index a reference leads to.
pub(crate) fn reference(schema: &Value) -> Option<usize> {
    schema.get("$ref")?.as_str()?.strip_prefix('#')?.parse().ok()
}

/// All indexes that a schema refers to.
pub(crate) fn references(schema: &Value, found: &mut Vec<usize>) {
    found.extend(reference(schema));
    match schema {
        Value::Object(map) => map.values().for_each(|value| references(value, found)),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The index a use leads to, bare or with something said beside it.
pub(crate) fn used(schema: &Value) -> Option<usize> {
    reference(schema).or_else(|| reference(schema.get("allOf")?.get(0)?))
}

/// Every schema that stands directly in an operation.
pub(crate) fn each_root(document: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    each_place(document, &mut |_, _, schema| visit(schema));
}

/// The same with the operation's id, and where it is there: `body`, a status, or the name of a
/// parameter after a `?`.
pub(crate) fn each_place(document: &mut Value, visit: &mut dyn FnMut(&str, &str, &mut Value)) {
    for (_, _, operation) in all_mut(document) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        roots(operation, &mut |root, schema| visit(&id, root, schema));
    }
}

fn roots(operation: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let root = format!("?{}", parameter["name"].as_str().unwrap_or_default());
        parameter.get_mut("schema").into_iter().for_each(|schema| visit(&root, schema));
    }
    if let Some(body) = operation.get_mut("requestBody") {
        content(body, &mut |schema| visit("body", schema));
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        content(response, &mut |schema| visit(status, schema));
    }
}

fn content(body: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let content = body.get_mut("content").and_then(Value::as_object_mut);
    content
        .into_iter()
        .flat_map(|content| content.values_mut())
        .filter_map(|media| media.get_mut("schema"))
        .for_each(visit);
}
