//! What a correction still does.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::canonical;
use super::document::operations;
use super::refused::unescape;
use super::rules;

/// What one correction did to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its target, a JSONPath.
    pub target: String,
    /// Why it is there, where the overlay says so.
    pub reason: Option<String>,
    /// How many places the target matched.
    pub places: usize,
    /// The operations (or other parts of the document) whose contract it changed.
    pub changed: Vec<String>,
    /// Those that it matched, and that are the same without it: upstream fixed them.
    pub unchanged: Vec<String>,
    /// Operations of the last contract that the target names and the document lacks.
    pub missing: Vec<String>,
}

/// Whether a correction is still to the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It changes the contract.
    Needed,
    /// It matches, and changes nothing: upstream fixed what it is about.
    Unneeded,
    /// It matches nothing: what it is about is gone or lies elsewhere.
    Lost,
}

impl Effect {
    /// Whether the correction is still to the point.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (self.places, self.changed.is_empty()) {
            (0, _) => Standing::Lost,
            (_, true) => Standing::Unneeded,
            (_, false) => Standing::Needed,
        }
    }
}

/// The parts of a document that a correction is about to change.
pub(crate) struct Witness {
    places: usize,
    parts: Vec<(String, Option<Value>)>,
}

impl Witness {
    pub(crate) fn of(document: &Value, found: &[String]) -> Self {
        let parts: BTreeSet<String> = found.iter().map(|pointer| part(pointer)).collect();
        let before = |part: String| {
            let value = document.pointer(&part).cloned();
            (part, value)
        };
        Self { places: found.len(), parts: parts.into_iter().map(before).collect() }
    }

    /// What differs now that the correction is applied.
    pub(crate) fn compare(
        self,
        document: &Value,
        target: &str,
        known: &BTreeSet<String>,
    ) -> Effect {
        let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
        for (pointer, before) in self.parts {
            let after = document.pointer(&pointer);
            let same = before.as_ref() == after
                || facts(&pointer, before.as_ref()) == facts(&pointer, after);
            let name = name(&pointer, before.as_ref().or(after));
            if same { &mut unchanged } else { &mut changed }.push(name);
        }
        let (target, missing) = (target.to_owned(), missing(document, target, known));
        Effect { target, reason: None, places: self.places, changed, unchanged, missing }
    }
}

/// The operation that a pointer leads into, or the pointer itself where it leads into none.
fn part(pointer: &str) -> String {
    match pointer.split('/').collect::<Vec<_>>()[..] {
        ["", "paths", path, method, ..] => format!("/paths/{path}/{method}"),
        _ => pointer.to_owned(),
    }
}

/// What is left of an operation once the rules have dropped all that is no fact, so that other
/// words for the same are no difference.
fn facts(pointer: &str, value: Option<&Value>) -> Option<String> {
    let value = value?;
    let Some((path, method)) =
        pointer.strip_prefix("/paths/").and_then(|rest| rest.split_once('/'))
    else {
        return Some(canonical::shape(value));
    };
    let item = Map::from_iter([(method.to_owned(), value.clone())]);
    let paths = Map::from_iter([(unescape(path), Value::Object(item))]);
    let mut alone = Value::Object(Map::from_iter([("paths".to_owned(), Value::Object(paths))]));
    match rules::apply(&mut alone) {
        Ok(()) => Some(canonical::shape(&alone)),
        Err(_) => Some(canonical::shape(value)),
    }
}

fn name(pointer: &str, value: Option<&Value>) -> String {
    let id = value.and_then(|value| value.get("operationId")).and_then(Value::as_str);
    id.unwrap_or(pointer).to_owned()
}

/// Operations that a target's literals name.
fn missing(document: &Value, target: &str, known: &BTreeSet<String>) -> Vec<String> {
    let words: BTreeSet<&str> = target.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let there: BTreeSet<&str> =
        operations(document).into_iter().map(|operation| operation.id).collect();
    let gone = words.into_iter().filter(|word| known.contains(*word) && !there.contains(word));
    gone.map(str::to_owned).collect()
}
