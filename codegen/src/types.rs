//! From a schema to a Rust type.

use serde_json::Value;

use crate::error::{Error, Result};

/// The Rust type of a member, parameter or body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `i64`
    Integer,
    /// `f64`
    Double,
    /// `String`
    Text,
    /// Milliseconds since the Unix epoch.
    Timestamp,
    /// What proves again who the user is.
    VerificationRecord,
    /// Any JSON value.
    Json,
    /// A JSON object without declared members.
    FreeForm,
    /// An object whose members all have one type.
    Map(Box<Type>),
    /// An array.
    List(Box<Type>),
    /// A value or null.
    Nullable(Box<Type>),
    /// A named schema.
    Named(String),
}

impl Type {
    /// The type that a schema of the contract describes.
    ///
    /// # Errors
    ///
    /// When the schema is not in the form that vendoring writes.
    pub fn of(schema: &Value) -> Result<Self> {
        let ty = Self::present(schema)?;
        Ok(match schema["nullable"].as_bool() {
            Some(true) => Self::Nullable(Box::new(ty)),
            _ => ty,
        })
    }

    fn present(schema: &Value) -> Result<Self> {
        if let Some(name) = reference(schema) {
            return Ok(Self::Named(name.to_owned()));
        }
        let Some(kind) = schema["type"].as_str() else {
            return Ok(Self::Json);
        };
        Ok(match (kind, schema["format"].as_str()) {
            ("boolean", _) => Self::Bool,
            ("integer", Some("timestamp-ms")) => Self::Timestamp,
            ("integer", _) => Self::Integer,
            ("number", _) => Self::Double,
            ("string", Some("verification-record")) => Self::VerificationRecord,
            ("string", _) => Self::Text,
            ("array", _) => Self::List(Box::new(Self::of(&schema["items"])?)),
            ("object", _) => match &schema["additionalProperties"] {
                Value::Object(values) if !values.is_empty() => {
                    Self::Map(Box::new(Self::of(&schema["additionalProperties"])?))
                }
                _ => Self::FreeForm,
            },
            (other, _) => return Err(Error::new("schema", format!("unsupported type {other}"))),
        })
    }

    /// How the type is written in the generated modules.
    pub fn rust(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Integer => "i64".into(),
            Self::Double => "f64".into(),
            Self::Text => "String".into(),
            Self::Timestamp => "crate::Timestamp".into(),
            Self::VerificationRecord => "crate::VerificationRecordId".into(),
            Self::Json => "serde_json::Value".into(),
            Self::FreeForm => "serde_json::Map<String, serde_json::Value>".into(),
            Self::Map(value) => format!("std::collections::BTreeMap<String, {}>", value.rust()),
            Self::List(item) => format!("Vec<{}>", item.rust()),
            Self::Nullable(inner) => format!("Option<{}>", inner.rust()),
            Self::Named(name) if name == SEARCH => "crate::Search".into(),
            Self::Named(name) => format!("crate::models::{name}"),
        }
    }

    /// Whether it has no declared form, so that it may hold anything.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Json | Self::FreeForm => true,
            Self::Map(value) => value.names().is_none(),
            Self::List(inner) | Self::Nullable(inner) => inner.is_open(),
            _ => false,
        }
    }

    /// The named schemas in it.
    pub fn names(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Map(inner) | Self::List(inner) | Self::Nullable(inner) => inner.names(),
            _ => None,
        }
    }
}

/// The schema of the search parameters, which the crate writes by hand.
pub(crate) const SEARCH: &str = "Search";

/// The name that a schema refers to, also through the `allOf` that a nullable
/// reference needs in OpenAPI 3.0.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    let target = match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) => &only["$ref"],
        _ => &schema["$ref"],
    };
    target.as_str()?.strip_prefix("#/components/schemas/")
}
