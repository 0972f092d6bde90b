//! `openapi/methods.toml`: the Rust method of every operation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{Operation, operations};
use super::error::Result;
use super::files::read_if_there;
use super::method::Method;
use super::proposals::{Proposal, propose};

const HEADER: &str = "\
# The Rust method of every operation: its group, its name there, and the required members of its
# body in the order in which the method takes them. Where `proposed` stands, no one has decided yet:
# change what you like, then vendor again; what is settled stays whatever comes.

";

/// The methods on file, by operationId.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Methods(BTreeMap<String, Method>);

impl Methods {
    /// Reads the file; none is an empty one.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is broken.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_if_there(path)?.unwrap_or_default();
        Ok(Self::parse(&text).with_context(|| format!("{} is broken", path.display()))?)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// When it is not TOML, or holds something other than methods.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text).context("not a list of methods")?)
    }

    /// The file's text.
    ///
    /// # Errors
    ///
    /// When a method cannot be written as TOML.
    pub fn print(&self) -> Result<String> {
        Ok(HEADER.to_owned() + &toml::to_string(self).context("methods cannot be written")?)
    }

    /// The method of an operation.
    pub(crate) fn get(&self, operation: &str) -> Option<&Method> {
        self.0.get(operation)
    }

    /// The ids of the operations on file.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// The methods as they go on file, and those that are new there.
    ///
    /// What is proposed does not depend on earlier proposals.
    pub(crate) fn complete(
        &self,
        document: &Value,
        required: &Required,
        notes: &mut Vec<String>,
    ) -> (Self, Vec<Proposal>) {
        let mut complete = Self::default();
        let operations = operations(document);
        let listed = operations.iter().map(|operation| (tag(operation), operation.id));
        let proposed = propose(listed, |id| self.0.get(id).filter(|one| one.is_settled()).cloned());
        let mut proposals = Vec::new();
        for operation in &operations {
            let last = self.0.get(operation.id);
            let Some(method) = proposed.get(operation.id) else {
                complete.0.extend(last.map(|method| (operation.id.to_owned(), method.settled())));
                continue;
            };
            let required = required.get(operation.id).map(Vec::as_slice).unwrap_or_default();
            let method = method.proposed(last.unwrap_or(method).arguments(required));
            if last.is_none() {
                proposals.push(Proposal::of(operation, &method));
            }
            complete.0.insert(operation.id.to_owned(), method);
        }
        complete.keep_unused(self, notes);
        (complete, proposals)
    }

    /// What is settled of operations that no document has any more, or none has yet.
    fn keep_unused(&mut self, file: &Self, notes: &mut Vec<String>) {
        let mut unused = Vec::new();
        for (id, method) in file.0.iter().filter(|(_, method)| method.is_settled()) {
            if !self.0.contains_key(id) {
                self.0.insert(id.clone(), method.settled());
                unused.push(id.as_str());
            }
        }
        if !unused.is_empty() {
            notes.push(format!(
                "unused in methods.toml, {} in all: {}",
                unused.len(),
                unused.join(", ")
            ));
        }
    }

    /// Settles all that is proposed.
    pub fn settle(&mut self) {
        self.0.values_mut().for_each(Method::settle);
    }
}

fn tag<'a>(operation: &Operation<'a>) -> &'a str {
    operation.value["tags"][0].as_str().unwrap_or("other")
}

/// The required members of each operation's JSON or form body, in the document's order.
pub(crate) type Required = BTreeMap<String, Vec<String>>;

/// Collects them, before hoisting sorts them.
pub(crate) fn required(document: &Value) -> Required {
    operations(document)
        .into_iter()
        .filter_map(|operation| {
            let content = operation.value["requestBody"]["content"].as_object()?;
            let (_, media) = content.iter().find(|(kind, _)| *kind != "multipart/form-data")?;
            let schema = &media["schema"];
            let names = schema.get("required")?.as_array()?;
            let names = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            schema.get("properties")?;
            Some((operation.id.to_owned(), names))
        })
        .collect()
}
