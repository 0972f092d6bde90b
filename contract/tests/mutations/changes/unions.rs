//! Changes of the alternatives of unions.

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Value, json};

use super::{Expected, in_schema, worse};
use crate::sites::{Rng, Site, draw, node};
use Class::{Additive, Breaking, Internal};

pub(super) fn union(document: &Value, rng: &mut Rng, least: usize) -> Option<Site> {
    draw(document, rng, |_, schema| {
        schema.get("oneOf").and_then(Value::as_array).is_some_and(|list| list.len() >= least)
    })
}

pub(super) fn alternative_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = union(document, rng, 2)?;
    let alternatives = node(document, &site.at)["oneOf"].as_array_mut()?;
    let new = json!({ "type": "object", "required": ["type", "brandNew"], "properties": {
        "type": { "type": "string", "enum": ["BrandNew"] }, "brandNew": { "type": "string" }
    } });
    let index = rng.below(alternatives.len() + 1);
    alternatives.insert(index, new);
    in_schema(Kind::AlternativeAdded, format!("{}/oneOf/{index}", site.at), Additive)
}

pub(super) fn alternative_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = union(document, rng, 3)?;
    let schema = node(document, &site.at);
    let alternatives = schema["oneOf"].as_array_mut()?;
    let index = rng.below(alternatives.len());
    let gone = alternatives.remove(index);
    // The same once more is no alternative that is gone.
    if alternatives.contains(&gone) || gone == json!({}) {
        return None;
    }
    if let Some(mapping) = schema.get_mut("discriminator").map(|one| &mut one["mapping"]) {
        mapping.as_object_mut()?.retain(|_, target| Some(&*target) != gone.get("$ref"));
    }
    in_schema(Kind::AlternativeRemoved, &site.at, worse(site.ways, Breaking, Internal))
}
