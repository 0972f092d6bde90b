//! Entities by their members.

use serde_json::{Map, Value};

/// An entity's members, in the API's own names.
pub(crate) type Members = Map<String, Value>;

pub(crate) fn text<'a>(entity: &'a Members, member: &str) -> Option<&'a str> {
    entity.get(member)?.as_str()
}

pub(crate) fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

pub(crate) fn strings(members: &Members, name: &str) -> Vec<String> {
    let items = members.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| Some(item.as_str()?.to_owned())).collect()
}
