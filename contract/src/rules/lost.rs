//! Schemas whose type upstream's document lost: what its validators refine is written as a bare
//! object, with these words for a description.

use anyhow::Result;
use serde_json::Value;

use crate::walk::{Place, Schema};

/// Marks a schema that the document says nothing true of.
pub(crate) const MARK: &str = "x-logto-lost";

/// How the document describes it.
const WORDS: &str = "Validator function";

/// Marks such a schema, before what is for readers is dropped; tells whether it is one.
pub(crate) fn mark(schema: &mut Schema) -> bool {
    if schema.get("description").is_some_and(|text| text == WORDS) && is_bare(schema) {
        schema.entry(MARK).or_insert(Value::Bool(true));
    }
    schema.contains_key(MARK)
}

/// The same as a rule.
pub(crate) fn marked(schema: &mut Schema, _: &Place) -> Result<()> {
    mark(schema);
    Ok(())
}

/// What is marked, and what no other rule and no correction knew, may be anything.
pub(super) fn types(schema: &mut Schema, _: &Place) -> Result<()> {
    match schema.get(MARK) {
        Some(Value::Bool(true)) if is_bare(schema) => schema.retain(|key, _| key == MARK),
        Some(_) if schema.len() > 1 => {
            schema.remove(MARK);
        }
        _ => {}
    }
    Ok(())
}

/// An object of which nothing else is said; a correction that means just that unmarks it.
fn is_bare(schema: &Schema) -> bool {
    schema.get("type").is_some_and(|kind| kind == "object")
        && !schema.contains_key("properties")
        && !schema.get("additionalProperties").is_some_and(Value::is_object)
}
