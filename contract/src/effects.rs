//! What a correction still does.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::canonical;
use super::document::operations;
use super::refused::unescape;
use super::rules;
use super::series::Version;

/// What one correction did to the documents of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its target, a JSONPath.
    pub target: String,
    /// Why it is there, where the overlay says so.
    pub reason: Option<String>,
    /// How many places the target matched, in the document where it matched the most.
    pub places: usize,
    /// The operations (or other parts of the document) whose contract it changed.
    pub changed: Vec<String>,
    /// Those that it matched, and that are the same without it: upstream fixed them.
    pub unchanged: Vec<String>,
    /// Operations of the last contract that the target names and no document has.
    pub missing: Vec<String>,
    /// The releases whose documents it changed.
    pub releases: Vec<Version>,
    /// Whether these are all releases of the series.
    pub is_needed_by_all: bool,
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

/// Adds what the corrections did to the document of one more release.
pub(crate) fn gather(all: &mut Vec<Effect>, more: Vec<Effect>, version: &Version) {
    if all.is_empty() {
        all.extend(more.iter().map(|effect| Effect { releases: Vec::new(), ..effect.clone() }));
    }
    for (known, effect) in all.iter_mut().zip(more) {
        if effect.standing() == Standing::Needed {
            known.releases.push(version.clone());
        }
        known.is_needed_by_all &= effect.is_needed_by_all;
        known.places = known.places.max(effect.places);
        add(&mut known.changed, effect.changed);
        add(&mut known.unchanged, effect.unchanged);
        known.unchanged.retain(|name| !known.changed.contains(name));
        known.missing.retain(|name| effect.missing.contains(name));
    }
}

fn add(names: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
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
        let releases = Vec::new();
        let places = self.places;
        let is_needed_by_all = !changed.is_empty();
        let reason = None;
        Effect { target, reason, places, changed, unchanged, missing, releases, is_needed_by_all }
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
