//! `cargo xtask docs`: the overlay `docs.yaml`, compiled to what `build.rs` reads.
//!
//! Documentation is kept as an overlay, apart from the facts of the contract.
//! Finding its targets takes YAML and JSONPath, which no user should compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use logto_api_codegen::{Docs, OperationDocs, SchemaDocs};
use logto_api_contract::Overlay;
use serde_json::{Map, Value};

/// Compiles `docs.yaml` of the folder, against the contract beside it.
pub(crate) fn run(folder: &Path) -> Result<()> {
    let mut contract: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("logto.json"))?)?;
    Overlay::read(&folder.join("docs.yaml"))?.apply(&mut contract)?;
    let docs = Docs {
        groups: texts(&contract["x-logto-groups"]),
        operations: operations(&contract)?,
        schemas: schemas(&contract),
    };
    for note in gaps(&contract, &docs) {
        println!("{note}");
    }
    let text = serde_json::to_string_pretty(&docs)? + "\n";
    fs::write(folder.join("docs.json"), text)?;
    Ok(())
}

fn operations(contract: &Value) -> Result<BTreeMap<String, OperationDocs>> {
    let mut docs = BTreeMap::new();
    for operation in members(&contract["paths"]).flat_map(|(_, path)| members(path)).map(|(_, o)| o)
    {
        let Some(id) = operation["operationId"].as_str() else { continue };
        let Some(summary) = text(operation, "summary") else {
            bail!("openapi/docs.yaml has no summary for {id}");
        };
        let documented = OperationDocs {
            summary,
            description: text(operation, "description"),
            parameters: texts(&operation["x-logto-parameters"]),
        };
        let known: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        if let Some(name) = documented.parameters.keys().find(|name| !known.contains(name.as_str()))
        {
            bail!("openapi/docs.yaml documents {id}'s parameter {name}, which it does not have");
        }
        docs.insert(id.to_owned(), documented);
    }
    Ok(docs)
}

fn schemas(contract: &Value) -> BTreeMap<String, SchemaDocs> {
    let mut docs = BTreeMap::new();
    for (name, schema) in members(&contract["components"]["schemas"]) {
        let described = members(&schema["properties"])
            .filter_map(|(member, schema)| Some((member.clone(), text(schema, "description")?)));
        let documented =
            SchemaDocs { description: text(schema, "description"), members: described.collect() };
        if documented.description.is_some() || !documented.members.is_empty() {
            docs.insert(name.clone(), documented);
        }
    }
    docs
}

/// What nobody has documented yet.
fn gaps(contract: &Value, docs: &Docs) -> Vec<String> {
    let schemas = members(&contract["components"]["schemas"]);
    let bare = schemas.filter(|(name, _)| {
        docs.schemas.get(*name).is_none_or(|schema| schema.description.is_none())
    });
    let groups: BTreeSet<&str> = members(&contract["paths"])
        .flat_map(|(_, path)| members(path))
        .filter_map(|(_, operation)| operation["tags"][0].as_str())
        .collect();
    let mut notes = vec![format!("{} models have no description in docs.yaml", bare.count())];
    let bare_groups = groups.into_iter().filter(|group| !docs.groups.contains_key(*group));
    notes.extend(bare_groups.map(|group| format!("group {group} has no description in docs.yaml")));
    notes
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value, name: &str) -> Option<String> {
    let text = value[name].as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn texts(value: &Value) -> BTreeMap<String, String> {
    members(value)
        .filter_map(|(name, text)| Some((name.clone(), text.as_str()?.trim().to_owned())))
        .collect()
}
