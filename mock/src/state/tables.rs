//! Entities of any kind, in the order in which they were created, found without looking at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::state::collection::{Members, newest_from, text};

#[derive(Clone)]
pub(crate) struct Row {
    /// The keys of what it belongs to, with slashes between them.
    pub(crate) owner: String,
    /// What a path calls it by.
    pub(crate) key: String,
    pub(crate) members: Members,
}

/// Entities of one kind. A key is unique among those of an owner.
#[derive(Clone, Default)]
pub(crate) struct Table {
    rows: BTreeMap<u64, Row>,
    created: u64,
    keys: HashMap<String, BTreeSet<u64>>,
    owned: HashMap<String, BTreeSet<u64>>,
    /// The members by whose values rows are found.
    indexed: Vec<String>,
    values: HashMap<(usize, String), BTreeSet<u64>>,
}

impl Table {
    /// Has rows found by the values of these members, too.
    pub(crate) fn index(&mut self, members: &[&str]) {
        if self.indexed.is_empty() && !members.is_empty() {
            self.indexed = members.iter().map(|member| (*member).to_owned()).collect();
            let all: Vec<u64> = self.rows.keys().copied().collect();
            all.into_iter().for_each(|at| self.enter(at));
        }
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.created += 1;
        let at = self.created;
        self.keys.entry(row.key.clone()).or_default().insert(at);
        if !row.owner.is_empty() {
            self.owned.entry(row.owner.clone()).or_default().insert(at);
        }
        self.rows.insert(at, row);
        self.enter(at);
    }

    /// Adds one that has an id and belongs to nothing.
    pub(crate) fn add_entity(&mut self, members: Members) {
        let key = text(&members, "id").unwrap_or_default().to_owned();
        self.add(Row { owner: String::new(), key, members });
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The newest first, without the first of them.
    pub(crate) fn newest_from(&self, skipped: usize) -> impl Iterator<Item = &Row> {
        newest_from(&self.rows, self.created, skipped)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().rev()
    }

    /// Those of an owner, the newest first.
    pub(crate) fn of<'a>(
        &'a self,
        owner: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Row> + use<'a> {
        self.owned.get(owner).into_iter().flatten().rev().filter_map(|at| self.rows.get(at))
    }

    /// The one with this id, whatever it belongs to.
    pub(crate) fn find(&self, id: &str) -> Option<&Members> {
        let at = self.keys.get(id)?.first()?;
        self.rows.get(at).map(|row| &row.members)
    }

    pub(crate) fn get(&self, owner: &str, key: &str) -> Option<&Row> {
        self.rows.get(&self.place(owner, key)?)
    }

    fn place(&self, owner: &str, key: &str) -> Option<u64> {
        let own = |at: &&u64| self.rows.get(at).is_some_and(|row| row.owner == owner);
        self.keys.get(key)?.iter().find(own).copied()
    }

    pub(crate) fn find_by<'a>(&'a self, member: &'a str, value: &'a str) -> Option<&'a Members> {
        self.all_by(member, value).next().map(|row| &row.members)
    }

    /// Those whose member has this value, by the index if there is one.
    pub(crate) fn all_by<'a>(
        &'a self,
        member: &'a str,
        value: &'a str,
    ) -> Box<dyn Iterator<Item = &'a Row> + 'a> {
        match self.indexed.iter().position(|own| own == member) {
            Some(index) => {
                let places = self.values.get(&(index, value.to_owned()));
                Box::new(places.into_iter().flatten().filter_map(|at| self.rows.get(at)))
            }
            None => {
                let fits = move |row: &&Row| text(&row.members, member) == Some(value);
                Box::new(self.rows.values().filter(fits))
            }
        }
    }

    /// Changes one; says whether it was there.
    pub(crate) fn change(&mut self, owner: &str, key: &str, change: impl FnOnce(&mut Row)) -> bool {
        let Some(at) = self.place(owner, key) else { return false };
        self.leave(at);
        if let Some(row) = self.rows.get_mut(&at) {
            let before = row.key.clone();
            change(row);
            if row.key != before {
                let after = row.key.clone();
                self.drop_key(&before, at);
                self.keys.entry(after).or_default().insert(at);
            }
        }
        self.enter(at);
        true
    }

    /// Removes one; gives it.
    pub(crate) fn remove(&mut self, owner: &str, key: &str) -> Option<Row> {
        let at = self.place(owner, key)?;
        self.take(at)
    }

    /// Removes what belongs to this owner, or to something that does.
    pub(crate) fn remove_owned(&mut self, owner: &str) {
        let below = format!("{owner}/");
        let owners = self.owned.keys();
        let owners: Vec<String> =
            owners.filter(|own| *own == owner || own.starts_with(&below)).cloned().collect();
        for owner in owners {
            for at in self.owned.remove(&owner).unwrap_or_default() {
                self.take(at);
            }
        }
    }

    fn take(&mut self, at: u64) -> Option<Row> {
        self.leave(at);
        let row = self.rows.remove(&at)?;
        self.drop_key(&row.key, at);
        if let Some(owned) = self.owned.get_mut(&row.owner) {
            owned.remove(&at);
        }
        Some(row)
    }

    fn drop_key(&mut self, key: &str, at: u64) {
        if let Some(places) = self.keys.get_mut(key) {
            places.remove(&at);
            if places.is_empty() {
                self.keys.remove(key);
            }
        }
    }

    fn indexed_values(&self, at: u64) -> Vec<(usize, String)> {
        let Some(row) = self.rows.get(&at) else { return Vec::new() };
        let values = self.indexed.iter().enumerate();
        let values = values.map(|(index, member)| (index, row.members.get(member)));
        values
            .filter_map(|(index, value)| Some((index, value.and_then(Value::as_str)?.to_owned())))
            .collect()
    }

    fn enter(&mut self, at: u64) {
        for value in self.indexed_values(at) {
            self.values.entry(value).or_default().insert(at);
        }
    }

    fn leave(&mut self, at: u64) {
        for value in self.indexed_values(at) {
            if let Some(places) = self.values.get_mut(&value) {
                places.remove(&at);
                if places.is_empty() {
                    self.values.remove(&value);
                }
            }
        }
    }
}

/// All tables, by name: their path without parameters.
#[derive(Clone, Default)]
pub(crate) struct Tables(HashMap<String, Table>);

impl Tables {
    pub(crate) fn get(&self, name: &str) -> Option<&Table> {
        self.0.get(name)
    }

    pub(crate) fn table(&mut self, name: &str) -> &mut Table {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), Table::default());
        }
        self.0.entry(name.to_owned()).or_default()
    }

    pub(crate) fn find_by<'a>(
        &'a self,
        table: &str,
        member: &'a str,
        value: &'a str,
    ) -> Option<&'a Members> {
        self.get(table)?.find_by(member, value)
    }

    pub(crate) fn find(&self, table: &str, id: &str) -> Option<&Members> {
        self.get(table)?.find(id)
    }

    /// All of a table, the newest first.
    pub(crate) fn of_all(&self, table: &str) -> impl Iterator<Item = &Row> {
        self.get(table).into_iter().flat_map(Table::newest_first)
    }

    /// Those of an owner, the newest first.
    pub(crate) fn of<'a>(
        &'a self,
        table: &str,
        owner: &str,
    ) -> impl DoubleEndedIterator<Item = &'a Row> + use<'a> {
        let rows: Vec<&Row> =
            self.get(table).map(|table| table.of(owner).collect()).unwrap_or_default();
        rows.into_iter()
    }

    /// Removes what belongs to an entity of this table, in the tables below it.
    pub(crate) fn remove_below(&mut self, table: &str, owner: &str) {
        let below = format!("{table}/");
        for (_, table) in self.0.iter_mut().filter(|(name, _)| name.starts_with(&below)) {
            table.remove_owned(owner);
        }
    }
}
