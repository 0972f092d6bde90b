//! What the documentation says, compiled from `openapi/docs.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::Parameter;
use crate::error::{Error, Result};
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
    /// By value of an enum.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
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
        member.lifetime.note(written.map_or("", String::as_str))
    }

    /// Of an enum's value.
    pub(crate) fn value(&self, schema: &str, value: &str) -> &str {
        let written = self.schemas.get(schema).and_then(|docs| docs.values.get(value));
        written.map_or("", String::as_str)
    }

    pub(crate) fn parameter(&self, operation: &str, parameter: &Parameter) -> String {
        let name = parameter.name.as_str();
        let written = self.operations.get(operation).and_then(|docs| docs.parameters.get(name));
        let text = match (written, name) {
            (Some(text), _) => text.clone(),
            (None, "page") => "The page to return, counted from 1.".into(),
            (None, "page_size") => "The number of items per page; the server's default is 20.".into(),
            (None, "search_params") => {
                "What to search for: a pattern such as `%@acme.com`, or a [`Search`](crate::Search)."
                    .into()
            }
            (None, "logto-verification-id") => {
                "The verification record that proves the user's identity.".into()
            }
            (None, _) => String::new(),
        };
        parameter.lifetime.note(&text)
    }
}

/// Writes `text` as a documentation comment.
pub(crate) fn comment(text: &str) -> String {
    text.trim().lines().map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect()
}
