//! Members of objects.

use std::collections::BTreeSet;

use anyhow::Result;

use super::cursor::Cursor;
use super::kind::{Kind, Way};
use super::reader::{Doc, Node, View};
use super::walk::{Detail, Walk};

impl<'a> Walk<'a> {
    pub(super) fn members(
        &mut self,
        one: &View<'a>,
        other: &View<'a>,
        at: &Cursor<'a>,
    ) -> Result<()> {
        let names: BTreeSet<&str> =
            one.members.keys().chain(other.members.keys()).copied().collect();
        for name in names {
            let below = self.contract.member(at, name);
            let pointer = format!("{}/properties/{}", other.at, crate::refused::escape(name));
            match (one.members.get(name), other.members.get(name)) {
                (Some(base), Some(up)) => {
                    self.requirement(one, other, name, &below, &up.at)?;
                    let required = one.required.contains(name) && other.required.contains(name);
                    let required_at = required.then(|| up.at.clone());
                    let outer = std::mem::replace(&mut self.required_at, required_at);
                    self.schema(base, up, &below)?;
                    self.required_at = outer;
                }
                (Some(base), None) => {
                    let before = Some(self.base.view(base)?.summary().into());
                    let detail = Detail::of(before, None);
                    if at.node.is_some() && below.node.is_none() {
                        self.report_unread(Kind::MemberRemoved, &below, &pointer, detail);
                    } else {
                        self.report(Kind::MemberRemoved, &below, &pointer, detail);
                    }
                }
                (None, Some(up)) => {
                    let after = Some(self.upstream.view(up)?.summary().into());
                    let must = self.is_required(&self.upstream, other, name)?;
                    let detail = Detail { must, ..Detail::of(None, after) };
                    if self.is_no_member(up) {
                        self.report_unread(Kind::MemberAdded, &below, &up.at, detail);
                    } else {
                        self.report(Kind::MemberAdded, &below, &up.at, detail);
                    }
                }
                (None, None) => {}
            }
        }
        self.undeclared(one, other, at);
        Ok(())
    }

    /// What upstream only describes is taken for no member by vendoring.
    fn is_no_member(&self, node: &Node<'a>) -> bool {
        let only_prose = node.value.as_object().is_some_and(|map| {
            let prose =
                |key: &String| matches!(key.as_str(), "description" | "title" | "deprecated");
            !map.is_empty() && map.keys().all(prose)
        });
        only_prose && !std::ptr::eq(self.base.root, self.contract.root())
    }

    /// A member with a default need not be sent, though it is required.
    fn is_required(&self, doc: &Doc<'a>, view: &View<'a>, name: &str) -> Result<bool> {
        let required = view.required.contains(name);
        match view.members.get(name).filter(|_| required && self.way == Way::Sent) {
            Some(member) => Ok(!doc.view(member)?.facts.contains_key("default")),
            None => Ok(required),
        }
    }

    fn requirement(
        &mut self,
        one: &View<'a>,
        other: &View<'a>,
        name: &str,
        at: &Cursor<'a>,
        pointer: &str,
    ) -> Result<()> {
        let kind = match (one.required.contains(name), other.required.contains(name)) {
            (false, true) => Kind::MemberRequired,
            (true, false) => Kind::MemberOptional,
            _ => return Ok(()),
        };
        let before = self.is_required(&self.base, one, name)?;
        let after = self.is_required(&self.upstream, other, name)?;
        if before == after || at.node.is_none() {
            self.report_unread(kind, at, pointer, Detail::default());
        } else {
            self.report(kind, at, pointer, Detail::default());
        }
        Ok(())
    }

    /// Names in `required` that are no declared member.
    fn undeclared(&mut self, one: &View<'a>, other: &View<'a>, at: &Cursor<'a>) {
        let pointer = format!("{}/required", other.at);
        let changed = one.required.symmetric_difference(&other.required);
        let declared =
            |name: &str| one.members.contains_key(name) || other.members.contains_key(name);
        let undeclared: Vec<&str> = changed.copied().filter(|name| !declared(name)).collect();
        for name in undeclared {
            let kind = if other.required.contains(name) {
                Kind::MemberRequired
            } else {
                Kind::MemberOptional
            };
            let below = self.contract.member(at, name);
            self.report(kind, &below, &pointer, Detail::default());
        }
    }
}
