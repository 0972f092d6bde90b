//! `cargo xtask drift`: has upstream changed?
//!
//! Exits with 0 where nothing differs, 1 where something does, 2 where that cannot be told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use logto_api_contract::drift::{Drift, Format, Ignored, Only, Vendored, closest, drift};
use logto_api_contract::{Series, Version, is_contract};
use serde_json::Value;

use crate::source;
use crate::vendor::{self, openapi_folder};

/// What to compare.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The upstream OpenAPI document: a file or a URL.
    #[arg(long)]
    upstream: String,
    /// The release of the series to compare with, such as 1.38.0; by default the one that the
    /// document looks like.
    #[arg(long)]
    against: Option<Version>,
    /// text, json or markdown.
    #[arg(long, default_value = "text")]
    format: Format,
    /// Only these parts of the API, such as `experience,management.users`.
    #[arg(long)]
    only: Option<String>,
    /// A TOML file of accepted changes: `[[ignore]]` with `change` and `reason`.
    #[arg(long)]
    ignore: Option<PathBuf>,
    /// The folder that holds the contract and its companions.
    #[arg(long, default_value_os_t = openapi_folder())]
    folder: PathBuf,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> ExitCode {
    match report(args) {
        Ok((drift, text)) => {
            print!("{text}");
            if drift.is_none() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => {
            eprintln!("cannot tell: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn report(args: &Args) -> Result<(Drift, String)> {
    let folder = &args.folder;
    let contract = json(&folder.join("logto.json"))?;
    let series = Series::read(&folder.join("releases"))?;
    let only = args.only.as_deref().map(|text| Only::parse(text, &contract)).transpose()?;
    let ignored = args.ignore.as_deref().map(read_ignored).transpose()?;
    let upstream = source::read(&args.upstream)?.document;
    let mut found = compare(&contract, &series, &upstream, args.against.as_ref())
        .with_context(|| args.upstream.clone())?;
    // Of a part, or of what is left, nobody could say what it means for code as a whole.
    let version = found.release.as_deref().map(str::parse).transpose()?;
    if let Some(version) =
        version.filter(|_| !found.is_none() && only.is_none() && ignored.is_none())
    {
        match vendor::code(folder, &series, &version, &upstream) {
            Ok((code, stale)) => {
                found = found.with_code(code);
                found.notes.extend(stale);
            }
            Err(error) => found.notes.push(format!("this document cannot be vendored: {error:#}")),
        }
    }
    if let Some(only) = &only {
        found = found.only(only);
    }
    if let Some(ignored) = &ignored {
        found = found.without(ignored);
    }
    let text = found.print(args.format)?;
    Ok((found, text))
}

/// Compares with the release that the document looks like, unless another one is asked for.
fn compare(
    contract: &Value,
    series: &Series,
    upstream: &Value,
    asked: Option<&Version>,
) -> Result<Drift> {
    let Some(asked) = asked else {
        return Ok(closest(contract, series, upstream)?);
    };
    let facts = series.get(asked).with_context(|| {
        let known: Vec<String> = series.versions().map(ToString::to_string).collect();
        format!("{asked} is not in the series: {}", known.join(", "))
    })?;
    let mut found = drift(Vendored { contract, facts }, upstream)?;
    found.release = Some(asked.to_string()).filter(|_| !is_contract(upstream));
    Ok(found)
}

fn read_ignored(path: &Path) -> Result<Ignored> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ignored::parse(&text).with_context(|| path.display().to_string())
}

fn json(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is broken", path.display()))
}
