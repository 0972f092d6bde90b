//! The changes that are found, each once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::kind::{Class, Kind};

/// One change of meaning, at its source.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// What an ignore file names it by: kind and item.
    pub id: String,
    /// What changed.
    pub kind: Kind,
    /// What it means for users of the crate: the worse of what it means for a program that runs
    /// today, and for its code with the next version. `cargo xtask vendor` says the same.
    pub class: Class,
    /// What it means for a program that runs today.
    pub running: Class,
    /// The model's member, or the operation's part: `User.profile`, `ListUsers ?page`.
    pub item: String,
    /// Where Rust code meets it: `User::profile`, `users().list()`.
    pub rust: Option<String>,
    /// JSON pointers into the upstream document: where it is said. What is gone is named by the
    /// place where it would be.
    pub pointers: BTreeSet<String>,
    /// As the contract's document has it.
    pub before: Option<Value>,
    /// As the upstream document has it.
    pub after: Option<Value>,
    /// The operations that it affects, and the methods that call them.
    pub operations: BTreeMap<String, Option<String>>,
}

impl Change {
    /// The first place where it is said.
    #[must_use]
    pub fn pointer(&self) -> &str {
        self.pointers.first().map_or("", String::as_str)
    }
}

/// What a walk reports.
pub(super) struct Report {
    pub(super) kind: Kind,
    pub(super) class: Class,
    pub(super) running: Class,
    pub(super) item: String,
    pub(super) rust: Option<String>,
    /// Whether the item is one thing wherever it is used: a model or what is below one.
    pub(super) shared: bool,
    pub(super) pointer: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// Collects reports: those of one source are one change.
#[derive(Default)]
pub(super) struct Found {
    changes: Vec<Change>,
    known: HashMap<String, usize>,
}

impl Found {
    pub(super) fn add(&mut self, report: Report, operation: Option<(String, Option<String>)>) {
        // One place is one source, and so is one part of a model, wherever it is written out.
        let (before, after) = (text(report.before.as_ref()), text(report.after.as_ref()));
        let key = |source: &str| format!("{} {source} {before} {after}", report.kind);
        let mut keys = vec![key(&report.pointer)];
        keys.extend(report.shared.then(|| key(&report.item)));
        let known = keys.iter().find_map(|key| self.known.get(key).copied());
        let index = known.unwrap_or(self.changes.len());
        self.known.extend(keys.into_iter().map(|key| (key, index)));
        if index == self.changes.len() {
            self.changes.push(Change {
                id: format!("{} {}", report.kind, report.item),
                kind: report.kind,
                class: report.class,
                running: report.running,
                item: report.item,
                rust: report.rust,
                pointers: BTreeSet::new(),
                before: report.before,
                after: report.after,
                operations: BTreeMap::new(),
            });
        }
        if let Some(change) = self.changes.get_mut(index) {
            change.class = change.class.max(report.class);
            change.running = change.running.max(report.running);
            change.pointers.insert(report.pointer);
            change.operations.extend(operation);
        }
    }

    /// All changes, in order.
    pub(super) fn finish(mut self) -> Vec<Change> {
        // One of many calls says little.
        for change in self.changes.iter_mut().filter(|change| change.operations.len() > 1) {
            change.rust = change.rust.take().filter(|rust| !rust.ends_with("()"));
        }
        self.changes.sort_by(order);
        self.changes
    }
}

/// The worst first, then by item.
pub(super) fn order(one: &Change, other: &Change) -> std::cmp::Ordering {
    let by_class = other.class.cmp(&one.class);
    by_class.then_with(|| one.id.cmp(&other.id)).then_with(|| one.pointers.cmp(&other.pointers))
}

fn text(value: Option<&Value>) -> String {
    value.map(Value::to_string).unwrap_or_default()
}
