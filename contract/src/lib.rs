//! From the OpenAPI documents of several releases of Logto to the contract of `logto-api`.
//!
//! [`vendor`] is the whole way: of each document inline every `$ref`, apply the additions and
//! corrections, apply the rules; then merge the documents, hoist the schemas, name them, and put the
//! contract together. It reads no file and no network; what a person curates comes in as
//! [`Knowledge`].

mod apart;
mod canonical;
mod contract;
mod document;
pub mod drift;
mod effects;
mod error;
mod files;
mod fold;
mod hoist;
mod inline;
mod merge;
mod method;
mod methods;
mod names;
mod overlay;
mod places;
mod proposals;
mod propose;
mod refused;
mod rules;
pub mod series;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

pub use document::is_contract;
pub use effects::{Effect, Standing};
pub use error::{Error, Result};
pub use methods::Methods;
pub use names::Names;
pub use overlay::Overlay;
pub use proposals::Proposal;
pub use series::{Series, Version};

/// What one run knows beside the document: everything a person curates.
#[derive(Clone, Default)]
pub struct Knowledge {
    /// `additions.yaml`: what no document says.
    pub additions: Overlay,
    /// `corrections.yaml`: what documents get wrong.
    pub corrections: Overlay,
    /// `names.toml`: the name of every schema.
    pub names: Names,
    /// `methods.toml`: the Rust method of every operation.
    pub methods: Methods,
}

impl Knowledge {
    /// Reads `additions.yaml`, `corrections.yaml`, `names.toml` and `methods.toml` of a folder; a file that is not
    /// there is an empty one.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is broken; the error names it.
    pub fn read(folder: &Path) -> Result<Self> {
        Ok(Self {
            additions: Overlay::read(&folder.join("additions.yaml"))?,
            corrections: Overlay::read(&folder.join("corrections.yaml"))?,
            names: Names::read(&folder.join("names.toml"))?,
            methods: Methods::read(&folder.join("methods.toml"))?,
        })
    }

    /// The same from the texts of `corrections.yaml`, `names.toml` and `methods.toml`.
    ///
    /// # Errors
    ///
    /// When a text is broken; the error says which.
    pub fn parse(corrections: &str, names: &str, methods: &str) -> Result<Self> {
        Ok(Self {
            additions: Overlay::default(),
            corrections: Overlay::parse(corrections).context("corrections.yaml")?,
            names: Names::parse(names).context("names.toml")?,
            methods: Methods::parse(methods).context("methods.toml")?,
        })
    }
}

/// What one run makes.
pub struct Vendored {
    /// The contract, as `logto.json` holds it.
    pub contract: Value,
    /// The names of its schemas.
    pub names: Names,
    /// The same, settled: none is only proposed, and each is kept by what there is now.
    pub settled: Names,
    /// The methods of its operations.
    pub methods: Methods,
    /// What each addition and correction did; nothing where the document is a contract already.
    pub corrections: Vec<Effect>,
    /// The methods that no one has named yet.
    pub proposals: Vec<Proposal>,
    /// What a person should look at: derived ids, dropped names.
    pub notes: Vec<String>,
    /// The documents, as they are kept.
    pub series: Series,
}

impl Vendored {
    /// How many operations the contract has.
    #[must_use]
    pub fn operations(&self) -> usize {
        document::operations(&self.contract).len()
    }
}

/// Makes the contract of the documents of a series of releases.
///
/// A contract may be vendored again: it is not corrected twice, and stays the same. Corrections that
/// are no longer to the point are no error here: [`Vendored::corrections`] tells.
///
/// # Errors
///
/// When a document is not OpenAPI 3.0, or says something that no contract can say. The error names
/// the release, the operation and the place.
pub fn vendor(series: &Series, knowledge: &Knowledge) -> Result<Vendored> {
    let mut notes = Vec::new();
    let mut corrections = Vec::new();
    let mut documents = Vec::new();
    for (version, document) in series.iter() {
        let (document, effects) = prepared(version, document, knowledge, &mut notes)
            .with_context(|| format!("the document of {version}"))?;
        effects::gather(&mut corrections, effects, version);
        documents.push(document);
    }
    let mut seen = BTreeSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    let mut document = merge::documents(&documents);
    apart::mark(&mut document, &knowledge.names, &mut notes);
    let required = methods::required(&document);
    let (document, pool) = fold::fold(document)?;
    let names = names::assign(&document, &pool, &knowledge.names, &mut notes)?;
    let (methods, proposals) = knowledge.methods.complete(&document, &required, &mut notes);
    let versions: Vec<Version> = series.versions().cloned().collect();
    let parts = contract::Parts {
        pool: &pool,
        names: &names,
        methods: &methods,
        required: &required,
        versions: &versions,
    };
    let contract = contract::assemble(document, &parts);
    let series = series.named(&knowledge.names)?;
    let (on_file, settled) = names.into_files();
    Ok(Vendored {
        contract,
        names: on_file,
        settled,
        methods,
        corrections,
        proposals,
        notes,
        series,
    })
}

/// A document as it is merged with the others: corrected, and as the rules leave it.
fn prepared(
    version: &Version,
    document: &Value,
    knowledge: &Knowledge,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Value, Vec<Effect>)> {
    let (mut document, effects) = corrected(version, document, knowledge, notes)?;
    rules::apply(&mut document).map_err(|error| refused::locate(error, &document))?;
    Ok((document, effects))
}

/// The document with every reference resolved, every operation named, and the corrections applied.
fn corrected(
    version: &Version,
    upstream: &Value,
    knowledge: &Knowledge,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Value, Vec<Effect>)> {
    let mut document = resolved(upstream, notes)?;
    if is_contract(upstream) {
        return Ok((document, Vec::new()));
    }
    let known = knowledge.methods.operations();
    let mut effects = knowledge.additions.correct(&mut document, &known, version)?;
    effects.extend(knowledge.corrections.correct(&mut document, &known, version)?);
    // A correction may refer to a schema, and may add an operation.
    let document = resolve(&document, notes).map_err(|error| refused::locate(error, &document))?;
    Ok((document, effects))
}

/// An upstream document with every reference resolved and every operation named.
fn resolved(upstream: &Value, notes: &mut Vec<String>) -> anyhow::Result<Value> {
    document::check(upstream)
        .and_then(|()| resolve(&canonical::sorted(upstream), notes))
        .map_err(|error| refused::locate(error, upstream))
}

fn resolve(document: &Value, notes: &mut Vec<String>) -> anyhow::Result<Value> {
    let mut resolved = inline::inline(document)?;
    document::prepare(&mut resolved, notes)?;
    Ok(resolved)
}

/// The text of a document in its one spelling: keys sorted, two spaces, a member on one line, a
/// newline at the end.
///
/// # Errors
///
/// When the value cannot be written as JSON.
pub fn print(document: &Value) -> Result<String> {
    Ok(canonical::print(document)?)
}
