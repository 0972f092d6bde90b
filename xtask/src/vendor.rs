//! `cargo xtask vendor`: upstream document in, contract out.

mod corrections;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use logto_api_contract::{Knowledge, is_contract, print, vendor};

use crate::source;

/// What to vendor.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The upstream OpenAPI document: a file or a URL.
    #[arg(long)]
    upstream: String,
    /// The Logto release the document belongs to (the document itself does not tell).
    #[arg(long)]
    logto_version: String,
    /// The day the document was taken (YYYY-MM-DD); kept from the last run when the input is the same.
    #[arg(long)]
    date: Option<String>,
    /// The folder that holds the contract and its companions.
    #[arg(long, default_value_os_t = openapi_folder())]
    folder: PathBuf,
    /// List corrections that no longer apply or are no longer needed, and go on.
    #[arg(long)]
    allow_stale_corrections: bool,
}

/// Where the contract lies in the workspace.
pub(crate) fn openapi_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi")
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = &args.folder;
    let input = source::read(&args.upstream)?;
    let knowledge = Knowledge::read(folder)?;
    let vendored = vendor(input.document.clone(), &args.logto_version, knowledge)
        .with_context(|| format!("{} cannot be vendored", args.upstream))?;
    if !args.allow_stale_corrections {
        corrections::refuse_stale(&vendored.corrections)?;
    }

    if !is_contract(&input.document) {
        let path = folder.join("upstream.toml");
        source::record(&path, &input, &args.logto_version, args.date.as_deref())?;
    }
    source::write(&folder.join("logto.json"), &print(&vendored.contract)?)?;
    source::write(&folder.join("names.toml"), &vendored.names.print()?)?;
    source::write(&folder.join("methods.toml"), &vendored.methods.print()?)?;
    for line in corrections::report(&vendored.corrections) {
        println!("{line}");
    }
    for note in &vendored.notes {
        println!("{note}");
    }
    println!("vendored {} operations, {} schemas", vendored.operations(), vendored.names.len());
    Ok(())
}
