//! `openapi/releases/` and `openapi/upstream.toml`: the documents that the contract is made from, and
//! where they came from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use logto_api_contract::{Names, Series, Version, is_contract};

use super::Args;
use crate::source::{self, Source};
use crate::writes::Writes;

/// The documents, and where each came from.
pub(super) struct Releases {
    pub(super) series: Series,
    sources: BTreeMap<String, Source>,
    /// The document that was taken in, as it was written.
    pub(super) taken: Option<(Version, String)>,
}

impl Releases {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let series = Series::read(&folder.join("releases"))?;
        let path = folder.join("upstream.toml");
        let text = source::read_if_there(&path)?.unwrap_or_default();
        let sources =
            toml::from_str(&text).with_context(|| format!("{} is broken", path.display()))?;
        Ok(Self { series, sources, taken: None })
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
            self.taken = Some((version.clone(), input.text));
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

    /// Has the files of the series written, and those of releases that it has no more removed.
    pub(super) fn write(&self, folder: &Path, series: &Series, writes: &mut Writes) -> Result<()> {
        let releases = folder.join("releases");
        for path in Series::files(&releases)? {
            writes.remove(path);
        }
        for (name, text) in series.print()? {
            writes.write(releases.join(name + ".json"), text);
        }
        writes.write(folder.join("upstream.toml"), toml::to_string(&self.sources)?);
        Ok(())
    }
}
