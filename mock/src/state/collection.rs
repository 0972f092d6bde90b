//! Entities by their members.

use std::collections::BTreeMap;

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

/// What was created, by number, the newest first and without the first of them. As long as nothing
/// was removed, what is skipped is not looked at.
pub(crate) fn newest_from<T>(
    all: &BTreeMap<u64, T>,
    created: u64,
    skipped: usize,
) -> impl Iterator<Item = &T> {
    let is_whole = u64::try_from(all.len()).is_ok_and(|count| count == created);
    let (last, skipped) = match u64::try_from(skipped) {
        Ok(skipped) if is_whole => (created.saturating_sub(skipped), 0),
        _ => (created, skipped),
    };
    all.range(..=last).rev().map(|(_, one)| one).skip(skipped)
}
