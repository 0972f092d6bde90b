//! Answers: statuses, bodies and headers.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::json;

use super::cursor::Cursor;
use super::kind::{Class, Kind, Way};
use super::operations::Operation;
use super::reader::Node;
use super::walk::{ANYTHING, Detail, Walk};
use crate::refused::escape;

impl<'a> Walk<'a> {
    pub(super) fn responses(
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
        let responses = Responses { method: other.method, statuses: &after };
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
                    let mut detail = Detail::must(success);
                    if success {
                        (detail.running, detail.code) = responses.with_status(self, status)?;
                    }
                    self.report(Kind::StatusAdded, &place, &pointer, detail);
                }
                (Some(before), Some(after)) => {
                    let (before, after) =
                        (self.base.resolve(before)?, self.upstream.resolve(after)?);
                    let known = contract.and_then(|responses| responses.get(status));
                    self.bodies(&before, &after, &place, known, &|walk, kind| {
                        responses.with_media(walk, status, kind)
                    })?;
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
}

/// What an operation answers, in the document that it is compared with.
struct Responses<'s, 'a> {
    method: &'a str,
    statuses: &'s BTreeMap<&'a str, Node<'a>>,
}

/// How the successes of an operation are read as one.
#[derive(PartialEq, Eq)]
enum Shape {
    Empty,
    Text,
    Browser,
    /// The kinds of JSON, and whether there may be none; no list is an empty one.
    Json(BTreeSet<String>, bool),
}

impl<'a> Responses<'_, 'a> {
    /// What one more status means for running programs and for code, where it means more than
    /// others.
    fn with_status(&self, walk: &Walk<'a>, status: &str) -> Result<(Option<Class>, Option<Class>)> {
        let before = self.shape(walk, &|known, _| known != status)?;
        if before == self.shape(walk, &|_, _| true)? {
            return Ok((None, None));
        }
        // What was not read before may be anything, except a redirect.
        let harmless = before == Shape::Empty && status.starts_with('2');
        Ok((Some(Class::Breaking).filter(|_| !harmless), Some(Class::Breaking)))
    }

    /// What one more media type of a status means for code.
    fn with_media(&self, walk: &Walk<'a>, status: &str, kind: &str) -> Result<Class> {
        let before = self.shape(walk, &|known, media| (known, media) != (status, kind))?;
        let same = before == self.shape(walk, &|_, _| true)?;
        Ok(if same { Class::Internal } else { Class::Breaking })
    }

    /// Reads the successes as vendoring does; `holds` says of each status and media type whether
    /// it is there. Of a status without any media type it is asked with an empty one.
    fn shape(&self, walk: &Walk<'a>, holds: &dyn Fn(&str, &str) -> bool) -> Result<Shape> {
        let (mut bodies, mut text, mut browser) = (BTreeSet::new(), false, false);
        let (mut empty, mut lists) = (false, true);
        for (status, node) in self.statuses.iter().filter(|(status, _)| holds(status, "")) {
            browser |= status.starts_with('3');
            if !status.starts_with('2') {
                continue;
            }
            let mut content = walk.content_of(&walk.upstream, &walk.upstream.resolve(node)?)?;
            content.retain(|kind, _| holds(status, kind));
            // Upstream adds JSON to every answer: another media type beside it is the real one.
            let other = content.keys().find(|kind| *kind != JSON).cloned();
            let kind = other.or_else(|| content.keys().next().cloned());
            let schema = kind.as_ref().and_then(|kind| content[kind].get("schema"));
            match (kind.as_deref(), schema) {
                (Some(JSON), Some(schema)) => {
                    lists &= walk.upstream.view(&schema)?.is_list();
                    bodies.insert(walk.upstream.key(&schema, &mut Vec::new())?);
                }
                // Reading gives JSON of some shape, writing is acknowledged in a word.
                (Some(JSON), None) if self.method == "get" => {
                    lists = false;
                    bodies.insert(String::new());
                }
                (Some("text/xml"), _) => text = true,
                (Some("text/html"), _) => browser = true,
                _ => empty = true,
            }
        }
        Ok(match (browser, text, bodies.is_empty()) {
            (true, _, _) => Shape::Browser,
            (_, true, _) => Shape::Text,
            (_, _, true) => Shape::Empty,
            _ => Shape::Json(bodies, empty && !lists),
        })
    }
}

const JSON: &str = "application/json";
