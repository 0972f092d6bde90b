//! What the documentation says, compiled from `openapi/docs.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::Parameter;
use crate::error::{Error, Result};
use crate::naming;
use crate::schema::Member;

/// Documentation in the crate's own words, by what it documents.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Docs {
    /// A paragraph a group.
    pub groups: BTreeMap<String, String>,
    /// By `operationId`.
    pub operations: BTreeMap<String, OperationDocs>,
    /// By model name.
    pub schemas: BTreeMap<String, SchemaDocs>,
}

/// Documentation of an operation.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationDocs {
    /// One line.
    pub summary: String,
    /// What the line does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By parameter name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// Documentation of a model.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SchemaDocs {
    /// What the model is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By member name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, String>,
}

impl Docs {
    /// Reads compiled documentation.
    ///
    /// # Errors
    ///
    /// When it is not in the form that [`Docs`] serialises to.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::new("docs", error.to_string()))
    }

    pub(crate) fn member(&self, schema: &str, member: &Member) -> String {
        let written = self.schemas.get(schema).and_then(|docs| docs.members.get(&member.wire));
        let text = written.cloned().unwrap_or_else(|| format!("{}.", naming::words(&member.wire)));
        member.lifetime.note(&text)
    }

    pub(crate) fn parameter(&self, operation: &str, parameter: &Parameter) -> String {
        let name = parameter.name.as_str();
        let written = self.operations.get(operation).and_then(|docs| docs.parameters.get(name));
        let text = match (written, name) {
            (Some(text), _) => text.clone(),
            (None, "page") => "The page to return, counted from 1.".into(),
            (None, "page_size") => "How many items a page holds; the server's default is 20.".into(),
            (None, "search_params") => {
                "What to search for: a pattern such as `%@acme.com`, or a [`Search`](crate::Search)."
                    .into()
            }
            (None, "logto-verification-id") => {
                "What proves that it is still the user who is calling.".into()
            }
            (None, name) => format!("{}.", naming::words(name)),
        };
        parameter.lifetime.note(&text)
    }
}

/// Writes `text` as a documentation comment.
pub(crate) fn comment(text: &str) -> String {
    text.trim().lines().map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect()
}
