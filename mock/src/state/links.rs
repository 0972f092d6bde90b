//! Who belongs to what.

/// Pairs of ids, in the order they were made, each at most once.
#[derive(Default)]
pub(crate) struct Links(Vec<(String, String)>);

impl Links {
    /// Says whether the pair is new.
    pub(crate) fn add(&mut self, left: &str, right: &str) -> bool {
        let new = !self.has(left, right);
        if new {
            self.0.push((left.to_owned(), right.to_owned()));
        }
        new
    }

    pub(crate) fn has(&self, left: &str, right: &str) -> bool {
        self.0.iter().any(|(l, r)| l == left && r == right)
    }

    /// Says whether there was such a pair.
    pub(crate) fn remove(&mut self, left: &str, right: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(l, r)| l != left || r != right);
        self.0.len() < before
    }

    pub(crate) fn remove_all_of(&mut self, left: &str) {
        self.0.retain(|(l, _)| l != left);
    }

    /// What the left one is paired with.
    pub(crate) fn of(&self, left: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(l, _)| l == left).map(|(_, right)| right.as_str())
    }

    /// What is paired with the right one.
    pub(crate) fn with(&self, right: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(_, r)| r == right).map(|(left, _)| left.as_str())
    }

    /// Removes all pairs that this id is in.
    pub(crate) fn forget(&mut self, id: &str) {
        self.0.retain(|(left, right)| left != id && right != id);
    }
}
