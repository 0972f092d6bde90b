//! Groups and methods for operations that have none yet: a start for a person to improve on in
//! `methods.toml`.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToPascalCase, ToSnakeCase};

use super::document::{Operation, singular};
use super::method::Method;

/// A method for an operation that `methods.toml` does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The `operationId`.
    pub operation: String,
    /// HTTP method, in upper case.
    pub verb: String,
    /// Path template.
    pub path: String,
    /// The group it would go to.
    pub group: String,
    /// What it would be called there.
    pub method: String,
}

impl Proposal {
    pub(crate) fn of(operation: &Operation<'_>, method: &Method) -> Self {
        Self {
            operation: operation.id.to_owned(),
            verb: operation.method.to_uppercase(),
            path: operation.path.to_owned(),
            group: method.group.clone(),
            method: method.method.clone(),
        }
    }
}

/// A method for each operation that none is known of; they are given by their tags and ids, in the
/// order of paths and methods.
pub(crate) fn propose<'a>(
    operations: impl Iterator<Item = (&'a str, &'a str)>,
    known: impl Fn(&str) -> Option<Method>,
) -> BTreeMap<String, Method> {
    let mut proposer = Proposer::default();
    let mut new = Vec::new();
    for (tag, id) in operations {
        match known(id) {
            Some(method) => proposer.learn(tag, &method),
            None => new.push((tag, id)),
        }
    }
    new.into_iter().map(|(tag, id)| (id.to_owned(), proposer.propose(tag, id))).collect()
}

/// Proposes by what is on file.
#[derive(Default)]
struct Proposer {
    /// How many operations with each tag are in each group.
    groups: BTreeMap<String, BTreeMap<String, usize>>,
    taken: BTreeSet<(String, String)>,
}

impl Proposer {
    /// Takes note of a method on file.
    fn learn(&mut self, tag: &str, method: &Method) {
        let groups = self.groups.entry(tag.to_owned()).or_default();
        *groups.entry(method.group.clone()).or_default() += 1;
        self.taken.insert((method.group.clone(), method.method.clone()));
    }

    /// The group where most operations with the tag are, or one named like the tag; there, the
    /// operation's id without what the group says already.
    fn propose(&mut self, tag: &str, id: &str) -> Method {
        let most = self.groups.get(tag).and_then(|groups| groups.iter().max_by_key(|(_, n)| **n));
        let group = most.map_or_else(|| tag.to_snake_case(), |(group, _)| group.clone());
        let is_free = |name: &String| {
            let is_handle = name.to_pascal_case() == group.to_pascal_case();
            !is_handle && !self.taken.contains(&(group.clone(), name.clone()))
        };
        let whole = id.to_snake_case();
        let numbered = (2..).map(|number| format!("{whole}_{number}"));
        let names = [without(&whole, &group), whole.clone()].into_iter().chain(numbered);
        let method: String = names.filter(is_free).take(1).collect();
        self.taken.insert((group.clone(), method.clone()));
        Method::new(group, method)
    }
}

/// `create_user_role` in `users` is `create_role`; the verb stays.
fn without(whole: &str, group: &str) -> String {
    let words: Vec<&str> = whole.split('_').collect();
    for noun in [group.to_owned(), singular(group)] {
        let noun: Vec<&str> = noun.split('_').collect();
        let found = (1..words.len()).find(|start| words[*start..].starts_with(&noun));
        if let Some(start) = found {
            return [&words[..start], &words[start + noun.len()..]].concat().join("_");
        }
    }
    whole.to_owned()
}
