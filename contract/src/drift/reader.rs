//! Documents as they are meant: whatever their spelling, the same view.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Map, Value};

use crate::canonical;
use crate::refused::{escape, refuse};

/// How far references may lead: a longer way is a circle.
const MAX_DEPTH: usize = 64;

/// A value and where it stands in its document.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) at: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Node { value, at: String::new() }
    }

    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(Node { value, at: format!("{}/{}", self.at, escape(key)) })
    }

    pub(super) fn index(&self, index: usize) -> Option<Self> {
        let value = self.value.get(index)?;
        Some(Node { value, at: format!("{}/{index}", self.at) })
    }

    /// The entries of an object.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        let map = self.value.as_object();
        let entry = |key: &'a String, value| {
            let at = format!("{}/{}", self.at, escape(key));
            (key.as_str(), Node { value, at })
        };
        map.into_iter().flatten().map(|(key, value)| entry(key, value)).collect()
    }

    pub(super) fn items(&self) -> Vec<Self> {
        let length = self.value.as_array().map_or(0, Vec::len);
        (0..length).filter_map(|index| self.index(index)).collect()
    }

    pub(super) fn says(&self, key: &str) -> bool {
        self.value.get(key) == Some(&Value::Bool(true))
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// The identity of the value.
    pub(super) fn address(&self) -> usize {
        std::ptr::from_ref(self.value) as usize
    }
}

/// Members that an object may have beside the declared ones.
#[derive(Clone)]
pub(super) enum Others<'a> {
    Unsaid,
    Any,
    None,
    Like(Node<'a>),
}

/// What a schema says.
pub(super) struct View<'a> {
    /// Where its type is said: behind references.
    pub(super) at: String,
    /// Where it is used.
    pub(super) used_at: String,
    /// Where null is allowed.
    pub(super) nullable: Option<String>,
    pub(super) types: BTreeSet<String>,
    /// The JSON texts of an enum or literal.
    pub(super) values: Option<BTreeSet<String>>,
    pub(super) format: Option<String>,
    pub(super) members: BTreeMap<&'a str, Node<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) items: Option<Node<'a>>,
    pub(super) others: Others<'a>,
    pub(super) alternatives: Vec<Node<'a>>,
    pub(super) discriminator: Option<Node<'a>>,
    /// Constraints, defaults, and what else there is; each with where it is said.
    pub(super) facts: BTreeMap<String, (Value, String)>,
    placed: bool,
}

impl View<'_> {
    /// Whether anything goes.
    pub(super) fn is_any(&self) -> bool {
        self.types.is_empty() && self.values.is_none() && self.alternatives.is_empty()
    }

    /// In short.
    pub(super) fn summary(&self) -> String {
        let mut text = if !self.alternatives.is_empty() {
            format!("one of {}", self.alternatives.len())
        } else if let Some(values) = self.values.as_ref().filter(|values| values.len() == 1) {
            values.iter().cloned().collect()
        } else if self.types.is_empty() {
            "anything".to_owned()
        } else {
            self.types.iter().cloned().collect::<Vec<_>>().join(" or ")
        };
        if let Some(format) = &self.format {
            text = format!("{text} ({format})");
        }
        text
    }
}

/// A document whose references are followed.
#[derive(Clone, Copy)]
pub(super) struct Doc<'a> {
    pub(super) root: &'a Value,
}

impl<'a> Doc<'a> {
    /// What a node stands for.
    pub(super) fn resolve(&self, node: &Node<'a>) -> Result<Node<'a>> {
        let mut node = node.clone();
        for _ in 0..MAX_DEPTH {
            let Some(reference) = node.text("$ref") else {
                return Ok(node);
            };
            node = self.follow(reference, &node.at)?;
        }
        Err(refuse(&node.at, "its $ref leads back to itself"))
    }

    /// What a reference names.
    pub(super) fn follow(&self, reference: &str, at: &str) -> Result<Node<'a>> {
        let pointer = reference.strip_prefix('#').map(percent_decoded);
        let found = pointer.and_then(|pointer| {
            let value = self.root.pointer(&pointer)?;
            Some(Node { value, at: pointer })
        });
        found.ok_or_else(|| refuse(at, format!("$ref {reference} names nothing in this document")))
    }

    /// A member of an object, resolved.
    pub(super) fn get(&self, node: &Node<'a>, key: &str) -> Result<Option<Node<'a>>> {
        node.get(key).map(|node| self.resolve(&node)).transpose()
    }

    /// Reads a schema.
    pub(super) fn view(&self, node: &Node<'a>) -> Result<View<'a>> {
        let mut view = View {
            at: node.at.clone(),
            used_at: node.at.clone(),
            nullable: None,
            types: BTreeSet::new(),
            values: None,
            format: None,
            members: BTreeMap::new(),
            required: BTreeSet::new(),
            items: None,
            others: Others::Unsaid,
            alternatives: Vec::new(),
            discriminator: None,
            facts: BTreeMap::new(),
            placed: false,
        };
        self.add(node, &mut view, 0)?;
        complete(&mut view);
        Ok(view)
    }

    fn add(&self, node: &Node<'a>, view: &mut View<'a>, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(refuse(&node.at, "a schema that is made of itself"));
        }
        let node = self.resolve(node)?;
        let map = match node.value {
            Value::Object(map) => map,
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => {
                view.facts.insert("never".into(), (Value::Bool(true), node.at));
                return Ok(());
            }
            other => {
                let why = format!("a schema must be an object, this is {other}");
                return Err(refuse(&node.at, why));
            }
        };
        well_formed(map, &node.at)?;
        let own = map.keys().any(|key| !says_nothing_of_the_type(key));
        if own && !view.placed {
            view.at = node.at.clone();
            view.placed = true;
        }
        for (key, value) in map {
            fact(key, value, &node, view);
        }
        for part in node.get("allOf").iter().flat_map(Node::items) {
            self.add(&part, view, depth + 1)?;
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(union) = node.get(keyword) {
                self.add_union(&union, view, depth)?;
            }
        }
        Ok(())
    }

    /// Null among the alternatives is said by `nullable`; a union of one is that one, and one in
    /// another is one.
    fn add_union(&self, union: &Node<'a>, view: &mut View<'a>, depth: usize) -> Result<()> {
        let mut kept = Vec::new();
        for alternative in union.items() {
            self.flatten(alternative, view, &mut kept, depth)?;
        }
        if let [only] = kept.as_slice() {
            return self.add(&only.clone(), view, depth + 1);
        }
        if !view.placed {
            view.at = parent(&union.at).to_owned();
            view.placed = true;
        }
        view.alternatives.extend(kept);
        Ok(())
    }

    fn flatten(
        &self,
        alternative: Node<'a>,
        view: &mut View<'a>,
        kept: &mut Vec<Node<'a>>,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(refuse(&alternative.at, "a union that is made of itself"));
        }
        let target = self.resolve(&alternative)?;
        if is_null(target.value) {
            view.nullable.get_or_insert(target.at);
            return Ok(());
        }
        let inner = ["oneOf", "anyOf", "allOf"].iter().find_map(|keyword| target.get(keyword));
        let only_wraps = target.value.as_object().is_some_and(|map| {
            let wraps = |key: &String| matches!(key.as_str(), "oneOf" | "anyOf" | "allOf");
            map.keys().filter(|key| wraps(key)).count() == 1
                && map.keys().all(|key| wraps(key) || key == "nullable" || is_prose(key))
        });
        match inner.map(|inner| inner.items()) {
            Some(inner) if only_wraps && (inner.len() == 1 || target.get("allOf").is_none()) => {
                if target.says("nullable") {
                    view.nullable.get_or_insert(target.at);
                }
                inner.into_iter().try_for_each(|one| self.flatten(one, view, kept, depth + 1))
            }
            _ => {
                kept.push(alternative);
                Ok(())
            }
        }
    }

    /// A text that equal schemas have in common; null is left out of the outermost, since it says
    /// the same in any alternative of a union.
    pub(super) fn key(&self, node: &Node<'a>, trail: &mut Vec<usize>) -> Result<String> {
        let address = self.resolve(node)?.address();
        if let Some(position) = trail.iter().position(|known| *known == address) {
            return Ok(format!("up {}", trail.len() - position));
        }
        let outermost = trail.is_empty();
        trail.push(address);
        let view = self.view(node)?;
        let mut parts = vec![format!("{:?} {:?} {:?}", view.types, view.values, view.format)];
        if view.nullable.is_some() && !outermost {
            parts.push("null".into());
        }
        for (name, member) in &view.members {
            let must = if view.required.contains(name) { "!" } else { "" };
            parts.push(format!("{name:?}{must}: {}", self.key(member, trail)?));
        }
        if let Some(items) = &view.items {
            parts.push(format!("[{}]", self.key(items, trail)?));
        }
        match &view.others {
            Others::Unsaid => {}
            Others::Any => parts.push("...".into()),
            Others::None => parts.push("closed".into()),
            Others::Like(values) => parts.push(format!("...{}", self.key(values, trail)?)),
        }
        let mut alternatives = Vec::new();
        for alternative in &view.alternatives {
            alternatives.push(self.key(alternative, trail)?);
        }
        alternatives.sort();
        let facts = view.facts.iter().map(|(key, (value, _))| format!("{key} {value}"));
        parts.push(format!("{alternatives:?} {:?}", facts.collect::<Vec<_>>()));
        trail.pop();
        Ok(format!("{{{}}}", parts.join(", ")))
    }
}

/// Refuses keywords that hold what they cannot: nobody can tell what they mean.
fn well_formed(schema: &Map<String, Value>, at: &str) -> Result<()> {
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

fn fact<'a>(key: &str, value: &'a Value, node: &Node<'a>, view: &mut View<'a>) {
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
fn complete(view: &mut View<'_>) {
    if !view.members.is_empty() && view.alternatives.is_empty() {
        view.types.insert("object".into());
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

fn is_null(schema: &Value) -> bool {
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
fn says_nothing_of_the_type(key: &str) -> bool {
    let wraps = matches!(key, "nullable" | "allOf" | "oneOf" | "anyOf" | "deprecated");
    wraps || matches!(key, "readOnly" | "writeOnly" | "default") || is_prose(key)
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A reference is a URI: what it names may be percent-encoded.
fn percent_decoded(fragment: &str) -> String {
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
