//! Generates the code of `logto-api` from its OpenAPI contract.
//!
//! `build.rs` of the crate is the user of this library: it reads
//! `openapi/logto.json`, keeps the groups of operations whose Cargo features
//! are enabled, and writes what [`generate`] returns to `$OUT_DIR`.

mod calls;
mod contract;
mod docs;
mod error;
mod examples;
mod groups;
mod layout;
mod lifetime;
mod models;
mod naming;
mod pages;
mod public;
mod raw;
mod schema;
mod setters;
mod types;

use std::collections::{BTreeMap, BTreeSet};

pub use contract::{Body, Contract, Location, Operation, Parameter, Response, Retry};
pub use docs::{Docs, OperationDocs, SchemaDocs};
pub use error::{Error, Result};
pub use lifetime::Lifetime;
pub use naming::{
    plain_field as member_name, plain_parameter as parameter_name, variants as variant_names,
};
pub use pages::Pages;
pub use public::{public_items, public_key};
pub use types::Type;

use layout::LaidOut;
use schema::Models;

/// The generated source files, formatted.
#[derive(Debug)]
pub struct Generated {
    /// The positional client that progenitor writes.
    pub raw: String,
    /// Structs, enums and unions: a file for those of each group, and some for those of several.
    pub models: Pages,
    /// The groups of operations and their requests, a file each.
    pub groups: Pages,
    /// Calls by `operationId`, for tests.
    pub calls: String,
}

/// Generates the code for the groups that `enabled` accepts. Where it accepts `schemars`, models have
/// JSON schemas.
///
/// # Errors
///
/// When the contract holds something that no code can be generated for; the
/// error names the operation or schema.
pub fn generate(
    contract: &Contract,
    docs: &Docs,
    enabled: impl Fn(&str) -> bool,
) -> Result<Generated> {
    let groups: Vec<&str> = contract.groups().into_iter().filter(|group| enabled(group)).collect();
    let operations: Vec<&Operation> = contract
        .operations
        .iter()
        .filter(|operation| groups.contains(&operation.group.as_str()))
        .collect();
    let models = Models::read(&contract.schemas)?;
    Ok(Generated {
        raw: raw::write(&operations)?,
        models: write_models(&operations, &models, docs, enabled("schemars"))?,
        groups: write_groups(&groups, &operations, &models, docs)?,
        calls: format(&calls::write(&operations, &models)?)?,
    })
}

fn write_models(
    operations: &[&Operation],
    models: &Models,
    docs: &Docs,
    schemars: bool,
) -> Result<Pages> {
    let sent = operations.iter().filter_map(|operation| sent_type(operation));
    let writer = models::Writer {
        models,
        docs,
        sent: &models.reach(sent.filter_map(Type::names)),
        bodies: &only_bodies(operations, models),
        schemars,
    };
    let mut pages: BTreeMap<String, models::Code> = BTreeMap::new();
    for (name, groups) in users(operations, models) {
        if let Some(model) = models.by_name.get(name) {
            writer.model(pages.entry(page_of(name, &groups)).or_default(), name, model);
        }
    }
    let mut written = Pages::default();
    for (path, code) in pages {
        let include = written.add(path, format(&code.items)? + &code.macros);
        written.index += &include;
    }
    Ok(written)
}

/// The models in use, each with the groups that use it.
fn users<'a>(
    operations: &[&'a Operation],
    models: &'a Models,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for operation in operations {
        let types = used_types(operation);
        for name in models.reach(types.into_iter().filter_map(Type::names)) {
            users.entry(name).or_default().insert(&operation.group);
        }
    }
    users
}

/// The file of a model: that of its group, or of its letter where several groups use it.
fn page_of(name: &str, groups: &BTreeSet<&str>) -> String {
    match groups.iter().collect::<Vec<_>>()[..] {
        [group] => format!("models/{group}.rs"),
        _ => format!("models/shared_{}.rs", name[..1].to_lowercase()),
    }
}

/// The models that are the whole body of requests and part of nothing else.
fn only_bodies<'a>(operations: &[&'a Operation], models: &'a Models) -> BTreeSet<&'a str> {
    let bodies = operations.iter().filter_map(|operation| sent_type(operation));
    let mut only: BTreeSet<&str> = bodies.filter_map(schema::named).collect();
    for part in models.by_name.values().flat_map(schema::Model::uses) {
        only.remove(part);
    }
    only
}

fn sent_type(operation: &Operation) -> Option<&Type> {
    match &operation.body {
        Some(Body::Typed { ty, .. }) => Some(ty),
        _ => None,
    }
}

fn used_types(operation: &Operation) -> Vec<&Type> {
    let received = match &operation.response {
        Response::Page(ty) | Response::List(ty) | Response::Json(ty) | Response::Optional(ty) => {
            Some(ty)
        }
        Response::Empty | Response::Text | Response::Browser => None,
    };
    let parameters = operation.parameters.iter().map(|parameter| &parameter.ty);
    parameters.chain(sent_type(operation)).chain(received).collect()
}

fn write_groups(
    groups: &[&str],
    operations: &[&Operation],
    models: &Models,
    docs: &Docs,
) -> Result<Pages> {
    let writer = groups::Writer { models, docs, laid_out: LaidOut::default() };
    let mut written = Pages { index: format(&writer.accessors(groups))?, ..Pages::default() };
    for group in groups {
        let members: Vec<_> = operations.iter().copied().filter(|o| o.group == *group).collect();
        let code = writer.laid_out.restore(&format(&writer.module(group, &members)?)?);
        let include = written.add(format!("groups/{group}.rs"), code);
        written.index += &writer.declaration(group, &include);
    }
    Ok(written)
}

/// The names of the groups that a Cargo feature enables.
///
/// A feature is named like its group, with dashes; `account` also enables
/// `verifications`, since its operations need them.
pub fn feature(group: &str) -> String {
    match group {
        "verifications" => "account".into(),
        other => other.replace('_', "-"),
    }
}

fn format(code: &str) -> Result<String> {
    let file =
        syn::parse_file(code).map_err(|error| Error::new("generated code", error.to_string()))?;
    Ok(prettyplease::unparse(&file))
}
