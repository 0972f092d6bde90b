//! `cargo xtask vendor`: upstream document in, contract out.
//!
//! The steps, in order: read, inline every `$ref`, apply the corrections, apply the rules,
//! hoist the schemas, name them, and put the contract together.

mod canonical;
mod contract;
mod document;
mod fold;
mod hoist;
mod inline;
mod methods;
mod names;
pub(crate) mod overlay;
mod places;
mod propose;
mod refused;
mod rules;
mod source;
#[cfg(test)]
mod tests;
mod walk;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

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
}

/// Where the contract lies in the workspace.
pub(crate) fn openapi_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi")
}

/// What one run knows beside the document: everything a person curates.
#[derive(Default)]
pub(crate) struct Knowledge {
    pub(crate) corrections: overlay::Overlay,
    pub(crate) names: names::Names,
    pub(crate) methods: methods::Methods,
}

/// What one run makes.
pub(crate) struct Vendored {
    pub(crate) contract: Value,
    pub(crate) names: names::Names,
    pub(crate) methods: methods::Methods,
    /// What a person should look at: derived ids, dropped names.
    pub(crate) notes: Vec<String>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = &args.folder;
    let input = source::read(&args.upstream)?;
    let knowledge = Knowledge {
        corrections: overlay::Overlay::read(&folder.join("corrections.yaml"))?,
        names: names::Names::read(&folder.join("names.toml"))?,
        methods: methods::Methods::read(&folder.join("methods.toml"))?,
    };
    let vendored = vendor(input.document.clone(), &args.logto_version, knowledge)
        .with_context(|| format!("{} cannot be vendored", args.upstream))?;

    if !document::is_contract(&input.document) {
        let path = folder.join("upstream.toml");
        source::record(&path, &input, &args.logto_version, args.date.as_deref())?;
    }
    source::write(&folder.join("logto.json"), &canonical::print(&vendored.contract)?)?;
    source::write(&folder.join("names.toml"), &vendored.names.print()?)?;
    source::write(&folder.join("methods.toml"), &vendored.methods.print()?)?;
    for note in &vendored.notes {
        println!("{note}");
    }
    println!(
        "vendored {} operations, {} schemas",
        document::operations(&vendored.contract).len(),
        vendored.names.len()
    );
    Ok(())
}

/// The whole pipeline, without files.
pub(crate) fn vendor(document: Value, version: &str, knowledge: Knowledge) -> Result<Vendored> {
    let mut notes = Vec::new();
    let corrected = document::is_contract(&document);
    let prepared = document::prepare(canonical::sorted(&document), &mut notes)
        .and_then(|document| inline::inline(&document))
        .map_err(|error| refused::locate(error, &document))?;
    let mut document = prepared;
    if !corrected {
        knowledge.corrections.apply(&mut document)?;
    }
    rules::apply(&mut document).map_err(|error| refused::locate(error, &document))?;
    let required = methods::required(&document);
    let (document, pool) = fold::fold(document)?;
    let names = names::assign(&document, &pool, &knowledge.names, &mut notes)?;
    let mut methods = knowledge.methods;
    methods.complete(&document, &required);
    let contract = contract::assemble(document, &pool, &names, &methods, version)?;
    let names = names.into_file();
    Ok(Vendored { contract, names, methods, notes })
}
