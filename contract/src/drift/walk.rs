//! A comparison on its way through a document, and what it reports.

use std::collections::HashSet;

use anyhow::Result;
use serde_json::Value;

use super::cursor::{Contract, Cursor};
use super::found::{Found, Report};
use super::kind::{Class, Kind, Way, code, running};
use super::reader::Doc;

/// The schema that says nothing.
pub(super) static ANYTHING: Value = Value::Bool(true);

/// A comparison on its way through one operation.
pub(super) struct Walk<'a> {
    pub(super) base: Doc<'a>,
    pub(super) upstream: Doc<'a>,
    pub(super) contract: &'a Contract<'a>,
    pub(super) found: Found,
    pub(super) way: Way,
    /// The operation, and the method that calls it.
    pub(super) operation: Option<(String, Option<String>)>,
    /// The member that is being compared, where it is required.
    pub(super) required_at: Option<String>,
    pub(super) seen: HashSet<(usize, usize, usize, Way)>,
}

/// What is reported of a change beside its kind and place.
#[derive(Default)]
pub(super) struct Detail {
    pub(super) must: bool,
    /// What it means for running programs and for code, where the kind does not tell.
    pub(super) running: Option<Class>,
    pub(super) code: Option<Class>,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

impl Detail {
    pub(super) fn of(before: Option<Value>, after: Option<Value>) -> Self {
        Detail { before, after, ..Self::default() }
    }

    pub(super) fn must(must: bool) -> Self {
        Detail { must, ..Self::default() }
    }

    /// With what it means for code.
    pub(super) fn code(self, class: Class) -> Self {
        Detail { code: Some(class), ..self }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn report(&mut self, kind: Kind, at: &Cursor<'a>, pointer: &str, detail: Detail) {
        let method = self.operation.as_ref().and_then(|(_, method)| method.clone());
        let running = detail.running.unwrap_or_else(|| running(kind, self.way, detail.must));
        let by_kind = code(kind, self.way, detail.must);
        let code = detail.code.filter(|_| self.way != Way::Unread).unwrap_or(by_kind);
        let report = Report {
            kind,
            class: running.max(code),
            running,
            item: at.item(),
            rust: at.rust().or(method),
            shared: at.model.is_some(),
            pointer: pointer.to_owned(),
            before: detail.before,
            after: detail.after,
        };
        self.found.add(report, self.operation.clone());
    }

    /// Reports what the contract does not hold: it means nothing to the crate.
    pub(super) fn report_unread(
        &mut self,
        kind: Kind,
        at: &Cursor<'a>,
        pointer: &str,
        detail: Detail,
    ) {
        self.unread(|walk| {
            walk.report(kind, at, pointer, detail);
            Ok(())
        })
        .unwrap_or_default();
    }

    pub(super) fn unread<T>(&mut self, walk: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let way = std::mem::replace(&mut self.way, Way::Unread);
        let result = walk(self);
        self.way = way;
        result
    }
}
