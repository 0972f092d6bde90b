//! What differs between what an upstream document says and what the contract was made from.
//!
//! Documents are compared as they are meant, not as they are written: wording, order, examples,
//! and what is shared by `$ref` are no drift. Every change of meaning is, and is reported once, at
//! its source. The comparison looks at the documents before the rules of vendoring, since what
//! these even out is drift all the same.

mod bodies;
mod closest;
mod code;
mod cursor;
mod document;
mod facts;
mod found;
mod ignore;
mod keywords;
mod kind;
mod members;
mod only;
mod operations;
mod parameters;
mod reader;
mod report;
mod responses;
mod schemas;
mod unions;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use serde_json::Value;

use crate::error::Result;
use crate::is_contract;
use cursor::{Call, Contract, Cursor};
use reader::Doc;
use walk::Walk;

pub use closest::closest;
pub use code::Code;
pub use facts::facts;
pub(crate) use facts::noted_facts;
pub use found::Change;
pub use ignore::Ignored;
pub use kind::{Class, Kind, Way};
pub use only::Only;
pub use report::Format;

/// What is vendored: what an upstream document is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Vendored<'a> {
    /// `logto.json`.
    pub contract: &'a Value,
    /// What the document of a release said from which the contract was made.
    pub facts: &'a Value,
}

/// What differs.
#[derive(Clone, Debug, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// The changes, the worst first.
    pub changes: Vec<Change>,
    /// The release whose document it was compared with, where there was a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// What a person should know beside: corrections that no longer apply, entries of an ignore
    /// file that match nothing.
    pub notes: Vec<String>,
    /// How many changes an ignore file accepts.
    pub ignored: usize,
    /// What the changes mean for code as a whole, where that was asked.
    pub code: Option<Code>,
    /// The API and group of the operations: for [`Only`].
    #[serde(skip)]
    calls: BTreeMap<String, (String, String)>,
}

impl Drift {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.changes.is_empty()
    }

    /// The worst that a change means, or that all of them mean for code; nothing where nothing
    /// differs.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        let code = self.code.as_ref().and_then(|code| code.class).filter(|_| !self.is_none());
        self.changes.iter().map(|change| change.class).max().max(code)
    }

    /// Whether something changed after which a program that runs today may fail.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.changes.iter().any(|change| change.running == Class::Breaking)
    }
}

/// The [`summary`](Drift::summary).
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())
    }
}

/// Compares an upstream document, or a contract, with what is vendored.
///
/// # Errors
///
/// When the document is not OpenAPI 3, or refers to what it does not have: then nothing can be
/// told. The error says where.
pub fn drift(vendored: Vendored<'_>, upstream: &Value) -> Result<Drift> {
    document::check(upstream)?;
    let base = if is_contract(upstream) { vendored.contract } else { vendored.facts };
    let contract = Contract::new(vendored.contract);
    let mut walk = Walk {
        base: Doc { root: base },
        upstream: Doc { root: upstream },
        contract: &contract,
        found: found::Found::default(),
        way: Way::Sent,
        operation: None,
        required_at: None,
        seen: HashSet::new(),
    };
    let calls = compare(&mut walk)?;
    Ok(Drift { changes: walk.found.finish(), calls, ..Drift::default() })
}

fn compare(walk: &mut Walk<'_>) -> Result<BTreeMap<String, (String, String)>> {
    let before = operations::operations(&walk.base)?;
    let after = operations::operations(&walk.upstream)?;
    let pairs = operations::pairs((&walk.base, &before), (&walk.upstream, &after))?;
    let proposed = operations::proposed(walk.contract, &after);
    let mut calls = BTreeMap::new();
    let mut enter = |walk: &mut Walk<'_>, id: &str| {
        let call = walk.contract.call(id).or_else(|| proposed.get(id).cloned());
        let method = call.map(|Call { api, group, method }| {
            let text = format!("{group}().{method}()");
            calls.insert(id.to_owned(), (api, group));
            text
        });
        walk.operation = Some((id.to_owned(), method));
        walk.seen.clear();
    };
    for (from, to) in &pairs {
        enter(walk, &before[*from].id);
        walk.operation(&before[*from], &after[*to])?;
    }
    let gone: BTreeSet<usize> = pairs.iter().map(|(from, _)| *from).collect();
    let known: BTreeSet<usize> = pairs.iter().map(|(_, to)| *to).collect();
    for (_, operation) in before.iter().enumerate().filter(|(index, _)| !gone.contains(index)) {
        enter(walk, &operation.id);
        walk.lone(Kind::OperationRemoved, operation);
    }
    for (_, operation) in after.iter().enumerate().filter(|(index, _)| !known.contains(index)) {
        enter(walk, &operation.id);
        walk.lone(Kind::OperationAdded, operation);
    }
    walk.operation = None;
    document::frame(walk);
    Ok(calls)
}

/// A place that no operation has.
fn nowhere<'a>(path: &str) -> Cursor<'a> {
    Cursor { node: None, model: None, path: path.to_owned() }
}
