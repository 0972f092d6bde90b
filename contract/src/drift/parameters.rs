//! Parameters: which are the same, and what each says.

use anyhow::Result;
use serde_json::{Value, json};

use super::cursor::Cursor;
use super::kind::Kind;
use super::operations::Operation;
use super::reader::{Doc, Node};
use super::walk::{ANYTHING, Detail, Walk};
use crate::document::media_type;

impl<'a> Walk<'a> {
    pub(super) fn parameters(
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
            let detail = Detail { must, ..Detail::of(None, Some(new.place.into())) };
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
        let at = Cursor { node, ..at.clone() };
        let (base, up) = (base.schema(), up.schema());
        let (one, other) = (self.base.view(&base)?, self.upstream.view(&up)?);
        self.unread(|walk| walk.null(&one, &other, &at, &at))?;
        self.schema_but_null(&base, &up, &at)
    }
}

/// A parameter of an operation or of its path.
#[derive(Clone)]
pub(super) struct Parameter<'a> {
    pub(super) name: String,
    pub(super) place: &'a str,
    pub(super) node: Node<'a>,
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

    pub(super) fn schema(&self) -> Node<'a> {
        let content = self.node.get("content").map(|content| content.entries());
        let media = content.into_iter().flatten().next().and_then(|(_, media)| media.get("schema"));
        let at = format!("{}/schema", self.node.at);
        self.node.get("schema").or(media).unwrap_or(Node { value: &ANYTHING, at })
    }
}

/// The operation's own, and those of the path that it does not override.
pub(super) fn parameters<'a>(
    doc: &Doc<'a>,
    operation: &Operation<'a>,
) -> Result<Vec<Parameter<'a>>> {
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
