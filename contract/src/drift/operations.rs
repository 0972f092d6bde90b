//! Operations: which are the same, and what each says beside schemas.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use heck::ToSnakeCase;
use serde_json::{Value, json};

use super::cursor::{Call, Cursor};
use super::kind::{Kind, Way};
use super::reader::{Doc, Node, is_prose};
use super::schemas::{ANYTHING, Detail, Walk};
use crate::canonical;
use crate::contract::api;
use crate::document::{METHODS, derived_id};
use crate::refused::{escape, refuse};

/// An operation of a document.
pub(super) struct Operation<'a> {
    pub(super) id: String,
    pub(super) path: &'a str,
    pub(super) method: &'static str,
    item: Node<'a>,
    node: Node<'a>,
}

impl<'a> Operation<'a> {
    /// The call that vendoring would propose.
    pub(super) fn proposed(&self) -> Call {
        let tag = self.node.value["tags"][0].as_str().unwrap_or("other");
        Call {
            api: api(self.path).to_owned(),
            group: tag.to_snake_case(),
            method: self.id.to_snake_case(),
        }
    }

    /// Path, with no word on how its parameters are called.
    fn shape(&self) -> String {
        let mut shape = String::new();
        let mut inside = false;
        for letter in self.path.chars() {
            inside &= letter != '}';
            if !inside {
                shape.push(letter);
            }
            inside |= letter == '{';
        }
        shape
    }

    fn names(&self) -> Vec<&'a str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    fn whole(&self) -> Cursor<'a> {
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

    fn request(
        &mut self,
        one: &Operation<'a>,
        other: &Operation<'a>,
        at: &Cursor<'a>,
    ) -> Result<()> {
        let before = self.base.get(&one.node, "requestBody")?;
        let after = self.upstream.get(&other.node, "requestBody")?;
        let place = Cursor { path: format!("{} body", one.id), ..at.clone() };
        match (before, after) {
            (None, None) => Ok(()),
            (None, Some(body)) => {
                self.report(Kind::BodyAdded, &place, &body.at, Detail::must(body.says("required")));
                Ok(())
            }
            (Some(_), None) => {
                let pointer = format!("{}/requestBody", other.node.at);
                self.report(Kind::BodyRemoved, &place, &pointer, Detail::default());
                Ok(())
            }
            (Some(before), Some(after)) => {
                let pointer = format!("{}/required", after.at);
                match (before.says("required"), after.says("required")) {
                    (false, true) => {
                        self.report(Kind::BodyRequired, &place, &pointer, Detail::default());
                    }
                    (true, false) => {
                        self.report(Kind::BodyOptional, &place, &pointer, Detail::default());
                    }
                    _ => {}
                }
                let contract = self.contract.operation(&one.id).map(|known| known.value);
                let contract = contract.and_then(|value| value.get("requestBody"));
                self.bodies(&before, &after, &place, contract)
            }
        }
    }

    fn content_of(&self, doc: &Doc<'a>, body: &Node<'a>) -> Result<BTreeMap<String, Node<'a>>> {
        let content = doc.get(body, "content")?;
        let entries = content.iter().flat_map(Node::entries);
        entries.map(|(kind, media)| Ok((media_type(kind), doc.resolve(&media)?))).collect()
    }

    /// The media types of a body, and their schemas.
    fn bodies(
        &mut self,
        before: &Node<'a>,
        after: &Node<'a>,
        at: &Cursor<'a>,
        contract: Option<&'a Value>,
    ) -> Result<()> {
        let one = self.content_of(&self.base, before)?;
        let other = self.content_of(&self.upstream, after)?;
        let kinds: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for kind in kinds {
            let pointer = format!("{}/content/{}", after.at, escape(kind));
            let said = Some(Value::from(kind.clone()));
            match (one.get(kind), other.get(kind)) {
                (Some(_), None) => {
                    let detail = Detail::of(said, None);
                    self.report(Kind::MediaTypeRemoved, at, &pointer, detail);
                }
                (None, Some(media)) => {
                    let detail = Detail::of(None, said);
                    self.report(Kind::MediaTypeAdded, at, &media.at, detail);
                }
                (Some(base), Some(up)) => {
                    let known = contract.and_then(|body| body["content"].get(kind));
                    let node = known.and_then(|media| media.get("schema"));
                    self.media(base, up, &Cursor { node, ..at.clone() })?;
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn media(&mut self, base: &Node<'a>, up: &Node<'a>, at: &Cursor<'a>) -> Result<()> {
        let said = |node: &Node<'a>| node.value.get("encoding").map(without_prose);
        let (before, after) = (said(base), said(up));
        if before != after {
            let pointer = format!("{}/encoding", up.at);
            self.report(Kind::ConstraintChanged, at, &pointer, Detail::of(before, after));
        }
        let pointer = format!("{}/schema", up.at);
        match (base.get("schema"), up.get("schema")) {
            (None, None) => Ok(()),
            (Some(one), Some(other)) => self.schema(&one, &other, at),
            // Without a schema an answer is read as an acknowledgement.
            (one, other) => {
                let text = |doc: &Doc<'a>, node: &Option<Node<'a>>| -> Result<Option<Value>> {
                    let view = node.as_ref().map(|node| doc.view(node)).transpose()?;
                    Ok(view.map(|view| view.summary().into()))
                };
                let detail = Detail::of(text(&self.base, &one)?, text(&self.upstream, &other)?);
                self.report(Kind::TypeChanged, at, &pointer, detail);
                Ok(())
            }
        }
    }

    fn responses(
        &mut self,
        one: &Operation<'a>,
        other: &Operation<'a>,
        at: &Cursor<'a>,
    ) -> Result<()> {
        let before = self.base.get(&one.node, "responses")?;
        let after = self.upstream.get(&other.node, "responses")?;
        let entries = |node: &Option<Node<'a>>| -> BTreeMap<&'a str, Node<'a>> {
            let entries = node.iter().flat_map(Node::entries);
            entries.filter(|(status, _)| !status.starts_with("x-")).collect()
        };
        let (before, after) = (entries(&before), entries(&after));
        let statuses: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        let contract = self.contract.operation(&one.id).map(|known| &known.value["responses"]);
        for status in statuses {
            let place = Cursor { path: format!("{} {status}", one.id), ..at.clone() };
            let pointer = format!("{}/responses/{status}", other.node.at);
            // Errors look the same everywhere, so that nothing is read of what is said of them.
            let success = status.starts_with(['2', '3']);
            self.way = if status.starts_with('2') { Way::Received } else { Way::Unread };
            match (before.get(status), after.get(status)) {
                (Some(_), None) => {
                    self.report(Kind::StatusRemoved, &place, &pointer, Detail::must(success));
                }
                (None, Some(_)) => {
                    self.report(Kind::StatusAdded, &place, &pointer, Detail::must(success));
                }
                (Some(before), Some(after)) => {
                    let (before, after) =
                        (self.base.resolve(before)?, self.upstream.resolve(after)?);
                    let known = contract.and_then(|responses| responses.get(status));
                    self.bodies(&before, &after, &place, known)?;
                    self.headers(&before, &after, &place)?;
                }
                (None, None) => {}
            }
        }
        self.way = Way::Sent;
        Ok(())
    }

    fn headers(&mut self, before: &Node<'a>, after: &Node<'a>, at: &Cursor<'a>) -> Result<()> {
        let entries = |node: &Node<'a>| -> BTreeMap<String, Node<'a>> {
            let headers = node.get("headers");
            let entries = headers.iter().flat_map(Node::entries);
            entries.map(|(name, node)| (name.to_lowercase(), node)).collect()
        };
        let (one, other) = (entries(before), entries(after));
        let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        let way = std::mem::replace(&mut self.way, Way::Unread);
        for name in names {
            let place = Cursor { path: format!("{} header {name}", at.path), ..at.clone() };
            let pointer = format!("{}/headers/{}", after.at, escape(name));
            match (one.get(name), other.get(name)) {
                (Some(_), None) => {
                    self.report(Kind::HeaderRemoved, &place, &pointer, Detail::default());
                }
                (None, Some(node)) => {
                    self.report(Kind::HeaderAdded, &place, &node.at, Detail::default());
                }
                (Some(base), Some(up)) => {
                    let (base, up) = (self.base.resolve(base)?, self.upstream.resolve(up)?);
                    if base.says("required") != up.says("required") {
                        let before = Some(json!({ "required": base.says("required") }));
                        let after = Some(json!({ "required": up.says("required") }));
                        let detail = Detail::of(before, after);
                        self.report(Kind::ConstraintChanged, &place, &up.at, detail);
                    }
                    let schema = |node: &Node<'a>| {
                        let at = format!("{}/schema", node.at);
                        node.get("schema").unwrap_or(Node { value: &ANYTHING, at })
                    };
                    self.schema(&schema(&base), &schema(&up), &place)?;
                }
                (None, None) => {}
            }
        }
        self.way = way;
        Ok(())
    }

    fn parameters(
        &mut self,
        one: &Operation<'a>,
        other: &Operation<'a>,
        at: &Cursor<'a>,
    ) -> Result<()> {
        let mut before = parameters(&self.base, one)?;
        let mut after = parameters(&self.upstream, other)?;
        let mut both = Vec::new();
        take(&mut before, &mut after, &mut both, |one, other| {
            one.place == other.place && one.is_called_like(other)
        });
        // The same part of the path under another name.
        let (names, others) = (one.names(), other.names());
        take(&mut before, &mut after, &mut both, |one, other| {
            let part = |names: &[&str], name: &str| names.iter().position(|known| *known == name);
            one.place == "path"
                && other.place == "path"
                && part(&names, &one.name).is_some()
                && part(&names, &one.name) == part(&others, &other.name)
        });
        take(&mut before, &mut after, &mut both, Parameter::is_called_like);

        let moved = one.shape() != other.shape();
        let place = |name: &str| Cursor { path: format!("{} ?{name}", one.id), ..at.clone() };
        for gone in before.iter().filter(|gone| !(moved && gone.place == "path")) {
            let pointer = format!("{}/parameters", other.node.at);
            let detail = Detail::of(Some(gone.place.into()), None);
            self.report(Kind::ParameterRemoved, &place(&gone.name), &pointer, detail);
        }
        for new in after.iter().filter(|new| !(moved && new.place == "path")) {
            let must = new.is_required();
            let detail = Detail { must, before: None, after: Some(new.place.into()) };
            self.report(Kind::ParameterAdded, &place(&new.name), &new.node.at, detail);
        }
        for (base, up) in &both {
            self.parameter(base, up, one, &place(&base.name))?;
        }
        Ok(())
    }

    fn parameter(
        &mut self,
        base: &Parameter<'a>,
        up: &Parameter<'a>,
        operation: &Operation<'a>,
        at: &Cursor<'a>,
    ) -> Result<()> {
        let pointer = &up.node.at;
        if base.place != up.place {
            let detail = Detail::of(Some(base.place.into()), Some(up.place.into()));
            self.report(Kind::ParameterMoved, at, &format!("{pointer}/in"), detail);
        }
        match (base.is_required(), up.is_required()) {
            (false, true) if base.place == up.place => {
                let pointer = format!("{pointer}/required");
                self.report(Kind::ParameterRequired, at, &pointer, Detail::default());
            }
            (true, false) if base.place == up.place => {
                let pointer = format!("{pointer}/required");
                self.report(Kind::ParameterOptional, at, &pointer, Detail::default());
            }
            _ => {}
        }
        if base.style() != up.style() && base.place == up.place {
            let detail = Detail::of(Some(base.style()), Some(up.style()));
            self.report(Kind::ParameterStyleChanged, at, pointer, detail);
        }
        match (base.node.says("deprecated"), up.node.says("deprecated")) {
            (false, true) => self.report(Kind::Deprecated, at, pointer, Detail::default()),
            (true, false) => self.report(Kind::Restored, at, pointer, Detail::default()),
            _ => {}
        }
        let known = self.contract.operation(&operation.id);
        let known = known.and_then(|known| known.value["parameters"].as_array());
        let known = known.into_iter().flatten();
        let node = known
            .into_iter()
            .find(|known| known["name"] == *base.name && known["in"] == base.place)
            .and_then(|known| known.get("schema"));
        self.schema(&base.schema(), &up.schema(), &Cursor { node, ..at.clone() })
    }
}

/// A parameter of an operation or of its path.
#[derive(Clone)]
struct Parameter<'a> {
    name: String,
    place: &'a str,
    node: Node<'a>,
}

impl<'a> Parameter<'a> {
    /// Headers have names in any case.
    fn is_called_like(&self, other: &Self) -> bool {
        let header = self.place == "header" || other.place == "header";
        self.name == other.name || header && self.name.eq_ignore_ascii_case(&other.name)
    }

    fn is_required(&self) -> bool {
        self.place == "path" || self.node.says("required")
    }

    /// How lists and objects are written, and what else is about writing.
    fn style(&self) -> Value {
        let usual = if matches!(self.place, "query" | "cookie") { "form" } else { "simple" };
        let style = self.node.text("style").unwrap_or(usual);
        let explode = self.node.value.get("explode").and_then(Value::as_bool);
        let media: Vec<String> = self
            .node
            .get("content")
            .iter()
            .flat_map(Node::entries)
            .map(|(kind, _)| media_type(kind))
            .collect();
        json!({
            "style": style,
            "explode": explode.unwrap_or(style == "form"),
            "allowReserved": self.node.says("allowReserved"),
            "allowEmptyValue": self.node.says("allowEmptyValue"),
            "content": media,
        })
    }

    fn schema(&self) -> Node<'a> {
        let content = self.node.get("content").map(|content| content.entries());
        let media = content.into_iter().flatten().next().and_then(|(_, media)| media.get("schema"));
        let at = format!("{}/schema", self.node.at);
        self.node.get("schema").or(media).unwrap_or(Node { value: &ANYTHING, at })
    }
}

/// The operation's own, and those of the path that it does not override.
fn parameters<'a>(doc: &Doc<'a>, operation: &Operation<'a>) -> Result<Vec<Parameter<'a>>> {
    let mut found: Vec<Parameter<'a>> = Vec::new();
    for holder in [&operation.node, &operation.item] {
        let listed = doc.get(holder, "parameters")?;
        for node in listed.iter().flat_map(Node::items) {
            let node = doc.resolve(&node)?;
            let place = node.text("in").unwrap_or_default();
            let name = node.text("name").unwrap_or_default().to_owned();
            let parameter = Parameter { name, place, node };
            if !found.iter().any(|known| known.place == place && known.is_called_like(&parameter)) {
                found.push(parameter);
            }
        }
    }
    Ok(found)
}

fn take<'a>(
    before: &mut Vec<Parameter<'a>>,
    after: &mut Vec<Parameter<'a>>,
    both: &mut Vec<(Parameter<'a>, Parameter<'a>)>,
    same: impl Fn(&Parameter<'a>, &Parameter<'a>) -> bool,
) {
    before.retain(|one| match after.iter().position(|other| same(one, other)) {
        Some(index) => {
            both.push((one.clone(), after.remove(index)));
            false
        }
        None => true,
    });
}

fn media_type(text: &str) -> String {
    text.to_lowercase().chars().filter(|letter| !letter.is_whitespace()).collect()
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
