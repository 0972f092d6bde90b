//! The documents of a series of releases, oldest to newest: what the contract is made from.
//!
//! Of each document only its facts are kept ([`crate::drift::facts`]). The oldest release is stored
//! whole; each later one as a JSON Patch (RFC 6902) of the release before it, so that the file of a
//! release reads as what the release changed. What is stored depends on the documents and on the
//! names alone, not on the order in which they came.

mod version;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use json_patch::Patch;
use serde_json::Value;

use crate::error::Result;
use crate::names::Names;
use crate::{canonical, drift};

pub use version::Version;

/// The facts of the documents, by release.
#[derive(Clone, Debug, Default)]
pub struct Series(BTreeMap<Version, Value>);

impl Series {
    /// A series of one.
    #[must_use]
    pub fn of(version: Version, facts: Value) -> Self {
        Self(BTreeMap::from([(version, facts)]))
    }

    /// A series of one document that belongs to no release.
    #[must_use]
    pub fn single(document: Value) -> Self {
        Self::of(Version::next(), document)
    }

    /// Reads the files of a folder, each named after its release; no folder is an empty series.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or does not fit to the one before it.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for path in Self::files(folder)? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name, text));
        }
        let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Ok(Self::parse(files).with_context(|| folder.display().to_string())?)
    }

    /// The files of a folder that belong to a series; no folder has none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let within = || format!("cannot read {}", folder.display());
        let entries = fs::read_dir(folder).with_context(within)?;
        let paths = entries.map(|entry| Ok(entry.with_context(within)?.path()));
        let paths = paths.collect::<anyhow::Result<Vec<_>>>()?;
        let is_json = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
        Ok(paths.into_iter().filter(is_json).collect())
    }

    /// Reads the texts of the files, each with the name of its release.
    ///
    /// # Errors
    ///
    /// When a name is no release, or a text does not fit to the one before it.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut texts = BTreeMap::new();
        for (name, text) in files {
            let version = name.parse::<Version>()?;
            if texts.insert(version.clone(), text).is_some() {
                return Err(anyhow!("{version} is there twice: drop one of the files").into());
            }
        }
        let mut series = BTreeMap::new();
        let mut last: Option<Value> = None;
        for (version, text) in texts {
            let facts = match last.take() {
                None => serde_json::from_str(text).map_err(|error| anyhow!(error)),
                Some(before) => patched(before, text),
            };
            let facts = facts.with_context(|| format!("the document of {version} is broken"))?;
            last = Some(facts.clone());
            series.insert(version, facts);
        }
        Ok(Self(series))
    }

    /// The texts of the files, by the name of the release.
    ///
    /// # Errors
    ///
    /// When a document cannot be written as JSON.
    pub fn print(&self) -> Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        let mut last: Option<&Value> = None;
        for (version, facts) in &self.0 {
            let text = match last {
                None => canonical::print(facts)?,
                Some(before) => canonical::print(&patch(before, facts)?)?,
            };
            files.push((version.to_string(), text));
            last = Some(facts);
        }
        Ok(files)
    }

    /// Takes the document of a release, in place of the one that was there; gives what a person
    /// should look at.
    ///
    /// # Errors
    ///
    /// When it is not OpenAPI 3.0.
    pub fn insert(
        &mut self,
        version: Version,
        document: &Value,
        names: &Names,
    ) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        let facts = drift::noted_facts(document, names, &mut notes)?;
        self.0.insert(version, facts);
        Ok(notes)
    }

    /// Drops a release; tells whether it was there.
    pub fn remove(&mut self, version: &Version) -> bool {
        self.0.remove(version).is_some()
    }

    /// The releases, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.0.keys()
    }

    /// The facts of a release.
    #[must_use]
    pub fn get(&self, version: &Version) -> Option<&Value> {
        self.0.get(version)
    }

    /// Releases and their facts, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Version, &Value)> {
        self.0.iter()
    }

    /// The newest release and its facts.
    #[must_use]
    pub fn newest(&self) -> Option<(&Version, &Value)> {
        self.0.last_key_value()
    }

    /// The same documents as facts, their schemas named by these names.
    pub(crate) fn named(&self, names: &Names) -> Result<Self> {
        let mut named = BTreeMap::new();
        for (version, document) in &self.0 {
            let facts = drift::facts(document, names).map_err(|error| {
                anyhow!("{error:#}").context(format!("the document of {version}"))
            })?;
            named.insert(version.clone(), facts);
        }
        Ok(Self(named))
    }
}

fn patched(mut document: Value, text: &str) -> anyhow::Result<Value> {
    let patch: Patch = serde_json::from_str(text).context("not a JSON Patch")?;
    json_patch::patch(&mut document, &patch).context("it does not fit to the release before it")?;
    Ok(document)
}

/// What turns one document into the next.
fn patch(before: &Value, after: &Value) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(json_patch::diff(before, after))?)
}
