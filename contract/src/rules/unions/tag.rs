//! The member whose value tells alternatives apart.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::walk::Schema;

/// The member that has its own literal (or literals) in every alternative, `type` before others.
///
/// One alternative may leave it out: then its absence tells, too.
pub(crate) fn tag(alternatives: &[Schema]) -> Option<String> {
    if alternatives.len() < 2 {
        return None;
    }
    let first = alternatives.first()?.get("properties")?.as_object()?;
    let mut names: Vec<&String> = first.keys().collect();
    names.sort_by_key(|name| (name.as_str() != "type", name.as_str()));
    names.into_iter().find(|name| tells_apart(name, alternatives)).cloned()
}

fn tells_apart(name: &str, alternatives: &[Schema]) -> bool {
    let mut seen = BTreeSet::new();
    let mut optional = 0;
    alternatives.iter().all(|alternative| {
        optional += usize::from(!requires(alternative, name));
        let values = literals(alternative, name);
        !values.is_empty() && optional <= 1 && values.into_iter().all(|value| seen.insert(value))
    })
}

fn requires(schema: &Schema, name: &str) -> bool {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().any(|required| required == name)
}

/// The values that a member can have, as a discriminator's mapping writes them.
pub(crate) fn literals(schema: &Schema, member: &str) -> Vec<String> {
    let values = schema
        .get("properties")
        .and_then(|properties| properties.get(member))
        .and_then(|schema| schema.get("enum"))
        .and_then(Value::as_array);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.into_iter().flatten().map(text).collect()
}
