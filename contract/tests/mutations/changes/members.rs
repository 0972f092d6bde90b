//! Changes of the members of objects.

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Value, json};

use super::{
    Expected, in_schema,
    schema::{has_members, is, is_literal, is_plain, member, require, requires, unrequire},
    worse,
};
use crate::sites::{Rng, Site, draw, node, text};
use Class::{Additive, Breaking, Internal};

pub(super) fn object(document: &Value, rng: &mut Rng) -> Option<Site> {
    draw(document, rng, |_, schema| is(schema, "object") && has_members(schema))
}

pub(super) fn member_added(
    document: &mut Value,
    rng: &mut Rng,
    required: bool,
) -> Option<Expected> {
    let site = object(document, rng)?;
    let schema = node(document, &site.at);
    schema["properties"]["brandNew"] = text();
    if required {
        require(schema, "brandNew");
    }
    let sent = if required { Breaking } else { Additive };
    let class = worse(site.ways, sent, Additive);
    in_schema(Kind::MemberAdded, format!("{}/properties/brandNew", site.at), class)
}

pub(super) fn member_like_keyword(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = object(document, rng)?;
    let names = ["example", "x-thing", "examples", "nullable", "default"];
    let name = *rng.pick(&names);
    let schema = node(document, &site.at);
    if schema["properties"].get(name).is_some() {
        return None;
    }
    schema["properties"][name] = text();
    in_schema(Kind::MemberAdded, format!("{}/properties/{name}", site.at), Additive)
}

pub(super) fn member_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    // What tells alternatives apart is another change.
    let site = draw(document, rng, |site, schema| {
        !site.alternative
            && schema.get("properties").is_some_and(|map| map.as_object().unwrap().len() > 1)
    })?;
    let (name, at) = member(document, rng, &site, |_, _| true)?;
    remove_member(document, &site, &name);
    in_schema(Kind::MemberRemoved, at, Breaking)
}

pub(super) fn remove_member(document: &mut Value, site: &Site, name: &str) {
    let schema = node(document, &site.at);
    schema["properties"].as_object_mut().unwrap().remove(name);
    unrequire(schema, name);
}

pub(super) fn member_of_alternative_removed(
    document: &mut Value,
    rng: &mut Rng,
) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.alternative
            && schema.get("properties").is_some_and(|map| map.as_object().unwrap().len() > 2)
    })?;
    let (name, at) = member(document, rng, &site, |_, value| {
        value.as_object().is_some_and(|schema| !is_literal(schema))
    })?;
    remove_member(document, &site, &name);
    in_schema(Kind::MemberRemoved, at, Breaking)
}

pub(super) fn member_required(document: &mut Value, rng: &mut Rng, was: bool) -> Option<Expected> {
    let site = object(document, rng)?;
    let schema = document.pointer(&site.at)?.clone();
    let (name, at) = member(document, rng, &site, |name, value| {
        requires(&schema, name) == was && value.get("default").is_none()
    })?;
    let schema = node(document, &site.at);
    if was {
        unrequire(schema, &name);
        let class = worse(site.ways, Additive, Breaking);
        in_schema(Kind::MemberOptional, source(document, &at), class)
    } else {
        require(schema, &name);
        let class = worse(site.ways, Breaking, Additive);
        in_schema(Kind::MemberRequired, source(document, &at), class)
    }
}

/// A member of an alternative that is told by other members.
pub(super) fn alternative_member(
    document: &Value,
    rng: &mut Rng,
    fits: impl Fn(&Value, &str, &Value) -> bool,
) -> Option<(Site, String, String)> {
    let site = draw(document, rng, |site, schema| site.alternative && has_members(schema))?;
    let schema = document.pointer(&site.at)?.clone();
    let (name, at) = member(document, rng, &site, |name, value| {
        let literal = value.as_object().is_none_or(is_literal);
        !literal && value.get("default").is_none() && fits(&schema, name, value)
    })?;
    Some((site, name, at))
}

pub(super) fn alternative_member_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let (site, ..) = alternative_member(document, rng, |_, _, _| true)?;
    let schema = node(document, &site.at);
    schema["properties"]["brandNew"] = json!({ "type": "array", "items": { "type": "string" } });
    in_schema(Kind::MemberAdded, format!("{}/properties/brandNew", site.at), Additive)
}

pub(super) fn alternative_member_required(
    document: &mut Value,
    rng: &mut Rng,
    was: bool,
) -> Option<Expected> {
    let (site, name, at) =
        alternative_member(document, rng, |schema, name, _| requires(schema, name) == was)?;
    let schema = node(document, &site.at);
    if was {
        unrequire(schema, &name);
        return in_schema(Kind::MemberOptional, at, worse(site.ways, Additive, Breaking));
    }
    require(schema, &name);
    in_schema(Kind::MemberRequired, at, worse(site.ways, Breaking, Additive))
}

/// Requiredness is said of the use.
pub(super) fn source(_: &Value, at: &str) -> String {
    at.to_owned()
}

pub(super) fn member_deprecated(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.member && !schema.contains_key("deprecated") && !schema.contains_key("allOf")
    })?;
    node(document, &site.at).insert("deprecated".into(), json!(true));
    in_schema(Kind::Deprecated, site.at, Internal)
}

pub(super) fn member_read_only(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.member && !schema.contains_key("allOf"))?;
    let keyword = if rng.coin() { "readOnly" } else { "writeOnly" };
    node(document, &site.at).insert(keyword.into(), json!(true));
    in_schema(Kind::AccessChanged, site.at, Internal)
}

pub(super) fn default_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = object(document, rng)?;
    let schema = document.pointer(&site.at)?.clone();
    let (_, at) = member(document, rng, &site, |name, value| {
        !requires(&schema, name)
            && value.as_object().is_some_and(|schema| is_plain(schema, "string"))
            && value.get("default").is_none()
    })?;
    node(document, &at).insert("default".into(), json!("x"));
    in_schema(Kind::DefaultAdded, at, Internal)
}

pub(super) fn default_of_false(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = object(document, rng)?;
    let schema = document.pointer(&site.at)?.clone();
    let (_, at) = member(document, rng, &site, |name, value| {
        !requires(&schema, name)
            && value.as_object().is_some_and(|schema| is_plain(schema, "boolean"))
            && value.get("default").is_none()
    })?;
    node(document, &at).insert("default".into(), json!(false));
    in_schema(Kind::DefaultAdded, at, Internal)
}

pub(super) fn default_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        !site.member && !site.alternative && schema.contains_key("default")
    })?;
    node(document, &site.at).remove("default");
    in_schema(Kind::DefaultRemoved, site.at, Internal)
}

pub(super) fn default_of_required(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.ways.sent && has_members(schema))?;
    let schema = document.pointer(&site.at)?.clone();
    let (_, at) = member(document, rng, &site, |name, value| {
        requires(&schema, name)
            && value.as_object().is_some_and(|schema| is_plain(schema, "string"))
            && value.get("default").is_none()
    })?;
    node(document, &at).insert("default".into(), json!("x"));
    in_schema(Kind::DefaultAdded, at, Additive)
}

pub(super) fn others_allowed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| {
        has_members(schema) && !schema.contains_key("additionalProperties")
    })?;
    node(document, &site.at).insert("additionalProperties".into(), json!(true));
    in_schema(Kind::OtherMembersAllowed, format!("{}/additionalProperties", site.at), Additive)
}

pub(super) fn others_forbidden(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        !site.alternative
            && is(schema, "object")
            && schema.get("additionalProperties") == Some(&json!(true))
    })?;
    node(document, &site.at).insert("additionalProperties".into(), json!(false));
    in_schema(Kind::OtherMembersForbidden, format!("{}/additionalProperties", site.at), Breaking)
}
