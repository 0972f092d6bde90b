//! Model names, and `openapi/names.toml`, which keeps them from one vendoring to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::canonical;
use super::error::Result;
use super::files::{hex, read_if_there};
use super::hoist::Pool;
use super::places::{Uses, uses};
use super::propose;

const HEADER: &str = "\
# The model name of every hoisted schema: rename here, then vendor again.
# A schema keeps its name while its hash or its first place stays the same.

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
    entries: Vec<Entry>,
}

impl Assigned {
    /// The name of a schema.
    pub(crate) fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    /// The names as they go on file.
    pub(crate) fn into_file(self) -> Names {
        Names(self.names.into_iter().zip(self.entries).collect())
    }
}

/// Names every schema: as on file where it is known, as proposed where it is new.
pub(crate) fn assign(
    document: &Value,
    pool: &Pool,
    file: &Names,
    notes: &mut Vec<String>,
) -> Result<Assigned> {
    let uses = uses(document, pool);
    let entries: Vec<Entry> =
        pool.schemas.iter().zip(&uses).map(|(schema, uses)| entry(schema, uses, pool)).collect();
    let mut names: Vec<Option<String>> = vec![None; entries.len()];
    let mut taken: BTreeSet<String> = BTreeSet::from([SEARCH.to_owned()]);

    let mut keep = |matches: &dyn Fn(usize, &Entry) -> bool| {
        for (name, known) in &file.0 {
            let free = (0..names.len()).find(|i| names[*i].is_none() && matches(*i, known));
            if let Some(index) = free.filter(|_| !taken.contains(name)) {
                taken.insert(name.clone());
                names[index] = Some(name.clone());
            }
        }
    };
    keep(&|index, known| entries[index].hash == known.hash);
    keep(&|index, known| uses[index].places.iter().any(|place| place.to_string() == known.place));

    let dropped: Vec<&str> =
        file.0.keys().filter(|name| !taken.contains(*name)).map(String::as_str).collect();
    if !dropped.is_empty() {
        let count = dropped.len();
        notes.push(format!("dropped from names.toml, {count} in all: {}", dropped.join(", ")));
    }
    let names = propose::complete(names, taken, &uses, pool);
    Ok(Assigned { names, entries })
}

fn entry(schema: &Value, uses: &Uses, pool: &Pool) -> Entry {
    let whole = pool.expand(schema, &|index| index);
    let digest = hex(&Sha256::digest(canonical::key(&whole)));
    let place = uses.places.first().map(ToString::to_string).unwrap_or_default();
    Entry { hash: digest[..16].to_owned(), place }
}
