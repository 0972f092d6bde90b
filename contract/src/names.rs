//! Model names, and `openapi/names.toml`, which keeps them from one vendoring to the next.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::apart::{self, APART};
use super::canonical;
use super::error::Result;
use super::files::{hex, read_if_there};
use super::hoist::Pool;
use super::places::{Uses, uses};
use super::propose;

const HEADER: &str = "\
# The model name of every hoisted schema. A name stays with its place, and with its content when the
# place is gone. What is `only` in some places, given whole or by their ends, is apart from what looks
# the same elsewhere. Where `proposed` stands, no one has decided yet: rename by the heading, then vendor
# again; what is settled keeps its name whatever comes.

";

/// The component that advanced search parameters refer to; it is no hoisted schema.
pub(crate) const SEARCH: &str = "Search";

/// The names on file.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(BTreeMap<String, Entry>);

#[derive(Serialize, Deserialize, Clone)]
struct Entry {
    hash: String,
    place: String,
    /// The places that the name is for, or their ends, and no others, though they look like it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    only: Vec<String>,
    /// The name that a rule gave it; a heading that says another one was written by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proposed: Option<String>,
}

impl Names {
    /// Reads the file; none is an empty one.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is broken.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_if_there(path)?.unwrap_or_default();
        Ok(Self::parse(&text).with_context(|| format!("{} is broken", path.display()))?)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// When it is not TOML, or names something other than schemas.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text).context("not a list of names")?)
    }

    /// The file's text.
    ///
    /// # Errors
    ///
    /// When a name cannot be written as TOML.
    pub fn print(&self) -> Result<String> {
        Ok(HEADER.to_owned() + &toml::to_string(self).context("names cannot be written")?)
    }

    /// Whether there is no name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The names of a pool's schemas, by index.
pub(crate) struct Assigned {
    names: Vec<String>,
    file: Names,
    settled: Names,
}

impl Assigned {
    /// The name of a schema.
    pub(crate) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// The names as they go on file, and as they would if all were settled by what there is now.
    pub(crate) fn into_files(self) -> (Names, Names) {
        (self.file, self.settled)
    }
}

/// Names every schema: as settled where that is known, as proposed otherwise.
///
/// What is proposed does not depend on earlier proposals: vendoring documents in another order ends
/// with the same names.
pub(crate) fn assign(
    document: &Value,
    pool: &Pool,
    file: &Names,
    notes: &mut Vec<String>,
) -> Result<Assigned> {
    let uses = uses(document, pool);
    let settled = file.settled();
    let mut found = Found::new(&uses, pool);
    for name in settled.keys() {
        found.by_claim(name, &uses, pool);
    }
    for (name, entry) in &settled {
        found.by_place(name, &entry.place);
    }
    for (name, entry) in &settled {
        found.by_hash(name, &entry.hash);
    }

    let taken = settled.keys().cloned().chain([SEARCH.to_owned()]).collect();
    let names = propose::complete(found.names.clone(), taken, &uses, pool);
    let (mut on_file, mut fresh) = (BTreeMap::new(), BTreeMap::new());
    for (index, name) in names.iter().enumerate() {
        let place = uses[index].places.first().map(ToString::to_string).unwrap_or_default();
        let only = settled.get(name).map(|entry| entry.only.clone()).unwrap_or_default();
        let entry = Entry { hash: found.hashes[index].clone(), place, only, proposed: None };
        fresh.insert(name.clone(), entry.clone());
        let proposed = || Entry { proposed: Some(name.clone()), ..entry };
        on_file.insert(name.clone(), settled.get(name).cloned().unwrap_or_else(proposed));
    }
    let (mut unused, mut dropped) = (Vec::new(), Vec::new());
    for (name, entry) in &file.0 {
        if on_file.contains_key(name) {
            continue;
        }
        match settled.get(name) {
            Some(_) => {
                on_file.insert(name.clone(), entry.clone());
                fresh.insert(name.clone(), entry.clone());
                unused.push(name.as_str());
            }
            None => dropped.push(name.as_str()),
        }
    }
    for (what, names) in [("unused in", unused), ("dropped from", dropped)] {
        if !names.is_empty() {
            notes.push(format!("{what} names.toml, {} in all: {}", names.len(), names.join(", ")));
        }
    }
    Ok(Assigned { names, file: Names(on_file), settled: Names(fresh) })
}

impl Names {
    /// The places that names have for themselves.
    pub(crate) fn claims(&self) -> BTreeMap<String, String> {
        let claims = self
            .0
            .iter()
            .flat_map(|(name, entry)| entry.only.iter().map(|place| (place.clone(), name.clone())));
        claims.collect()
    }

    /// What is not proposed only.
    fn settled(&self) -> BTreeMap<String, Entry> {
        let settled = self.0.iter().filter(|(name, entry)| entry.proposed.as_ref() != Some(name));
        let plain = |(name, entry): (&String, &Entry)| {
            (name.clone(), Entry { proposed: None, ..entry.clone() })
        };
        settled.map(plain).collect()
    }
}

/// The schemas that settled names were found for.
struct Found {
    places: BTreeMap<String, usize>,
    hashes: Vec<String>,
    names: Vec<Option<String>>,
}

impl Found {
    fn new(uses: &[Uses], pool: &Pool) -> Self {
        let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, uses) in uses.iter().enumerate() {
            for place in &uses.places {
                found.entry(place.to_string()).or_default().push(index);
            }
        }
        // Alternatives that nothing tells apart have one place: it says nothing of them.
        let places = found.into_iter().filter_map(|(place, indexes)| match indexes[..] {
            [index] => Some((place, index)),
            _ => None,
        });
        let places = places.collect();
        let hashes: Vec<String> = (0..pool.schemas.len()).map(|index| hash(index, pool)).collect();
        let names = vec![None; hashes.len()];
        Self { places, hashes, names }
    }

    /// For a name with places for itself: what stands in most of them, should they differ.
    fn by_claim(&mut self, name: &str, uses: &[Uses], pool: &Pool) {
        let claimed = pool.schemas.iter().enumerate().filter(|(_, one)| one[APART] == name);
        let most = claimed.rev().max_by_key(|(index, _)| uses[*index].places.len());
        if let Some((index, _)) = most {
            self.names[index] = Some(name.to_owned());
        }
    }

    fn by_place(&mut self, name: &str, place: &str) {
        let is_named = self.is_named(name);
        let found = self.places.get(place).and_then(|index| self.names.get_mut(*index));
        if let Some(free @ None) = found.filter(|_| !is_named) {
            *free = Some(name.to_owned());
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.names.iter().flatten().any(|known| known == name)
    }

    /// For a name whose place is gone.
    fn by_hash(&mut self, name: &str, hash: &str) {
        let is_named = self.is_named(name);
        let mut same = self.hashes.iter().zip(&mut self.names).filter(|(own, _)| *own == hash);
        if let Some((_, free)) = same.find(|(_, name)| name.is_none()).filter(|_| !is_named) {
            *free = Some(name.to_owned());
        }
    }
}

/// Of what the schema says in its last release: older ones may be dropped.
fn hash(index: usize, pool: &Pool) -> String {
    hex(&Sha256::digest(canonical::shape(&apart::bare(pool.latest_whole(index)))))[..16].to_owned()
}
