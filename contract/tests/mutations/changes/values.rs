//! Changes of types, null, enums and literals.

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Value, json};

use super::{
    Expected, in_schema,
    schema::{is, is_literal, is_plain, values},
    worse,
};
use crate::sites::{Rng, Site, draw, node};
use Class::{Additive, Breaking, Internal};

pub(super) fn member_type(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.member && is_plain(schema, "string"))?;
    let kind = *rng.pick(&["boolean", "object", "integer"]);
    retype(document, &site, json!({ "type": kind }))
}

pub(super) fn retype(document: &mut Value, site: &Site, schema: Value) -> Option<Expected> {
    let nullable = node(document, &site.at).contains_key("nullable");
    *document.pointer_mut(&site.at)? = schema;
    if nullable {
        document.pointer_mut(&site.at)?["nullable"] = json!(true);
    }
    in_schema(Kind::TypeChanged, &site.at, Breaking)
}

pub(super) fn anything(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.member && is_plain(schema, "string"))?;
    retype(document, &site, json!({}))
}

pub(super) fn array_items(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.at.ends_with("/items") && is_plain(schema, "string")
    })?;
    retype(document, &site, json!({ "type": "boolean" }))
}

pub(super) fn map_values(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.at.ends_with("/additionalProperties") && is_plain(schema, "string")
    })?;
    retype(document, &site, json!({ "type": "boolean" }))
}

pub(super) fn alternative_type(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.alternative && is_plain(schema, "string"))?;
    // Not what another alternative is already.
    retype(document, &site, json!({ "type": "array", "items": { "type": "array" } }))
}

pub(super) fn parameter_type(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.parameter && (is_plain(schema, "string") || is_plain(schema, "integer"))
    })?;
    retype(document, &site, json!({ "type": "array", "items": { "type": "boolean" } }))
}

pub(super) fn integer_to_number(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site =
        draw(document, rng, |site, schema| !site.alternative && is_plain(schema, "integer"))?;
    node(document, &site.at).insert("type".into(), json!("number"));
    in_schema(Kind::TypeChanged, site.at, Breaking)
}

pub(super) fn type_to_union(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.member && is_plain(schema, "string") && !schema.contains_key("nullable")
    })?;
    let schema = document.pointer(&site.at)?.clone();
    *document.pointer_mut(&site.at)? = json!({ "oneOf": [{ "type": "boolean" }, schema] });
    in_schema(Kind::AlternativeAdded, format!("{}/oneOf/0", site.at), Additive)
}

pub(super) fn format(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is_plain(schema, "string"))?;
    let schema = node(document, &site.at);
    let typed =
        matches!(schema.get("format").and_then(Value::as_str), Some("binary" | "date-time"));
    schema.insert("format".into(), json!("uuid"));
    in_schema(Kind::FormatChanged, site.at, if typed { Breaking } else { Internal })
}

pub(super) fn constraint(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is_plain(schema, "string"))?;
    let (keyword, value) = rng
        .pick(&[("minLength", json!(7)), ("maxLength", json!(7777)), ("pattern", json!("^q"))])
        .clone();
    node(document, &site.at).insert(keyword.into(), value);
    in_schema(Kind::ConstraintChanged, site.at, Internal)
}

pub(super) fn items_constraint(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is(schema, "array"))?;
    let (keyword, value) = rng
        .pick(&[("minItems", json!(7)), ("maxItems", json!(7777)), ("uniqueItems", json!(true))])
        .clone();
    node(document, &site.at).insert(keyword.into(), value);
    in_schema(Kind::ConstraintChanged, site.at, Internal)
}

pub(super) fn null_allowed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.member && schema.contains_key("type") && !schema.contains_key("nullable")
    })?;
    node(document, &site.at).insert("nullable".into(), json!(true));
    in_schema(Kind::NullAllowed, &site.at, worse(site.ways, Additive, Breaking))
}

pub(super) fn null_forbidden(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site =
        draw(document, rng, |site, schema| !site.alternative && schema.contains_key("nullable"))?;
    node(document, &site.at).remove("nullable");
    in_schema(Kind::NullForbidden, &site.at, worse(site.ways, Breaking, Additive))
}

/// Where a place's last step is one, or a step into a union.
pub(super) fn is_in(at: &str, step: &str) -> bool {
    match step {
        "/oneOf/" => at.rsplit_once('/').is_some_and(|(union, _)| union.ends_with("/oneOf")),
        _ => at.ends_with(step),
    }
}

pub(super) fn null_allowed_in(document: &mut Value, rng: &mut Rng, step: &str) -> Option<Expected> {
    let whole = document.clone();
    let site = draw(document, rng, |site, schema| {
        let says = ["type", "oneOf"].iter().any(|keyword| schema.contains_key(*keyword));
        is_in(&site.at, step) && says && !site.parameter && !allows_null(&whole, &site.at)
    })?;
    // Where the union, another alternative or the use of it allows null, it is allowed already.
    let (union, _) = site.at.rsplit_once("/oneOf/").unwrap_or((&site.at, ""));
    if allows_null(document, union) || is_used_as_nullable(document, union) {
        return None;
    }
    // Of a list as a whole, null is an empty one.
    let is_whole = site.at.ends_with("/schema") && is(node(document, &site.at), "array");
    let received = if is_whole { Internal } else { Breaking };
    node(document, &site.at).insert("nullable".into(), json!(true));
    in_schema(Kind::NullAllowed, &site.at, worse(site.ways, Additive, received))
}

pub(super) fn allows_null(document: &Value, at: &str) -> bool {
    let Some(schema) = document.pointer(at) else { return false };
    match schema["$ref"].as_str() {
        Some(reference) => allows_null(document, &reference[1..]),
        None => {
            let alternatives = schema["oneOf"].as_array().map_or(0, Vec::len);
            schema["nullable"] == true
                || (0..alternatives).any(|i| allows_null(document, &format!("{at}/oneOf/{i}")))
        }
    }
}

/// Whether a component is used with null allowed beside the reference.
pub(super) fn is_used_as_nullable(value: &Value, at: &str) -> bool {
    match value {
        Value::Object(map) => {
            let reference = &value["allOf"][0]["$ref"];
            reference.as_str().and_then(|text| text.strip_prefix('#')) == Some(at)
                || map.values().any(|value| is_used_as_nullable(value, at))
        }
        Value::Array(items) => items.iter().any(|item| is_used_as_nullable(item, at)),
        _ => false,
    }
}

pub(super) fn null_forbidden_in(
    document: &mut Value,
    rng: &mut Rng,
    step: &str,
) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        is_in(&site.at, step) && schema.get("nullable") == Some(&json!(true))
    })?;
    node(document, &site.at).remove("nullable");
    in_schema(Kind::NullForbidden, &site.at, worse(site.ways, Breaking, Additive))
}

pub(super) fn alternative_null_forbidden(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let expected = null_forbidden_in(document, rng, "/oneOf/")?;
    let (union, _) = expected.pointer.rsplit_once("/oneOf/")?;
    let allowed = allows_null(document, union) || is_used_as_nullable(document, union);
    Some(expected).filter(|_| !allowed)
}

pub(super) fn retyped_in(document: &mut Value, rng: &mut Rng, step: &str) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        is_in(&site.at, step) && schema.contains_key("type") && !site.alternative
    })?;
    retype(document, &site, json!({ "type": "array", "items": { "type": "boolean" } }))
}

/// Values of a map may be anything.
pub(super) fn map_of_anything(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.at.ends_with("/additionalProperties") && schema.contains_key("type")
    })?;
    let (map, _) = site.at.rsplit_once('/')?;
    node(document, map).insert("additionalProperties".into(), json!(true));
    in_schema(Kind::TypeChanged, &site.at, Breaking)
}

pub(super) fn of_choice(document: &Value, rng: &mut Rng) -> Option<Site> {
    draw(document, rng, |_, schema| is(schema, "string") && values(schema) > 1)
}

pub(super) fn list<'a>(document: &'a mut Value, at: &str) -> &'a mut Vec<Value> {
    node(document, at).get_mut("enum").unwrap().as_array_mut().unwrap()
}

pub(super) fn value_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    list(document, &site.at).push("BrandNew".into());
    in_schema(Kind::ValueAdded, site.at, Additive)
}

pub(super) fn value_case(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    let values = list(document, &site.at);
    let other = Value::from(values[0].as_str()?.to_uppercase());
    if values.contains(&other) {
        return None;
    }
    values.push(other);
    in_schema(Kind::ValueAdded, site.at, Additive)
}

pub(super) fn value_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    let values = list(document, &site.at);
    let index = rng.below(values.len());
    values.remove(index);
    in_schema(Kind::ValueRemoved, &site.at, worse(site.ways, Breaking, Internal))
}

pub(super) fn enum_dropped(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    node(document, &site.at).remove("enum");
    in_schema(Kind::ValuesUnrestricted, site.at, Additive)
}

pub(super) fn enum_introduced(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        !site.alternative && is_plain(schema, "string") && !schema.contains_key("format")
    })?;
    node(document, &site.at).insert("enum".into(), json!(["One", "Two"]));
    in_schema(Kind::ValuesRestricted, &site.at, worse(site.ways, Breaking, Additive))
}

pub(super) fn literal(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is(schema, "string") && is_literal(schema))?;
    let schema = node(document, &site.at);
    if schema.contains_key("enum") {
        schema.insert("enum".into(), json!(["Another"]));
    } else {
        schema.insert("format".into(), json!("\"Another\""));
    }
    in_schema(Kind::LiteralChanged, site.at, Breaking)
}
