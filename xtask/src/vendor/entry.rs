//! What a change of public items says in the CHANGELOG: grouped, so that fifty operations are a few
//! lines.

use std::collections::{BTreeMap, BTreeSet};

use logto_api_codegen::public_key;

use super::public::Change;

/// The points under `### Added`, `### Changed` and `### Removed`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) added: Vec<String>,
    pub(super) changed: Vec<String>,
    pub(super) removed: Vec<String>,
}

impl Entry {
    pub(super) fn of(change: &Change) -> Self {
        let is_deprecation = |line: &&String| line.starts_with("deprecated ");
        let (deprecated, added): (Vec<&String>, _) = change.added.iter().partition(is_deprecation);
        let (_, removed): (Vec<&String>, _) = change.removed.iter().partition(is_deprecation);
        let mut changed = changed(&change.changed);
        let deprecated: Vec<String> = deprecated
            .iter()
            .map(|line| code(&spoken(line.trim_start_matches("deprecated "))))
            .collect();
        if !deprecated.is_empty() {
            changed.push(format!("Deprecated: {}.", deprecated.join(", ")));
        }
        Self { added: listed(&added), changed, removed: listed(&removed) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// Methods by group, models at once, and what is part of neither by what it belongs to.
fn listed(lines: &[&String]) -> Vec<String> {
    let owners: BTreeSet<&str> =
        lines.iter().filter(|line| is_owner(line)).map(|line| public_key(line)).collect();
    let mut models = Vec::new();
    let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines {
        let key = public_key(line);
        let Some((owner, name)) = split(key) else {
            if is_model(line) {
                models.push(code(key));
            }
            continue;
        };
        // A new model or method is told by its name; what it consists of is in its docs.
        let is_told = owners.contains(owner) && !is_method(line);
        if is_told {
            continue;
        }
        let part = if is_method(line) {
            format!("{name}({})", argument_names(line))
        } else {
            name.to_owned()
        };
        parts.entry(spoken(owner)).or_default().insert(part);
    }
    let point = |(owner, names): (String, BTreeSet<String>)| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        format!("{}: {}.", code(&owner), names.join(", "))
    };
    let mut points: Vec<String> = parts.into_iter().map(point).collect();
    if !models.is_empty() {
        points.push(format!("Models: {}.", models.join(", ")));
    }
    points
}

/// One point for each group, request and model.
fn changed(lines: &[(String, String)]) -> Vec<String> {
    let members: BTreeSet<&str> = lines.iter().map(|(_, new)| public_key(new)).collect();
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (old, new) in lines {
        let key = public_key(new);
        let (owner, name) = split(key).unwrap_or((key, ""));
        // The setter of a model's member changes with the member.
        let is_told = key.contains("::") && members.contains(format!("{owner}.{name}").as_str());
        if is_told {
            continue;
        }
        let name = if name.is_empty() { String::new() } else { code(name) + " " };
        parts.entry(spoken(owner)).or_default().push(name + &difference(old, new, key));
    }
    let point =
        |(owner, parts): (String, Vec<String>)| format!("{}: {}.", code(&owner), parts.join("; "));
    parts.into_iter().map(point).collect()
}

/// What is different between two lines about the same.
fn difference(old: &str, new: &str, key: &str) -> String {
    if let (Some(old), Some(new)) = (old.split_once(" -> "), new.split_once(" -> "))
        && old.0 == new.0
    {
        return format!("answers {}, was {}", code(new.1), code(old.1));
    }
    let rest = |line: &str| code(line[key.len()..].trim_start_matches(':').trim());
    format!("is {}, was {}", rest(new), rest(old))
}

fn is_model(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_uppercase())
}

/// `users.create(…)`, not `users.create.name(…)`.
fn is_method(line: &str) -> bool {
    !is_model(line) && public_key(line).matches('.').count() == 1
}

/// Something that has parts.
fn is_owner(line: &str) -> bool {
    is_method(line) || split(public_key(line)).is_none()
}

/// What an item is part of, and its name there.
fn split(key: &str) -> Option<(&str, &str)> {
    key.split_once("::").or_else(|| key.rsplit_once('.'))
}

/// `users.create` as it is written: `users().create()`.
fn spoken(key: &str) -> String {
    match is_model(key) {
        true => key.to_owned(),
        false => key.replace('.', "().") + "()",
    }
}

/// The names of a method's arguments, without their types.
fn argument_names(line: &str) -> String {
    let arguments = line.split_once('(').map_or("", |(_, rest)| rest);
    let mut depth = 0;
    let mut names = Vec::new();
    let mut name = String::new();
    for c in arguments.chars() {
        match c {
            '(' | '<' => depth += 1,
            ')' if depth == 0 => break,
            ')' | '>' => depth -= 1,
            ':' if depth == 0 && !name.is_empty() => names.push(std::mem::take(&mut name)),
            ',' if depth == 0 => name.clear(),
            _ if depth == 0 => name.push(c),
            _ => {}
        }
    }
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    names.join(", ")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn what_is_added_is_grouped_by_what_it_belongs_to() {
        let change = Change {
            added: lines(&[
                "things()",
                "things.get(thing_id: impl Into<String>) -> Thing",
                "things.get.deep(bool)",
                "things.tag(id: impl Into<String>, tags: impl IntoIterator<Item = (impl Into<String>, i64)>, more: bool) -> ()",
                "users.list.old(bool)",
                "Thing struct",
                "Thing.id: String",
                "Thing::new(id: impl Into<String>)",
                "User.age: Option<i64>",
                "User.mood: Option<Mood>",
                "Mood::Good",
                "deprecated users.list",
            ]),
            ..Change::default()
        };
        let entry = Entry::of(&change);
        assert_eq!(
            entry.added,
            [
                "`Mood`: `Good`.",
                "`User`: `age`, `mood`.",
                "`things()`: `get(thing_id)`, `tag(id, tags, more)`.",
                "`users().list()`: `old`.",
                "Models: `Thing`.",
            ]
        );
        assert_eq!(entry.changed, ["Deprecated: `users().list()`."]);
        assert!(entry.removed.is_empty());
    }

    #[test]
    fn what_is_changed_says_how_it_was() {
        let change = Change {
            changed: vec![
                ("User.id: String".into(), "User.id: i64".into()),
                ("User.age: i64".into(), "User.age: Option<i64>".into()),
                ("users.get(id: i64) -> User".into(), "users.get(id: i64) -> Thing".into()),
                ("User::age(i64)".into(), "User::age(bool)".into()),
                ("users.list() -> ()".into(), "users.list(old: bool) -> ()".into()),
                ("Mood struct".into(), "Mood enum".into()),
            ],
            ..Change::default()
        };
        assert_eq!(
            Entry::of(&change).changed,
            [
                "`Mood`: is `enum`, was `struct`.",
                "`User`: `id` is `i64`, was `String`; `age` is `Option<i64>`, was `i64`.",
                "`users()`: `get` answers `Thing`, was `User`; `list` is `(old: bool) -> ()`, was `() -> ()`.",
            ]
        );
    }
}
