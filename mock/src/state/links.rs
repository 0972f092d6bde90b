//! Who belongs to what.

use std::collections::{BTreeMap, HashMap};

/// Pairs of ids, in the order they were made, each at most once.
#[derive(Clone, Default)]
pub(crate) struct Links {
    made: u64,
    /// Whether any left side is a path.
    paths: bool,
    pairs: HashMap<(String, String), u64>,
    rights: HashMap<String, BTreeMap<u64, String>>,
    lefts: HashMap<String, BTreeMap<u64, String>>,
}

impl Links {
    /// Says whether the pair is new.
    pub(crate) fn add(&mut self, left: &str, right: &str) -> bool {
        if self.has(left, right) {
            return false;
        }
        self.made += 1;
        let at = self.made;
        self.paths |= left.contains('/');
        self.pairs.insert((left.to_owned(), right.to_owned()), at);
        self.rights.entry(left.to_owned()).or_default().insert(at, right.to_owned());
        self.lefts.entry(right.to_owned()).or_default().insert(at, left.to_owned());
        true
    }

    pub(crate) fn has(&self, left: &str, right: &str) -> bool {
        self.pairs.contains_key(&(left.to_owned(), right.to_owned()))
    }

    /// Says whether there was such a pair.
    pub(crate) fn remove(&mut self, left: &str, right: &str) -> bool {
        let Some(at) = self.pairs.remove(&(left.to_owned(), right.to_owned())) else {
            return false;
        };
        drop_from(&mut self.rights, left, at);
        drop_from(&mut self.lefts, right, at);
        true
    }

    pub(crate) fn remove_all_of(&mut self, left: &str) {
        let rights: Vec<String> = self.of(left).map(str::to_owned).collect();
        for right in rights {
            self.remove(left, &right);
        }
    }

    /// What the left one is paired with.
    pub(crate) fn of(&self, left: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.rights.get(left).into_iter().flat_map(|own| own.values().map(String::as_str))
    }

    /// What is paired with the right one.
    pub(crate) fn with(&self, right: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.lefts.get(right).into_iter().flat_map(|own| own.values().map(String::as_str))
    }

    /// Removes all pairs that this id is in, alone or as a part of a path.
    pub(crate) fn forget(&mut self, id: &str) {
        self.remove_all_of(id);
        let lefts: Vec<String> = self.with(id).map(str::to_owned).collect();
        lefts.iter().for_each(|left| {
            self.remove(left, id);
        });
        let holds = |left: &String| left.contains('/') && left.split('/').any(|part| part == id);
        let gone = self.pairs.keys().filter(|(left, _)| self.paths && holds(left));
        for (left, right) in gone.cloned().collect::<Vec<_>>() {
            self.remove(&left, &right);
        }
    }
}

fn drop_from(side: &mut HashMap<String, BTreeMap<u64, String>>, key: &str, at: u64) {
    if let Some(pairs) = side.get_mut(key) {
        pairs.remove(&at);
        if pairs.is_empty() {
            side.remove(key);
        }
    }
}

/// All pairs, by what they link: `roles/users`, or `organizations/users/roles` for the roles of an
/// organization's users, where the left side is both ids with a slash between them.
#[derive(Clone, Default)]
pub(crate) struct AllLinks(HashMap<String, Links>);

impl AllLinks {
    pub(crate) fn of(&mut self, name: &str) -> &mut Links {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), Links::default());
        }
        self.0.entry(name.to_owned()).or_default()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Links> {
        self.0.get(name)
    }

    pub(crate) fn has(&self, name: &str, left: &str, right: &str) -> bool {
        self.get(name).is_some_and(|links| links.has(left, right))
    }

    /// What the left one is paired with.
    pub(crate) fn rights<'a>(
        &'a self,
        name: &str,
        left: &str,
    ) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
        let own = self.get(name).and_then(|links| links.rights.get(left));
        own.into_iter().flat_map(|own| own.values().map(String::as_str))
    }

    /// What is paired with the right one.
    pub(crate) fn lefts<'a>(
        &'a self,
        name: &str,
        right: &str,
    ) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
        let own = self.get(name).and_then(|links| links.lefts.get(right));
        own.into_iter().flat_map(|own| own.values().map(String::as_str))
    }

    /// Removes all pairs that this id is in.
    pub(crate) fn forget(&mut self, id: &str) {
        self.0.values_mut().for_each(|links| links.forget(id));
    }
}
