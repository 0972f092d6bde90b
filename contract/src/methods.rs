//! `openapi/methods.toml`: the Rust method of every operation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{Operation, operations};
use super::error::Result;
use super::files::read_if_there;
use super::proposals::{Proposal, propose};

const HEADER: &str = "\
# The Rust method of every operation: its group, its name there, and the required members of its
# body in the order in which the method takes them. Change here, then vendor again.

";

/// The methods on file, by operationId.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Methods(BTreeMap<String, Method>);

/// One operation as a Rust user calls it.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Method {
    pub(crate) group: String,
    pub(crate) method: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) arguments: Vec<String>,
}

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

    /// Follows the document where it changed, and proposes a method for each new operation.
    pub(crate) fn complete(&mut self, document: &Value, required: &Required) -> Vec<Proposal> {
        let file = std::mem::take(&mut self.0);
        let operations = operations(document);
        let listed = operations.iter().map(|operation| (tag(operation), operation.id));
        let proposed = propose(listed, |id| file.get(id).cloned());
        let new: Vec<_> =
            operations.iter().filter(|operation| proposed.contains_key(operation.id)).collect();
        let known = operations.iter().filter_map(|operation| {
            Some((operation.id.to_owned(), file.get(operation.id)?.clone()))
        });
        self.0.extend(known);
        self.0.extend(proposed);
        for (id, method) in &mut self.0 {
            method.follow(required.get(id).map(Vec::as_slice).unwrap_or_default());
        }
        new.into_iter().filter_map(|new| Some(Proposal::of(new, self.0.get(new.id)?))).collect()
    }
}

fn tag<'a>(operation: &Operation<'a>) -> &'a str {
    operation.value["tags"][0].as_str().unwrap_or("other")
}

impl Method {
    /// Arguments are the required members: known ones in their order, then new ones.
    fn follow(&mut self, required: &[String]) {
        self.arguments.retain(|argument| required.contains(argument));
        for name in required {
            if !self.arguments.contains(name) {
                self.arguments.push(name.clone());
            }
        }
    }
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
