//! Operations: which are the same, and what each says beside schemas.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::cursor::{Call, Contract, Cursor};
use super::keywords::is_prose;
use super::kind::{Kind, Way};
use super::parameters::parameters;
use super::reader::{Doc, Node};
use super::walk::{Detail, Walk};
use crate::canonical;
use crate::contract::api;
use crate::document::{METHODS, derived_id, shape};
use crate::method::Method;
use crate::proposals;
use crate::refused::{escape, refuse};

/// An operation of a document.
pub(super) struct Operation<'a> {
    pub(super) id: String,
    pub(super) path: &'a str,
    pub(super) method: &'static str,
    pub(super) item: Node<'a>,
    pub(super) node: Node<'a>,
}

impl<'a> Operation<'a> {
    fn tag(&self) -> &'a str {
        self.node.value["tags"][0].as_str().unwrap_or("other")
    }

    /// Path, with no word on how its parameters are called.
    pub(super) fn shape(&self) -> String {
        shape(self.path)
    }

    pub(super) fn names(&self) -> Vec<&'a str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    pub(super) fn whole(&self) -> Cursor<'a> {
        Cursor { node: None, model: None, path: self.id.clone() }
    }
}

/// All operations of a document.
pub(super) fn operations<'a>(doc: &Doc<'a>) -> Result<Vec<Operation<'a>>> {
    let paths = Node::root(doc.root).get("paths");
    let mut found = Vec::new();
    for (path, item) in paths.iter().flat_map(Node::entries) {
        if path.starts_with("x-") {
            continue;
        }
        let item = doc.resolve(&item)?;
        if !item.value.is_object() {
            return Err(refuse(&item.at, "a path item must be an object"));
        }
        for method in METHODS {
            let Some(node) = item.get(method) else { continue };
            if !node.value.is_object() {
                return Err(refuse(&node.at, "an operation must be an object"));
            }
            let given = node.text("operationId").map(str::to_owned);
            let id = given.unwrap_or_else(|| derived_id(method, path));
            well_formed(&node)?;
            found.push(Operation { id, path, method, item: item.clone(), node });
        }
    }
    Ok(found)
}

fn well_formed(operation: &Node<'_>) -> Result<()> {
    let holds = |key: &str, fits: fn(&Value) -> bool| operation.value.get(key).is_none_or(fits);
    for (key, fits) in [
        ("parameters", holds("parameters", Value::is_array)),
        ("responses", holds("responses", Value::is_object)),
        ("requestBody", holds("requestBody", Value::is_object)),
        ("security", holds("security", Value::is_array)),
    ] {
        if !fits {
            return Err(refuse(&format!("{}/{key}", operation.at), format!("no such {key}")));
        }
    }
    Ok(())
}

/// The calls that vendoring proposes for the operations that the contract does not have.
pub(super) fn proposed(contract: &Contract<'_>, all: &[Operation<'_>]) -> BTreeMap<String, Call> {
    let mut all: Vec<&Operation<'_>> = all.iter().collect();
    all.sort_by_key(|operation| operation.path);
    let known = |id: &str| {
        let Call { group, method, .. } = contract.call(id)?;
        Some(Method::new(group, method))
    };
    let listed = all.iter().map(|operation| (operation.tag(), operation.id.as_str()));
    let mut methods = proposals::propose(listed, known);
    let call = |operation: &&Operation<'_>| {
        let Method { group, method, .. } = methods.remove(&operation.id)?;
        let api = api(operation.path).to_owned();
        Some((operation.id.clone(), Call { api, group, method }))
    };
    all.iter().filter_map(call).collect()
}

/// What an operation takes and gives, wherever it is: equal texts, equal operations.
fn signature<'a>(doc: &Doc<'a>, operation: &Operation<'a>) -> Result<BTreeSet<String>> {
    let mut parts = BTreeSet::new();
    for parameter in parameters(doc, operation)? {
        let key = doc.key(&parameter.schema(), &mut Vec::new())?;
        parts.insert(format!("{} {} {key}", parameter.place, parameter.name));
    }
    let mut bodies = vec![("body", doc.get(&operation.node, "requestBody")?)];
    if let Some(responses) = doc.get(&operation.node, "responses")? {
        for (status, response) in responses.entries() {
            bodies.push((status, Some(doc.resolve(&response)?)));
        }
    }
    for (name, body) in bodies {
        let Some(body) = body else { continue };
        parts.insert(name.to_owned());
        let content = doc.get(&body, "content")?;
        for (kind, media) in content.iter().flat_map(Node::entries) {
            let schema = media.get("schema");
            let key = schema.map(|schema| doc.key(&schema, &mut Vec::new())).transpose()?;
            parts.insert(format!("{name} {kind} {}", key.unwrap_or_default()));
        }
    }
    Ok(parts)
}

/// Operations whose path is now another's, while they are elsewhere as they were.
fn displaced<'a>(
    (from, base): (&Doc<'a>, &[Operation<'a>]),
    (to, upstream): (&Doc<'a>, &[Operation<'a>]),
) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for one in base {
        let there = |other: &&Operation<'a>| one.method == other.method && one.path == other.path;
        let Some(there) = upstream.iter().find(there).filter(|other| other.id != one.id) else {
            continue;
        };
        let Some(elsewhere) = upstream.iter().find(|other| other.id == one.id) else { continue };
        let known = signature(from, one)?;
        if known != signature(to, there)? && known == signature(to, elsewhere)? {
            found.insert(one.id.clone());
        }
    }
    Ok(found)
}

/// Which operations are the same: by path and method, by the path's shape, by id.
pub(super) fn pairs<'a>(
    (from, base): (&Doc<'a>, &[Operation<'a>]),
    (to, upstream): (&Doc<'a>, &[Operation<'a>]),
) -> Result<Vec<(usize, usize)>> {
    type Same<'s> = &'s dyn Fn(&Operation<'_>, &Operation<'_>) -> bool;
    let displaced = displaced((from, base), (to, upstream))?;
    let rules: [Same<'_>; 5] = [
        &|one, other| one.id == other.id && displaced.contains(&one.id),
        &|one, other| one.method == other.method && one.path == other.path,
        &|one, other| {
            one.method == other.method && one.id == other.id && one.shape() == other.shape()
        },
        &|one, other| one.method == other.method && one.shape() == other.shape(),
        &|one, other| one.id == other.id,
    ];
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut taken = (vec![false; base.len()], vec![false; upstream.len()]);
    for same in rules {
        for (from, one) in base.iter().enumerate() {
            if taken.0[from] {
                continue;
            }
            let free = (0..upstream.len()).filter(|to| !taken.1[*to]);
            if let Some(to) = free.into_iter().find(|to| same(one, &upstream[*to])) {
                taken.0[from] = true;
                taken.1[to] = true;
                pairs.push((from, to));
            }
        }
    }
    pairs.sort_unstable();
    Ok(pairs)
}

impl<'a> Walk<'a> {
    /// Reports an operation that only one document has.
    pub(super) fn lone(&mut self, kind: Kind, operation: &Operation<'a>) {
        let at = format!("/paths/{}/{}", escape(operation.path), operation.method);
        let route = format!("{} {}", operation.method.to_uppercase(), operation.path);
        let detail = match kind {
            Kind::OperationAdded => Detail::of(None, Some(route.into())),
            _ => Detail::of(Some(route.into()), None),
        };
        self.report(kind, &operation.whole(), &at, detail);
    }

    /// Compares one operation of both documents.
    pub(super) fn operation(&mut self, one: &Operation<'a>, other: &Operation<'a>) -> Result<()> {
        self.way = Way::Sent;
        let at = Cursor { path: one.id.clone(), ..other.whole() };
        self.identity(one, other, &at);
        self.flags(one, other, &at);
        self.parameters(one, other, &at)?;
        self.request(one, other, &at)?;
        self.responses(one, other, &at)
    }

    fn identity(&mut self, one: &Operation<'a>, other: &Operation<'a>, at: &Cursor<'a>) {
        let texts = |before: &str, after: &str| {
            Detail::of(Some(before.to_owned().into()), Some(after.to_owned().into()))
        };
        if one.id != other.id {
            let detail = texts(&one.id, &other.id);
            let pointer = format!("{}/operationId", other.node.at);
            self.report(Kind::OperationRenamed, at, &pointer, detail);
        }
        if one.shape() != other.shape() {
            let pointer = format!("/paths/{}", escape(other.path));
            self.report(Kind::PathChanged, at, &pointer, texts(one.path, other.path));
        } else if one.path != other.path {
            let pointer = format!("/paths/{}", escape(other.path));
            self.report(Kind::ParameterRenamed, at, &pointer, texts(one.path, other.path));
        }
        if one.method != other.method {
            let detail = texts(one.method, other.method);
            self.report(Kind::MethodChanged, at, &other.node.at, detail);
        }
    }

    fn flags(&mut self, one: &Operation<'a>, other: &Operation<'a>, at: &Cursor<'a>) {
        let pointer = format!("{}/deprecated", other.node.at);
        match (one.node.says("deprecated"), other.node.says("deprecated")) {
            (false, true) => {
                self.report(Kind::OperationDeprecated, at, &pointer, Detail::default());
            }
            (true, false) => {
                self.report(Kind::OperationRestored, at, &pointer, Detail::default());
            }
            _ => {}
        }
        self.security(one, other, at);
        let (before, after) =
            (base_paths(&self.base, Some(one)), base_paths(&self.upstream, Some(other)));
        let whole = (base_paths(&self.base, None), base_paths(&self.upstream, None));
        if before != after && (&before, &after) != (&whole.0, &whole.1) {
            let own = other.node.get("servers").is_some() || other.item.get("servers").is_none();
            let holder = if own { &other.node } else { &other.item };
            let pointer = format!("{}/servers", holder.at);
            let detail = Detail::of(Some(json!(before)), Some(json!(after)));
            self.report(Kind::BasePathChanged, at, &pointer, detail);
        }
        let said =
            |operation: &Operation<'a>| operation.node.value.get("callbacks").map(without_prose);
        if said(one) != said(other) {
            let pointer = format!("{}/callbacks", other.node.at);
            self.report(Kind::OtherChanged, at, &pointer, Detail::default());
        }
    }

    fn security(&mut self, one: &Operation<'a>, other: &Operation<'a>, at: &Cursor<'a>) {
        let before = requirements(self.base.root, one.node.value);
        let after = requirements(self.upstream.root, other.node.value);
        if before == after {
            return;
        }
        let kind = if before.is_empty() {
            Kind::SecurityAdded
        } else if after.is_empty() {
            Kind::SecurityRemoved
        } else {
            Kind::SecurityChanged
        };
        let own = |operation: &Operation<'_>| operation.node.value.get("security").is_some();
        let detail = Detail::of(Some(json!(before)), Some(json!(after)));
        if own(one) || own(other) {
            self.report(kind, at, &format!("{}/security", other.node.at), detail);
        } else {
            let whole = Cursor { path: "security".into(), ..at.clone() };
            self.report(kind, &whole, "/security", detail);
        }
    }
}

/// What a call must show: nothing where nothing is an alternative.
fn requirements(root: &Value, operation: &Value) -> BTreeSet<String> {
    let listed = operation.get("security").or_else(|| root.get("security"));
    let alternatives = listed.and_then(Value::as_array).into_iter().flatten();
    let texts: BTreeSet<String> = alternatives.map(requirement).collect();
    if texts.contains("") { BTreeSet::new() } else { texts }
}

fn requirement(value: &Value) -> String {
    let schemes = value.as_object().into_iter().flatten().map(|(scheme, scopes)| {
        let scopes = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
        let scopes: BTreeSet<&str> = scopes.collect();
        format!("{scheme} {}", scopes.into_iter().collect::<Vec<_>>().join(" "))
    });
    schemes.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" and ")
}

/// The path below which an operation lies: hosts differ from server to server.
pub(super) fn base_paths(doc: &Doc<'_>, operation: Option<&Operation<'_>>) -> BTreeSet<String> {
    let own = operation.and_then(|operation| {
        let of = |node: &Node<'_>| node.value.get("servers").cloned();
        of(&operation.node).or_else(|| of(&operation.item))
    });
    let servers = own.or_else(|| doc.root.get("servers").cloned()).unwrap_or_default();
    let urls = servers.as_array().into_iter().flatten().filter_map(|server| server["url"].as_str());
    let mut paths: BTreeSet<String> = urls.map(|url| path_of(url).to_owned()).collect();
    if paths.is_empty() {
        paths.insert(String::new());
    }
    paths
}

fn path_of(url: &str) -> &str {
    let below = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url,
    };
    below.trim_end_matches('/')
}

/// A value without what is for readers.
pub(super) fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !is_prose(key));
            let kept = kept.map(|(key, value)| (key.clone(), without_prose(value)));
            canonical::sorted(&Value::Object(kept.collect()))
        }
        Value::Array(items) => items.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}
