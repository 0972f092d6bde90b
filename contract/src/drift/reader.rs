//! Documents as they are meant: whatever their spelling, the same view.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::keywords::{
    complete, fact, is_null, is_prose, parent, percent_decoded, says_nothing_of_the_type,
    well_formed,
};
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
    /// The alternative that allows it, where it is not said of the whole.
    pub(super) null_in: Option<usize>,
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
    pub(super) placed: bool,
}

impl View<'_> {
    /// Whether anything goes.
    pub(super) fn is_any(&self) -> bool {
        let says = self.values.is_some() || !self.members.is_empty();
        self.types.is_empty() && self.alternatives.is_empty() && !says
    }

    pub(super) fn is_list(&self) -> bool {
        self.types.len() == 1 && self.types.contains("array") && self.alternatives.is_empty()
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
            null_in: None,
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
        if view.nullable.is_none() {
            let found = self.null_among(&view.alternatives)?;
            view.null_in = found.as_ref().map(|(index, _)| *index);
            view.nullable = found.map(|(_, at)| at);
        }
        complete(&mut view);
        Ok(view)
    }

    /// The first alternative that allows null, and where it says so: then all of the union allows
    /// it, as vendoring reads it.
    fn null_among(&self, alternatives: &[Node<'a>]) -> Result<Option<(usize, String)>> {
        for (index, alternative) in alternatives.iter().enumerate() {
            if let Some(at) = self.null_at(alternative, &mut Vec::new())? {
                return Ok(Some((index, at)));
            }
        }
        Ok(None)
    }

    fn null_at(&self, node: &Node<'a>, trail: &mut Vec<usize>) -> Result<Option<String>> {
        let node = self.resolve(node)?;
        if trail.contains(&node.address()) {
            return Ok(None);
        }
        let lists_null = |key: &str, null: &Value| {
            node.value.get(key).and_then(Value::as_array).is_some_and(|list| list.contains(null))
        };
        let lists_null = lists_null("enum", &Value::Null) || lists_null("type", &"null".into());
        if node.says("nullable") || is_null(node.value) || lists_null {
            return Ok(Some(node.at));
        }
        trail.push(node.address());
        let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|keyword| node.get(keyword));
        for part in parts.flat_map(|part| part.items()) {
            if let Some(at) = self.null_at(&part, trail)? {
                return Ok(Some(at));
            }
        }
        trail.pop();
        Ok(None)
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

    /// A text that equal schemas have in common; null is left out of the outermost, since it is said
    /// of the union that an alternative is in.
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
