//! JSON that a union does not know.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// JSON of a form that this version of the crate does not know, kept whole.
///
/// It is sent as it came. `Debug` does not show it, since nobody knows what it holds.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct UnknownValue(pub Value);

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl From<Value> for UnknownValue {
    fn from(value: Value) -> Self {
        Self(value)
    }
}
