//! What is kept of an operation.

use serde_json::{Map, Value, json};

use super::retries;
use crate::document::{METHODS, all_mut};

const KEPT: [&str; 8] = [
    "deprecated",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "security",
    "tags",
    retries::MARK,
];

/// Drops prose and everything else that is not about the wire.
pub(crate) fn kept(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(|paths| paths.values_mut());
    for item in items.filter_map(Value::as_object_mut) {
        item.retain(|key, _| METHODS.contains(&key.as_str()));
    }
    all_mut(document).filter_map(|(_, _, value)| value.as_object_mut()).for_each(operation);
}

fn operation(operation: &mut Map<String, Value>) {
    operation.retain(|key, _| KEPT.contains(&key.as_str()));
    let is_public = operation.get("security").is_some_and(is_nothing);
    if is_public {
        operation.insert("security".into(), json!([]));
    } else {
        operation.remove("security");
    }
    if operation.get("deprecated") != Some(&Value::Bool(true)) {
        operation.remove("deprecated");
    }
}

fn is_nothing(security: &Value) -> bool {
    security.as_array().is_some_and(Vec::is_empty)
}
