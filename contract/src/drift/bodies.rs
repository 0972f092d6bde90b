//! Bodies: whether there is one, in which media types, and of what schema.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::cursor::Cursor;
use super::kind::{Class, Kind, Way};
use super::operations::{Operation, without_prose};
use super::reader::{Doc, Node};
use super::walk::{Detail, Walk};
use crate::document::media_type;
use crate::refused::escape;
use crate::rules::{PREFERRED, UPLOAD};

impl<'a> Walk<'a> {
    pub(super) fn request(
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
                let detail = Detail::must(body.says("required"));
                let detail = match self.is_all_setters(&body)? {
                    true => detail,
                    false => detail.code(Class::Breaking),
                };
                self.report(Kind::BodyAdded, &place, &body.at, detail);
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
                self.bodies(&before, &after, &place, contract, &|walk, kind| {
                    walk.request_code(&after, kind)
                })
            }
        }
    }

    /// Whether a body asks for no argument: it has members, and requires none.
    fn is_all_setters(&self, body: &Node<'a>) -> Result<bool> {
        let content = self.content_of(&self.upstream, body)?;
        let Some(schema) = sent(&content).and_then(|(_, media)| media.get("schema")) else {
            return Ok(false);
        };
        let view = self.upstream.view(&schema)?;
        let flat = view.alternatives.is_empty() && !view.members.is_empty();
        let has_default = |name: &&str| -> Result<bool> {
            let Some(member) = view.members.get(*name) else { return Ok(true) };
            Ok(self.upstream.view(member)?.facts.contains_key("default"))
        };
        for name in &view.required {
            if !has_default(name)? {
                return Ok(false);
            }
        }
        Ok(flat)
    }

    /// What one more media type of a request means for code: nothing while what is sent stays.
    fn request_code(&self, body: &Node<'a>, kind: &str) -> Result<Class> {
        let mut content = self.content_of(&self.upstream, body)?;
        let shape = |content: &BTreeMap<String, Node<'a>>| -> Result<Option<String>> {
            let Some((kind, media)) = sent(content) else { return Ok(None) };
            let schema = media.get("schema").filter(|_| kind != UPLOAD);
            let key =
                schema.map(|schema| self.upstream.key(&schema, &mut Vec::new())).transpose()?;
            Ok(Some(key.unwrap_or_default()))
        };
        let after = shape(&content)?;
        content.remove(kind);
        Ok(if shape(&content)? == after { Class::Internal } else { Class::Breaking })
    }

    pub(super) fn content_of(
        &self,
        doc: &Doc<'a>,
        body: &Node<'a>,
    ) -> Result<BTreeMap<String, Node<'a>>> {
        let content = doc.get(body, "content")?;
        let entries = content.iter().flat_map(Node::entries);
        entries.map(|(kind, media)| Ok((media_type(kind), doc.resolve(&media)?))).collect()
    }

    /// The media types of a body, and their schemas.
    pub(super) fn bodies(
        &mut self,
        before: &Node<'a>,
        after: &Node<'a>,
        at: &Cursor<'a>,
        contract: Option<&'a Value>,
        added: &dyn Fn(&Self, &str) -> Result<Class>,
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
                    let detail = Detail::of(None, said).code(added(self, kind)?);
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

    /// Of a list that is answered, null is an empty one.
    fn whole(&mut self, base: &Node<'a>, up: &Node<'a>, at: &Cursor<'a>) -> Result<()> {
        let (one, other) = (self.base.view(base)?, self.upstream.view(up)?);
        if self.way == Way::Received && one.is_list() && other.is_list() {
            self.unread(|walk| walk.null(&one, &other, at, at))?;
            return self.schema_but_null(base, up, at);
        }
        self.schema(base, up, at)
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
            (Some(one), Some(other)) => self.whole(&one, &other, at),
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
}

/// The media type in which vendoring sends a body that may be sent in several.
fn sent<'c, 'a>(content: &'c BTreeMap<String, Node<'a>>) -> Option<(&'static str, &'c Node<'a>)> {
    PREFERRED.iter().find_map(|kind| Some((*kind, content.get(*kind)?)))
}
