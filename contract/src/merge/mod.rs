//! The documents of several releases, read as one: what each can be asked, and what each answers.
//!
//! The newest release leads: what things are called, and in which order, is as it says. A request
//! may leave out what any release does without; an answer may lack what any release does not send.

mod operation;
mod schema;
pub(crate) mod span;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::{all, derived_id, shape};
use operation::Variant;

/// Merges documents that the rules have seen, the oldest first.
pub(crate) fn documents(documents: &[Value]) -> Value {
    let mut found: BTreeMap<(String, &str), Vec<Variant<'_>>> = BTreeMap::new();
    for (release, document) in documents.iter().enumerate().rev() {
        for (path, method, operation) in all(document) {
            let Some(operation) = operation.as_object() else {
                continue;
            };
            let variant = Variant { release, path, operation };
            found.entry((shape(path), method)).or_default().push(variant);
        }
    }
    let mut merged: Vec<_> = found
        .into_iter()
        .filter_map(|((_, method), variants)| {
            let newest = variants.first()?;
            Some((newest.release, newest.path, method, operation::merged(&variants)))
        })
        .collect();
    // Of two operations with one id the newer one keeps it.
    merged.sort_by_key(|(release, path, method, _)| {
        (std::cmp::Reverse(*release), path.to_owned(), *method)
    });
    let mut taken = BTreeSet::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (_, path, method, mut operation) in merged {
        let id = free_id(&operation, method, path, &taken);
        taken.insert(id.clone());
        operation.insert("operationId".into(), id.into());
        paths.entry(path).or_default().insert(method.to_owned(), operation.into());
    }
    let mut whole = documents.last().cloned().unwrap_or_default();
    whole["paths"] = paths
        .into_iter()
        .map(|(path, item)| (path.to_owned(), Value::Object(item)))
        .collect::<Map<_, _>>()
        .into();
    whole
}

/// The id of an operation, or one of its path where that is another's.
fn free_id(
    operation: &Map<String, Value>,
    method: &str,
    path: &str,
    taken: &BTreeSet<String>,
) -> String {
    let own = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let derived = derived_id(method, path);
    let numbered = (2..).map(|number| format!("{derived}{number}"));
    let ids = [own, derived.clone()].into_iter().chain(numbered);
    ids.filter(|id| !taken.contains(id)).take(1).collect()
}
