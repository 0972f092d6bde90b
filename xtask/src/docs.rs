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
use serde_json::{Map, Value, json};

use crate::source;

mod names;

use names::{Names, restates};

/// Parameters that the generator documents by rule.
const KNOWN: [&str; 4] = ["logto-verification-id", "page", "page_size", "search_params"];

/// Compiles `docs.yaml` of the folder, against the contract beside it.
pub(crate) fn run(folder: &Path, list_gaps: bool) -> Result<()> {
    let contract: Value = serde_json::from_str(&fs::read_to_string(folder.join("logto.json"))?)?;
    let documented = Documented::read(&contract, folder)?;
    if list_gaps {
        documented.gaps.lines().iter().for_each(|line| println!("{line}"));
    }
    documented.refuse()?;
    println!("{} parts have no text in docs.yaml (--gaps lists them)", documented.gaps.len());
    let text = serde_json::to_string_pretty(&documented.docs)? + "\n";
    source::write(&folder.join("docs.json"), &text)
}

/// What `docs.yaml` says about a contract, and what it does not.
#[derive(Default)]
pub(crate) struct Documented {
    docs: Docs,
    /// What has no text.
    pub(crate) gaps: Gaps,
    /// What is documented, but not in the contract.
    pub(crate) stale: Vec<String>,
    /// Texts that name what does not exist, or say no more than a name.
    faults: Vec<String>,
    names: Names,
}

impl Documented {
    /// Applies the folder's `docs.yaml` to a contract.
    pub(crate) fn read(contract: &Value, folder: &Path) -> Result<Self> {
        let mut contract = contract.clone();
        let overlay = Overlay::read(&folder.join("docs.yaml"))?;
        let mut documented = Self { stale: overlay.apply_found(&mut contract)?, ..Self::default() };
        documented.names = Names::of(&contract);
        documented.groups(&contract);
        for (path, verbs) in members(&contract["paths"]) {
            for (verb, operation) in members(verbs) {
                let target = format!("$.paths['{path}'].{verb}");
                documented.operation(&target, operation);
            }
        }
        for (name, schema) in members(&contract["components"]["schemas"]) {
            documented.schema(name, schema);
        }
        Ok(documented)
    }

    /// What is said of an enum's values.
    pub(crate) fn values_of(&self, schema: &str) -> BTreeMap<String, String> {
        self.docs.schemas.get(schema).map(|docs| docs.values.clone()).unwrap_or_default()
    }

    /// Fails where an operation has no summary, or a text is about nothing.
    fn refuse(&self) -> Result<()> {
        let mut problems: Vec<String> =
            self.stale.iter().map(|target| format!("- {target} is not in the contract")).collect();
        problems.extend(self.faults.iter().cloned());
        let bare = self.gaps.0.iter().filter(|(_, part)| part == SUMMARY);
        problems.extend(bare.map(|(target, _)| format!("- {target} has no summary")));
        if !problems.is_empty() {
            bail!("docs.yaml does not fit the contract:\n{}", problems.join("\n"));
        }
        Ok(())
    }

    fn groups(&mut self, contract: &Value) {
        let operations = members(&contract["paths"]).flat_map(|(_, path)| members(path));
        for (group, text) in texts(&contract["x-logto-groups"]) {
            let text = self.text(&format!("$.x-logto-groups.{group}"), &text, &[]);
            self.docs.groups.insert(group, text);
        }
        let groups: BTreeSet<&str> =
            operations.filter_map(|(_, operation)| operation["tags"][0].as_str()).collect();
        for group in &groups {
            if !self.docs.groups.contains_key(*group) {
                self.gaps.add("$.x-logto-groups", group);
            }
        }
        let gone = self.docs.groups.keys().filter(|group| !groups.contains(group.as_str()));
        self.stale.extend(gone.map(|group| format!("$.x-logto-groups.{group}")));
    }

    fn operation(&mut self, target: &str, operation: &Value) {
        let Some(id) = operation["operationId"].as_str() else { return };
        let about = [&operation["parameters"], &operation["requestBody"]];
        let mut of = |key: &str| {
            let text = text(operation, key)?;
            Some(self.text(&format!("{target}.{key}"), &text, &about))
        };
        let (summary, description) = (of(SUMMARY), of("description"));
        if summary.is_none() {
            self.gaps.add(target, SUMMARY);
        }
        let mut parameters = texts(&operation["x-logto-parameters"]);
        let known = || operation["parameters"].as_array().into_iter().flatten();
        for parameter in known().filter(|parameter| parameter["required"] != true) {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !KNOWN.contains(&name) && !parameters.contains_key(name) {
                self.gaps.add(target, &format!("x-logto-parameters.{name}"));
            }
        }
        for (name, text) in &mut parameters {
            let target = format!("{target}.x-logto-parameters.{name}");
            match known().find(|parameter| parameter["name"] == name.as_str()) {
                Some(parameter) => *text = self.part(&target, name, text, parameter),
                None => self.stale.push(target),
            }
        }
        let summary = summary.unwrap_or_default();
        let documented = OperationDocs { summary, description, parameters };
        self.docs.operations.insert(id.to_owned(), documented);
    }

    fn schema(&mut self, name: &str, schema: &Value) {
        let target = format!("$.components.schemas.{name}");
        let itself = json!({ "$ref": name });
        let description = text(schema, "description");
        let description = description.map(|text| self.text(&target, &text, &[&itself]));
        // The one that advanced search refers to is no model.
        if description.is_none() && name != "Search" {
            self.gaps.add(&target, "description");
        }
        let values = self.values(&target, schema);
        let mut described = BTreeMap::new();
        for (member, schema) in members(&schema["properties"]) {
            match text(schema, "description") {
                Some(text) => {
                    let target = format!("{target}.properties.{member}");
                    described.insert(member.clone(), self.part(&target, member, &text, schema));
                }
                None if is_literal(schema) => {}
                None => self.gaps.add(&target, &format!("properties.{member}")),
            }
        }
        if description.is_some() || !described.is_empty() || !values.is_empty() {
            let documented = SchemaDocs { description, members: described, values };
            self.docs.schemas.insert(name.to_owned(), documented);
        }
    }

    /// What is said of an enum's values.
    fn values(&mut self, target: &str, schema: &Value) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        for (value, marks) in members(&schema["x-logto-values"]) {
            let target = format!("{target}.x-logto-values.{value}");
            let Some(text) = text(marks, "description") else { continue };
            if schema["enum"].as_array().is_some_and(|known| known.contains(&value.as_str().into()))
            {
                values.insert(value.clone(), self.part(&target, value, &text, &Value::Null));
            } else {
                self.stale.push(target);
            }
        }
        values
    }

    /// A text about a field, parameter or value, which says more than its name.
    fn part(&mut self, target: &str, name: &str, text: &str, part: &Value) -> String {
        if restates(text, name) {
            self.faults
                .push(format!("- {target} says no more than the name: delete it, or say more"));
        }
        self.text(target, text, &[part])
    }

    /// A text about these parts of the contract, with names as in Rust.
    fn text(&mut self, target: &str, text: &str, about: &[&Value]) -> String {
        let mut unknown = Vec::new();
        let enums = about.iter().flat_map(|part| self.names.enums_in(part)).collect();
        let text = self.names.in_rust(text, &enums, &mut unknown);
        let fault = |name| {
            format!(
                "- {target} names `{name}`, which does not exist; write a key of JSON as `\"{name}\"`"
            )
        };
        self.faults.extend(unknown.into_iter().map(fault));
        text
    }
}

const SUMMARY: &str = "summary";

/// A member with one value says what it is.
fn is_literal(schema: &Value) -> bool {
    schema["enum"].as_array().is_some_and(|values| values.len() == 1)
}

/// Parts of the contract without a text: target in `docs.yaml`, and what is missing there.
#[derive(Default)]
pub(crate) struct Gaps(BTreeSet<(String, String)>);

impl Gaps {
    fn add(&mut self, target: &str, part: &str) {
        self.0.insert((target.to_owned(), part.to_owned()));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Without those that were there before.
    pub(crate) fn since(mut self, before: &Self) -> Self {
        self.0.retain(|gap| !before.0.contains(gap));
        self
    }

    /// A line for each target, to be ticked off.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut targets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (target, part) in &self.0 {
            targets.entry(target).or_default().push(part);
        }
        let line =
            |(target, parts): (&str, Vec<&str>)| format!("- [ ] {target}: {}", parts.join(", "));
        targets.into_iter().map(line).collect()
    }
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
