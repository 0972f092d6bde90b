//! Unions over the releases: which alternative of one is which of another.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::schema::{Variant, kind, members, merged as schema};
use super::span::NULLABLE;
use crate::rules::{literals_of, own_requirement, tag_of};
use crate::walk::Schema;

/// The alternatives of all, the newest first; one that is the same in several releases is one.
pub(super) fn merged(variants: &[Variant<'_>]) -> Schema {
    let mut groups: Vec<Vec<(usize, Schema)>> = Vec::new();
    for one in variants {
        for alternative in alternatives(one.schema) {
            for part in parts(alternative, &groups) {
                match groups.iter_mut().find(|group| belongs(group, &part)) {
                    Some(group) => group.push((one.release, part)),
                    None => groups.push(vec![(one.release, part)]),
                }
            }
        }
    }
    let mut merged: Vec<Schema> = groups.iter().map(|group| together(group)).collect();
    match merged.len() {
        1 => merged.pop().unwrap_or_default(),
        _ => {
            merged.sort_by_key(rank);
            // The union as a whole says whether null may come.
            merged.iter_mut().for_each(|one| {
                one.remove("nullable");
                one.remove(NULLABLE);
            });
            let merged: Vec<Value> = merged.into_iter().map(Value::Object).collect();
            Schema::from_iter([("oneOf".to_owned(), merged.into())])
        }
    }
}

fn together(group: &[(usize, Schema)]) -> Schema {
    let variants: Vec<Variant<'_>> =
        group.iter().map(|(release, schema)| Variant { release: *release, schema }).collect();
    schema(&variants)
}

/// An alternative; where its literals are those of several that there are, a part for each.
fn parts(alternative: &Schema, groups: &[Vec<(usize, Schema)>]) -> Vec<Schema> {
    let known: Vec<Schema> =
        groups.iter().filter_map(|group| Some(group.first()?.1.clone())).collect();
    let Some(tag) = tag_of(&known) else {
        return vec![alternative.clone()];
    };
    let mut rest: BTreeSet<String> = literals_of(alternative, &tag).into_iter().collect();
    let mut parts = Vec::new();
    for schema in &known {
        let theirs: BTreeSet<String> = literals_of(schema, &tag).into_iter().collect();
        let both: BTreeSet<String> = rest.intersection(&theirs).cloned().collect();
        if !both.is_empty() {
            rest.retain(|literal| !both.contains(literal));
            parts.push(narrowed(alternative, &tag, &both));
        }
    }
    if parts.is_empty() {
        return vec![alternative.clone()];
    }
    if !rest.is_empty() {
        parts.push(narrowed(alternative, &tag, &rest));
    }
    parts
}

/// The alternative for these literals alone.
fn narrowed(alternative: &Schema, tag: &str, literals: &BTreeSet<String>) -> Schema {
    let mut part = alternative.clone();
    let member = part.get_mut("properties").and_then(|properties| properties.get_mut(tag));
    if let Some(Value::Array(values)) = member.and_then(|member| member.get_mut("enum")) {
        values.retain(|value| {
            literals.contains(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
    }
    part
}

fn alternatives(schema: &Schema) -> Vec<&Schema> {
    match schema.get("oneOf").and_then(Value::as_array) {
        Some(alternatives) => alternatives.iter().filter_map(Value::as_object).collect(),
        None => vec![schema],
    }
}

/// A reader tries the most specific first.
fn rank(schema: &Schema) -> u8 {
    match kind(schema) {
        "boolean" => 0,
        "integer" => 1,
        "number" => 2,
        "array" => 3,
        "object" | "map" => 4,
        _ => 5,
    }
}

fn belongs(group: &[(usize, Schema)], alternative: &Schema) -> bool {
    group.first().is_some_and(|(_, first)| same(first, alternative))
}

/// Whether these are one alternative: no reader could tell them apart, or both say that they are.
fn same(one: &Schema, other: &Schema) -> bool {
    match (kind(one), kind(other)) {
        ("object", "object") => same_object(one, other),
        ("object" | "map", "object" | "map") => true,
        (one, other) => one == other,
    }
}

fn same_object(one: &Schema, other: &Schema) -> bool {
    let literals = |schema: &Schema, name: &str| -> BTreeSet<String> {
        literals_of(schema, name).into_iter().collect()
    };
    let names = members(one).into_iter().flatten().map(|(name, _)| name.as_str());
    let mut told_alike = false;
    for name in names {
        let (ours, theirs) = (literals(one, name), literals(other, name));
        if ours.is_empty() || theirs.is_empty() {
            continue;
        }
        if ours.is_disjoint(&theirs) {
            return false;
        }
        told_alike |= json!(ours) == json!(theirs) || name == "type";
    }
    let told_apart =
        own_requirement(one, &[other]).is_some() && own_requirement(other, &[one]).is_some();
    told_alike || !told_apart
}
