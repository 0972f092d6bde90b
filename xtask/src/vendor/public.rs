//! What a new contract changes for users of the crate.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use logto_api_codegen::{Contract, Docs, generate, public_items, public_key};
use logto_api_contract::drift::{Class, Code};

/// The public items that are generated from a contract.
pub(super) fn items(contract: &str) -> Result<Vec<String>> {
    let generated = Contract::parse(contract)
        .and_then(|contract| generate(&contract, &Docs::default(), |_| true));
    let items = generated.and_then(|generated| public_items(&generated));
    items.context(
        "no code can be generated: correct the document, or name the method in methods.toml",
    )
}

/// What differs between two lists of public items.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) added: Vec<String>,
    /// Old and new.
    pub(super) changed: Vec<(String, String)>,
    pub(super) removed: Vec<String>,
}

impl Change {
    pub(super) fn between(old: &[String], new: &[String]) -> Self {
        let by_key = |lines: &[String]| -> BTreeMap<String, String> {
            lines.iter().map(|line| (public_key(line).to_owned(), line.clone())).collect()
        };
        let (mut old, mut change) = (by_key(old), Self::default());
        for (key, new) in by_key(new) {
            match old.remove(&key) {
                None => change.added.push(new),
                Some(old) if old != new => change.changed.push((old, new)),
                Some(_) => {}
            }
        }
        change.removed.extend(old.into_values());
        change
    }

    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// Whether code that compiles today may not compile tomorrow.
    pub(super) fn breaks(&self) -> bool {
        self.class() == Some(Class::Breaking)
    }

    /// The worst that it means for code; nothing where nothing changes.
    pub(super) fn class(&self) -> Option<Class> {
        let changed = self.changed.iter().map(|(old, new)| match is_renaming(old, new) {
            true => Class::Internal,
            false => Class::Breaking,
        });
        let removed = self.removed.iter().map(|line| match line.starts_with("deprecated ") {
            true => Class::Additive,
            false => Class::Breaking,
        });
        let added = self.added.iter().map(|_| Class::Additive);
        changed.chain(removed).chain(added).max()
    }

    /// What a report of drift says of it.
    pub(super) fn code(&self, version: &str) -> Code {
        Code { class: self.class(), lines: self.lines(version) }
    }

    /// How much it is, and the version that it needs.
    pub(super) fn summary(&self, version: &str) -> String {
        let (added, changed, removed) = (self.added.len(), self.changed.len(), self.removed.len());
        let level = level(self.class(), version);
        format!("{added} added, {changed} changed, {removed} removed; {level}")
    }

    /// The summary, then a line for each item.
    pub(super) fn lines(&self, version: &str) -> Vec<String> {
        if self.is_empty() {
            return vec!["no change".to_owned()];
        }
        let mut lines = vec![self.summary(version), String::new()];
        lines.extend(self.removed.iter().map(|line| format!("- {line}")));
        for (old, new) in &self.changed {
            lines.extend([format!("! {new}"), format!("  was {old}")]);
        }
        lines.extend(self.added.iter().map(|line| format!("+ {line}")));
        lines
    }
}

/// The part of the version that a change must raise.
fn level(class: Option<Class>, version: &str) -> String {
    let breaks = class == Some(Class::Breaking);
    let kind = class.unwrap_or(Class::Internal);
    let part = match (version.starts_with("0."), breaks) {
        (true, false) => "patch",
        (true, true) | (false, false) => "minor",
        (false, true) => "major",
    };
    format!("{kind}: a new {part} version (from {version})")
}

/// Whether two signatures differ in what arguments are called, and nothing else: callers do not
/// write the names. Arguments that have changed places are another thing.
fn is_renaming(old: &str, new: &str) -> bool {
    let (Some((before, old)), Some((after, new))) = (signature(old), signature(new)) else {
        return false;
    };
    let mut pairs = old.iter().zip(&new).filter(|(old, new)| old != new);
    before == after && pairs.all(|(from, to)| !new.contains(from) && !old.contains(to))
}

/// A signature without the names of its arguments, and these.
fn signature(line: &str) -> Option<(String, Vec<&str>)> {
    let (start, rest) = line.split_once('(')?;
    let (mut shape, mut names) = (format!("{start}("), Vec::new());
    let (mut depth, mut from) = (0_usize, 0);
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' | '<' => depth += 1,
            ')' if depth == 0 => {
                let all = argument(&rest[from..at], &mut names)?;
                return Some((shape + all + &rest[at..], names));
            }
            ')' | '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                shape = shape + argument(&rest[from..at], &mut names)? + ",";
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

/// The type of an argument; its name is added to the others.
fn argument<'l>(text: &'l str, names: &mut Vec<&'l str>) -> Option<&'l str> {
    if text.is_empty() {
        return Some(text);
    }
    let (name, ty) = text.trim_start().split_once(": ")?;
    names.push(name);
    Some(ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(old: &[&str], new: &[&str]) -> Change {
        let lines =
            |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        Change::between(&lines(old), &lines(new))
    }

    #[test]
    fn items_are_compared_by_what_they_are_about() {
        let old = [
            "User struct",
            "User.id: String",
            "users.get(id: impl Into<String>) -> User",
            "users()",
        ];
        let new = [
            "User struct",
            "User.id: i64",
            "users.get(id: i64) -> User",
            "User.name: String",
            "users()",
        ];
        let change = change(&old, &new);
        assert_eq!(change.added, ["User.name: String"]);
        assert_eq!(change.removed, [""; 0]);
        let changed: Vec<&str> = change.changed.iter().map(|(_, new)| new.as_str()).collect();
        assert_eq!(changed, ["User.id: i64", "users.get(id: i64) -> User"]);
        assert!(change.breaks());
    }

    #[test]
    fn what_is_only_added_or_deprecated_breaks_nothing() {
        assert!(!change(&["users()"], &["users()", "roles()"]).breaks());
        assert!(!change(&[], &["deprecated users.get"]).breaks());
        assert!(!change(&["deprecated users.get"], &[]).breaks());
        assert!(change(&["users()"], &[]).breaks());
        assert!(change(&["users()"], &["users()"]).is_empty());
    }

    #[test]
    fn what_an_argument_is_called_is_no_business_of_callers() {
        let two = |one: &str, other: &str| {
            format!("users.get({one}: impl Into<(A, B)>, {other}: i64) -> User")
        };
        let class = |old: &str, new: &str| change(&[old], &[new]).class();
        assert_eq!(class(&two("a", "b"), &two("a", "c")), Some(Class::Internal));
        assert_eq!(
            class("users.get(a: i64, b: i64)", "users.get(b: i64, a: i64)"),
            Some(Class::Breaking)
        );
        assert_eq!(class(&two("a", "b"), "users.get(a: i64) -> User"), Some(Class::Breaking));
        assert_eq!(class("users.get.name(i64)", "users.get.name(bool)"), Some(Class::Breaking));
    }

    #[test]
    fn the_version_to_raise_depends_on_the_first_number() {
        assert_eq!(
            level(Some(Class::Breaking), "0.1.0"),
            "breaking: a new minor version (from 0.1.0)"
        );
        assert_eq!(
            level(Some(Class::Additive), "0.1.0"),
            "additive: a new patch version (from 0.1.0)"
        );
        assert_eq!(
            level(Some(Class::Breaking), "1.2.0"),
            "breaking: a new major version (from 1.2.0)"
        );
        assert_eq!(
            level(Some(Class::Additive), "1.2.0"),
            "additive: a new minor version (from 1.2.0)"
        );
    }
}
