//! JSON objects as callers have them at hand.

use std::fmt;

use serde_json::{Map, Value};

use super::{IntoText, IntoValue, kind};

/// A JSON object to send: `json!({…})`, a map, or pairs of a name and a value.
///
/// ```
/// use logto_api::setters::IntoObject;
/// use serde_json::json;
///
/// fn object<Kind>(value: impl IntoObject<Kind>) -> Option<serde_json::Map<String, serde_json::Value>> {
///     value.into_object().ok()
/// }
///
/// assert_eq!(object(json!({ "plan": "pro" })), object([("plan", "pro")]));
/// assert_eq!(object(json!("pro")), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a JSON object",
    label = "expected `json!({{…}})`, a map, or pairs of a name and a value",
    note = "for an `Option`, call the setter that begins with `maybe_`: `None` changes nothing",
    note = "see `logto_api::setters` for what setters take"
)]
pub trait IntoObject<Kind> {
    /// The object.
    ///
    /// # Errors
    ///
    /// When it is JSON, but no object. In a request, that is an error of `send`.
    fn into_object(self) -> Result<Map<String, Value>, NotAnObject>;
}

impl IntoObject<kind::Json> for Value {
    fn into_object(self) -> Result<Map<String, Value>, NotAnObject> {
        match self {
            Value::Object(object) => Ok(object),
            other => Err(NotAnObject { found: name_of(&other) }),
        }
    }
}

impl IntoObject<kind::Json> for &Value {
    fn into_object(self) -> Result<Map<String, Value>, NotAnObject> {
        self.clone().into_object()
    }
}

impl IntoObject<kind::Json> for &Map<String, Value> {
    fn into_object(self) -> Result<Map<String, Value>, NotAnObject> {
        Ok(self.clone())
    }
}

#[diagnostic::do_not_recommend]
impl<K: IntoText, V: IntoValue<Value>, P: IntoIterator<Item = (K, V)>> IntoObject<kind::List>
    for P
{
    fn into_object(self) -> Result<Map<String, Value>, NotAnObject> {
        Ok(self.into_iter().map(|(name, value)| (name.into_text(), value.into_value())).collect())
    }
}

/// JSON that is no object, where only an object will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnObject {
    found: &'static str,
}

impl fmt::Display for NotAnObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a JSON object, found {}", self.found)
    }
}

impl std::error::Error for NotAnObject {}

/// What it is, without what is in it.
fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
