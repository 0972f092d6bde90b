//! `openapi/releases/` and `openapi/upstream.toml`: the documents that the contract is made from, and
//! where they came from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use logto_api_contract::{Names, Series, is_contract};

use super::Args;
use crate::source::{self, Source};

/// The documents, and where each came from.
pub(super) struct Releases {
    pub(super) series: Series,
    sources: BTreeMap<String, Source>,
}

impl Releases {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let series = Series::read(&folder.join("releases"))?;
        let path = folder.join("upstream.toml");
        let text = source::read_if_there(&path)?.unwrap_or_default();
        let sources =
            toml::from_str(&text).with_context(|| format!("{} is broken", path.display()))?;
        Ok(Self { series, sources })
    }

    /// Takes in, and drops, what the arguments say.
    pub(super) fn change(&mut self, args: &Args, names: &Names) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        if let (Some(upstream), Some(version)) = (&args.upstream, &args.logto_version) {
            let input = source::read(upstream)?;
            if is_contract(&input.document) {
                bail!("{upstream} is a contract: give the document that a Logto serves");
            }
            let name = version.to_string();
            let source = input.source(args.date.as_deref(), self.sources.get(&name))?;
            self.sources.insert(name, source);
            notes = self
                .series
                .insert(version.clone(), &input.document, names)
                .with_context(|| format!("{upstream} cannot be vendored"))?;
        }
        if let Some(version) = &args.drop {
            if !self.series.remove(version) {
                bail!("{version} is not in the series: {}", self.names().join(", "));
            }
            self.sources.remove(&version.to_string());
        }
        if self.series.newest().is_none() {
            bail!("there is no document yet: give one with --upstream and --logto-version");
        }
        Ok(notes)
    }

    fn names(&self) -> Vec<String> {
        self.series.versions().map(ToString::to_string).collect()
    }

    /// Writes the files of the series, and no others.
    pub(super) fn write(&self, folder: &Path, series: &Series) -> Result<()> {
        let releases = folder.join("releases");
        fs::create_dir_all(&releases)
            .with_context(|| format!("cannot make {}", releases.display()))?;
        let files = series.print()?;
        for entry in fs::read_dir(&releases)? {
            let path = entry?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if !files.iter().any(|(known, _)| *known == name) {
                fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        for (name, text) in files {
            source::write(&releases.join(name + ".json"), &text)?;
        }
        source::write(&folder.join("upstream.toml"), &toml::to_string(&self.sources)?)
    }
}
