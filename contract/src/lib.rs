//! From an OpenAPI document of Logto to the contract of `logto-api`.
//!
//! [`vendor`] is the whole way: inline every `$ref`, apply the corrections, apply the rules, hoist
//! the schemas, name them, and put the contract together. It reads no file and no network; what a
//! person curates comes in as [`Knowledge`].

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
mod methods;
mod names;
mod overlay;
mod places;
mod proposals;
mod propose;
mod refused;
mod rules;
#[cfg(test)]
mod tests;
mod walk;

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

/// What one run knows beside the document: everything a person curates.
#[derive(Clone, Default)]
pub struct Knowledge {
    /// `corrections.yaml`: what the document gets wrong.
    pub corrections: Overlay,
    /// `names.toml`: the name of every schema.
    pub names: Names,
    /// `methods.toml`: the Rust method of every operation.
    pub methods: Methods,
}

impl Knowledge {
    /// Reads `corrections.yaml`, `names.toml` and `methods.toml` of a folder; a file that is not
    /// there is an empty one.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is broken; the error names it.
    pub fn read(folder: &Path) -> Result<Self> {
        Ok(Self {
            corrections: Overlay::read(&folder.join("corrections.yaml"))?,
            names: Names::read(&folder.join("names.toml"))?,
            methods: Methods::read(&folder.join("methods.toml"))?,
        })
    }

    /// The same from the texts of the files.
    ///
    /// # Errors
    ///
    /// When a text is broken; the error says which.
    pub fn parse(corrections: &str, names: &str, methods: &str) -> Result<Self> {
        Ok(Self {
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
    /// The methods of its operations.
    pub methods: Methods,
    /// What each correction did; nothing where the document is a contract already.
    pub corrections: Vec<Effect>,
    /// The methods that no one has named yet.
    pub proposals: Vec<Proposal>,
    /// What a person should look at: derived ids, dropped names.
    pub notes: Vec<String>,
}

impl Vendored {
    /// How many operations the contract has.
    #[must_use]
    pub fn operations(&self) -> usize {
        document::operations(&self.contract).len()
    }
}

/// Makes the contract of an upstream document, which belongs to the release `version` of Logto.
///
/// A contract may be vendored again: it is not corrected twice, and stays the same. Corrections that
/// are no longer to the point are no error here: [`Vendored::corrections`] tells.
///
/// # Errors
///
/// When the document is not OpenAPI 3.0, or says something that no contract can say. The error names
/// the operation and the place.
pub fn vendor(document: Value, version: &str, knowledge: Knowledge) -> Result<Vendored> {
    let mut notes = Vec::new();
    let (mut document, corrections) = corrected(&document, &knowledge, &mut notes)?;
    rules::apply(&mut document).map_err(|error| refused::locate(error, &document))?;
    let required = methods::required(&document);
    let (document, pool) = fold::fold(document)?;
    let names = names::assign(&document, &pool, &knowledge.names, &mut notes)?;
    let mut methods = knowledge.methods;
    let proposals = methods.complete(&document, &required);
    let contract = contract::assemble(document, &pool, &names, &methods, version)?;
    let names = names.into_file();
    Ok(Vendored { contract, names, methods, corrections, proposals, notes })
}

/// The document with every reference resolved, every operation named, and the corrections applied.
fn corrected(
    upstream: &Value,
    knowledge: &Knowledge,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Value, Vec<Effect>)> {
    let mut document = resolved(upstream, notes)?;
    if is_contract(upstream) {
        return Ok((document, Vec::new()));
    }
    let effects = knowledge.corrections.correct(&mut document, &knowledge.methods.operations())?;
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
