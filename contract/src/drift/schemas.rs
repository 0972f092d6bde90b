//! Two schemas, compared from the outside in.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use super::cursor::{Contract, Cursor};
use super::kind::{Kind, Way};
use super::reader::{Doc, Node, Others, View};
use super::unions;
use super::walk::{ANYTHING, Detail, Walk};

impl<'a> Walk<'a> {
    /// Compares two schemas in the same place.
    pub(super) fn schema(&mut self, base: &Node<'a>, up: &Node<'a>, at: &Cursor<'a>) -> Result<()> {
        self.compared(base, up, at, &mut |_| {})
    }

    /// The same where null is said elsewhere: of the union whose alternative this is, or nowhere, as
    /// parameters are never sent as null.
    pub(super) fn schema_but_null(
        &mut self,
        base: &Node<'a>,
        up: &Node<'a>,
        at: &Cursor<'a>,
    ) -> Result<()> {
        self.compared(base, up, at, &mut |view| (view.nullable, view.null_in) = (None, None))
    }

    fn compared(
        &mut self,
        base: &Node<'a>,
        up: &Node<'a>,
        at: &Cursor<'a>,
        read: &mut dyn FnMut(&mut View<'a>),
    ) -> Result<()> {
        let place = at.node.map_or(0, |node| std::ptr::from_ref(node) as usize);
        if !self.seen.insert((base.address(), up.address(), place, self.way)) {
            return Ok(());
        }
        if at.node.is_none() && self.way != Way::Unread {
            return self.unread(|walk| walk.compared(base, up, at, read));
        }
        let (mut one, mut other) = (self.base.view(base)?, self.upstream.view(up)?);
        read(&mut one);
        read(&mut other);
        self.views(base, up, &one, &other, at)
    }

    fn views(
        &mut self,
        base: &Node<'a>,
        up: &Node<'a>,
        one: &View<'a>,
        other: &View<'a>,
        used: &Cursor<'a>,
    ) -> Result<()> {
        let mut at = self.contract.resolve(used);
        // Where it is used differently, it is the use that changed.
        let source = if other.at == other.used_at { used } else { &at }.clone();
        let union = !one.alternatives.is_empty() || !other.alternatives.is_empty();
        // Which alternative no longer allows null is known once they are paired; and anything takes
        // null, whether it is said or not.
        let paired = one.null_in.is_none() || other.nullable.is_some();
        if paired && one.is_any() == other.is_any() {
            // A union of anything takes null, too.
            if union && at.node.is_some() && !Contract::knows(&at) {
                self.unread(|walk| walk.null(one, other, &source, used))?;
            } else {
                self.null(one, other, &source, used)?;
            }
        }
        if union {
            return self.alternatives((base, one), (up, other), &at, &source);
        }
        if one.types != other.types {
            let detail = Detail::of(Some(one.summary().into()), Some(other.summary().into()));
            if self.is_read_alike(one, other, &at)? {
                self.report_unread(Kind::TypeChanged, &source, &other.at, detail);
            } else {
                self.report(Kind::TypeChanged, &source, &other.at, detail);
            }
            return Ok(());
        }
        if at.node.is_some() && !Contract::knows(&at) && !one.is_any() {
            // The contract takes anything here.
            at.node = None;
        }
        self.content(one, other, &at, used)
    }

    /// Compares two schemas of which at least one is a union.
    fn alternatives(
        &mut self,
        (base, one): (&Node<'a>, &View<'a>),
        (up, other): (&Node<'a>, &View<'a>),
        at: &Cursor<'a>,
        source: &Cursor<'a>,
    ) -> Result<()> {
        let Some(paired) = unions::pair(self, (base, one), (up, other), at, source)? else {
            return Ok(());
        };
        for (before, after, below) in paired.read_as(self, at)? {
            self.schema_but_null(&before, &after, &below)?;
        }
        if !one.alternatives.is_empty() && !other.alternatives.is_empty() {
            paired.discriminators(self, one, other, at)?;
            // What stands beside the alternatives.
            self.content(one, other, at, source)?;
        }
        Ok(())
    }

    /// Whether the rules of vendoring read both types as the one that the contract has: a number
    /// as an integer, or what upstream now says of itself.
    fn is_read_alike(&self, one: &View<'a>, other: &View<'a>, at: &Cursor<'a>) -> Result<bool> {
        if std::ptr::eq(self.base.root, self.contract.root()) {
            return Ok(false);
        }
        let numbers = |view: &View<'a>| {
            !view.types.is_empty()
                && view.types.iter().all(|kind| matches!(kind.as_str(), "integer" | "number"))
        };
        let Some(value) = at.node.filter(|_| !(numbers(one) && numbers(other))) else {
            return Ok(true);
        };
        let contract = Doc { root: self.contract.root() };
        let read = contract.view(&Node { value, at: String::new() })?;
        Ok(!read.types.is_empty() && read.types == other.types && read.types != one.types)
    }

    /// All but null and alternatives.
    pub(super) fn content(
        &mut self,
        one: &View<'a>,
        other: &View<'a>,
        at: &Cursor<'a>,
        used: &Cursor<'a>,
    ) -> Result<()> {
        self.values(one, other, at);
        self.format(one, other, at);
        self.facts(one, other, at, used);
        self.members(one, other, at)?;
        if let (Some(_), _) | (_, Some(_)) = (&one.items, &other.items) {
            let items = |view: &View<'a>| {
                let anything = Node { value: &ANYTHING, at: format!("{}/items", other.at) };
                view.items.clone().unwrap_or(anything)
            };
            let below = self.contract.items(at);
            self.schema(&items(one), &items(other), &below)?;
        }
        self.others(one, other, at)
    }

    pub(super) fn null(
        &mut self,
        one: &View<'a>,
        other: &View<'a>,
        source: &Cursor<'a>,
        used: &Cursor<'a>,
    ) -> Result<()> {
        let kind = match (&one.nullable, &other.nullable) {
            (None, Some(_)) => Kind::NullAllowed,
            (Some(_), None) => Kind::NullForbidden,
            _ => return Ok(()),
        };
        // Said of the use or of what is used.
        let pointer = match (&one.nullable, &other.nullable) {
            (_, Some(at)) => at,
            (Some(at), _) if *at == one.used_at => &other.used_at,
            _ => &other.at,
        };
        let at = if *pointer == other.used_at { used } else { source };
        self.report(kind, at, pointer, Detail::default());
        Ok(())
    }

    fn values(&mut self, one: &View<'a>, other: &View<'a>, at: &Cursor<'a>) {
        let kept = at.node.is_none_or(|node| node.get("enum").is_some());
        let json = |text: &String| serde_json::from_str::<Value>(text).ok();
        let list = |values: &BTreeSet<String>| Some(values.iter().filter_map(json).collect());
        let mut report = |kind, before, after| {
            let detail = Detail::of(before, after);
            if kept || kind == Kind::ValuesRestricted {
                self.report(kind, at, &other.at, detail);
            } else {
                self.report_unread(kind, at, &other.at, detail);
            }
        };
        match (&one.values, &other.values) {
            (None, None) => {}
            (Some(known), None) => report(Kind::ValuesUnrestricted, list(known), None),
            (None, Some(values)) => report(Kind::ValuesRestricted, None, list(values)),
            (Some(known), Some(values)) => {
                let gone: Vec<&String> = known.difference(values).collect();
                let new: Vec<&String> = values.difference(known).collect();
                if let ([gone], [new], 1, 1) =
                    (gone.as_slice(), new.as_slice(), known.len(), values.len())
                {
                    report(Kind::LiteralChanged, json(gone), json(new));
                    return;
                }
                gone.into_iter().for_each(|value| report(Kind::ValueRemoved, json(value), None));
                new.into_iter().for_each(|value| report(Kind::ValueAdded, None, json(value)));
            }
        }
    }

    fn format(&mut self, one: &View<'a>, other: &View<'a>, at: &Cursor<'a>) {
        if one.format != other.format {
            let typed = |format: &Option<String>| {
                let typed = ["binary", "date-time", "double", "int64", "timestamp-ms"];
                format.as_deref().is_some_and(|format| typed.contains(&format))
            };
            let text = |format: &Option<String>| format.clone().map(Value::String);
            let must = typed(&one.format) || typed(&other.format);
            let (before, after) = (text(&one.format), text(&other.format));
            let detail = Detail { must, ..Detail::of(before, after) };
            self.report(Kind::FormatChanged, at, &other.at, detail);
        }
    }

    fn facts(&mut self, one: &View<'a>, other: &View<'a>, at: &Cursor<'a>, used: &Cursor<'a>) {
        let keys: BTreeSet<&String> = one.facts.keys().chain(other.facts.keys()).collect();
        for key in keys {
            let (old, new) = (one.facts.get(key), other.facts.get(key));
            let value = |fact: Option<&'_ (Value, String)>| fact.map(|(value, _)| value.clone());
            let (before, after) = (value(old), value(new));
            if before == after {
                continue;
            }
            // Said of the use or of what is used.
            let pointer = match (old, new) {
                (_, Some((_, at))) => at,
                (Some((_, at)), _) if *at == one.used_at => &other.used_at,
                _ => &other.at,
            };
            let at = if *pointer == other.used_at { used } else { at };
            let kind = match key.as_str() {
                "default" if old.is_none() => Kind::DefaultAdded,
                "default" if new.is_none() => Kind::DefaultRemoved,
                "default" => Kind::DefaultChanged,
                "deprecated" if after.is_some() => Kind::Deprecated,
                "deprecated" => Kind::Restored,
                "readOnly" | "writeOnly" => Kind::AccessChanged,
                _ => Kind::ConstraintChanged,
            };
            let said = |value: Option<Value>| value.map(|value| json!({ key.as_str(): value }));
            // A default of a required member decides whether it must be sent.
            let must = self.required_at.as_ref() == Some(&other.used_at);
            let detail = Detail { must, ..Detail::of(said(before), said(after)) };
            self.report(kind, at, pointer, detail);
        }
    }

    fn others(&mut self, one: &View<'a>, other: &View<'a>, at: &Cursor<'a>) -> Result<()> {
        if !other.types.contains("object") {
            return Ok(());
        }
        let below = self.contract.values(at);
        let pointer = format!("{}/additionalProperties", other.at);
        let anything = || Node { value: &ANYTHING, at: pointer.clone() };
        let no_members = one.members.is_empty() || other.members.is_empty();
        let kind = match (&one.others, &other.others) {
            (Others::Unsaid, Others::Unsaid)
            | (Others::Any, Others::Any)
            | (Others::None, Others::None) => return Ok(()),
            (Others::Unsaid, Others::Any) | (Others::Any, Others::Unsaid) if no_members => {
                return Ok(());
            }
            (Others::Like(base), Others::Like(up)) => return self.schema(base, up, &below),
            (Others::Any, Others::Like(up)) => return self.schema(&anything(), up, &below),
            (Others::Like(base), Others::Any) => return self.schema(base, &anything(), &below),
            // The contract reads no word on others as none.
            (Others::Unsaid, Others::None) | (Others::None, Others::Unsaid) => {
                let said =
                    |others: &Others<'a>| matches!(others, Others::None).then(|| json!(false));
                let said = (said(&one.others), said(&other.others));
                let kind = Kind::ConstraintChanged;
                self.report(kind, at, &pointer, Detail::of(said.0, said.1));
                return Ok(());
            }
            (Others::Unsaid | Others::None, _) => Kind::OtherMembersAllowed,
            (_, Others::Unsaid | Others::None) => Kind::OtherMembersForbidden,
        };
        self.report(kind, at, &pointer, Detail::default());
        Ok(())
    }
}
