//! Unions: what is one type after all, and how the others are told apart.

mod merge;
mod tag;

use anyhow::Result;
use serde_json::{Value, json};

use crate::canonical;
use crate::refused::refuse;
use crate::walk::{Place, Schema};

pub(crate) use merge::own_requirement;
pub(crate) use tag::{literals, tag};

/// Reduces the alternatives of a union to those that differ.
pub(crate) fn merged(schema: &mut Schema, place: &Place) -> Result<()> {
    let Some(alternatives) = schema.remove("oneOf") else {
        return Ok(());
    };
    let Value::Array(alternatives) = alternatives else {
        return Err(refuse(&place.pointer, "oneOf must be a list"));
    };
    let mut nullable = schema.get("nullable") == Some(&Value::Bool(true));
    let mut kept: Vec<Schema> = Vec::new();
    for alternative in flattened(alternatives) {
        let Value::Object(mut alternative) = alternative else {
            continue;
        };
        nullable |= alternative.remove("nullable").is_some();
        kept.push(alternative);
    }
    let kept = reduced(kept);
    schema.remove("nullable");
    match kept.len() {
        0 => return Err(refuse(&place.pointer, "a union without alternatives")),
        1 => schema.extend(kept.into_iter().flatten()),
        _ => {
            refuse_unclear(&kept, place)?;
            let kept = kept.into_iter().map(Value::Object).collect();
            schema.insert("oneOf".into(), kept);
        }
    }
    if nullable && !schema.is_empty() {
        schema.insert("nullable".into(), true.into());
    }
    Ok(())
}

/// A union in a union is one union.
fn flattened(alternatives: Vec<Value>) -> Vec<Value> {
    let mut flat = Vec::new();
    for mut alternative in alternatives {
        let nullable = alternative.get("nullable").is_some();
        match alternative.get_mut("oneOf").map(Value::take) {
            Some(Value::Array(inner)) => flat.extend(inner.into_iter().map(|mut one| {
                if nullable {
                    one["nullable"] = json!(true);
                }
                one
            })),
            _ => flat.push(alternative),
        }
    }
    flat
}

fn reduced(alternatives: Vec<Schema>) -> Vec<Schema> {
    let mut kept = merge::without_copies(alternatives);
    if merge::says_anything(&kept) {
        return vec![Schema::new()];
    }
    kept = merge::texts(kept);
    kept = merge::indistinct_objects(kept);
    kept.sort_by_cached_key(order);
    kept
}

/// The most specific first, and one order whatever the document's.
fn order(schema: &Schema) -> (u8, String) {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let rank = match kind {
        "boolean" => 0,
        "integer" => 1,
        "number" => 2,
        "array" => 3,
        "object" => 4,
        _ => 5,
    };
    (rank, canonical::shape(&Value::Object(schema.clone())))
}

/// Two lists, or two of anything else that a reader cannot tell apart, are beyond the contract.
fn refuse_unclear(alternatives: &[Schema], place: &Place) -> Result<()> {
    let kinds = |kind: &str| {
        alternatives.iter().filter(|one| one.get("type").is_some_and(|t| t == kind)).count()
    };
    for kind in ["array", "boolean", "integer", "number", "string"] {
        if kinds(kind) > 1 {
            let why = format!("a union of several {kind} types: they cannot be told apart");
            return Err(refuse(&place.pointer, why));
        }
    }
    Ok(())
}
