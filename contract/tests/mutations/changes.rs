//! Changes of meaning, and what each should be found as.

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Map, Value, json};

use super::sites::{OperationSite, Rng, Site, Ways, draw, escape, node, operations, text};
use Class::{Additive, Breaking, Internal};

/// What a change should be found as.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) kind: Kind,
    pub(crate) pointer: String,
    /// What it means for running programs.
    pub(crate) class: Class,
    /// Whether vendoring tells if users notice.
    pub(crate) in_schema: bool,
}

pub(crate) type Change = fn(&mut Value, &mut Rng) -> Option<Expected>;

pub(crate) const CHANGES: [(&str, Change); 94] = [
    ("alternative added", alternative_added),
    ("alternative's null allowed", |d, r| null_allowed_in(d, r, "/oneOf/")),
    ("alternative's null forbidden", alternative_null_forbidden),
    ("alternative's member added", alternative_member_added),
    ("alternative's member required", |d, r| alternative_member_required(d, r, false)),
    ("alternative's member optional", |d, r| alternative_member_required(d, r, true)),
    ("alternative removed", alternative_removed),
    ("answer's body removed", answer_body_removed),
    ("answer's header added", header_added),
    ("answer's status with the same body added", same_status_added),
    ("answer's status without a body added", |d, r| bare_status_added(d, r, "204")),
    ("answer's redirect added", |d, r| bare_status_added(d, r, "302")),
    ("answer's status with another body added", other_status_added),
    ("answer's status removed", |d, r| status_removed(d, r, '2', Breaking)),
    ("array of something else", array_items),
    ("base path", base_path),
    ("base path of one operation", base_path_of_one),
    ("body added", body_added),
    ("body's media type added", body_media_added),
    ("body's media type replaced", body_media_replaced),
    ("body optional", |d, r| body_required(d, r, true)),
    ("body removed", body_removed),
    ("body required", |d, r| body_required(d, r, false)),
    ("constraint added", constraint),
    ("constraint on items", items_constraint),
    ("default of optional member", default_added),
    ("default of false", default_of_false),
    ("default removed", default_removed),
    ("default of required member", default_of_required),
    ("enum introduced", enum_introduced),
    ("enum dropped", enum_dropped),
    ("enum value added", value_added),
    ("enum value removed", value_removed),
    ("enum value in other case", value_case),
    ("error status added", |d, r| status_added(d, r, "418", Internal)),
    ("error status removed", |d, r| status_removed(d, r, '4', Internal)),
    ("error's body", error_body),
    ("format", format),
    ("header parameter added", |d, r| parameter_added(d, r, "header", false)),
    ("integer to number", integer_to_number),
    ("literal", literal),
    ("map of something else", map_values),
    ("items' null allowed", |d, r| null_allowed_in(d, r, "/items")),
    ("items' null forbidden", |d, r| null_forbidden_in(d, r, "/items")),
    ("items of a map", |d, r| retyped_in(d, r, "/additionalProperties")),
    ("map's null allowed", |d, r| null_allowed_in(d, r, "/additionalProperties")),
    ("map's null forbidden", |d, r| null_forbidden_in(d, r, "/additionalProperties")),
    ("map of anything", map_of_anything),
    ("member added, optional", |d, r| member_added(d, r, false)),
    ("member added, required", |d, r| member_added(d, r, true)),
    ("member called like a keyword", member_like_keyword),
    ("member deprecated", member_deprecated),
    ("member of an alternative removed", member_of_alternative_removed),
    ("member optional", |d, r| member_required(d, r, true)),
    ("member read-only", member_read_only),
    ("member removed", member_removed),
    ("member required", |d, r| member_required(d, r, false)),
    ("not every operation's security", security_override),
    ("null allowed", null_allowed),
    ("null forbidden", null_forbidden),
    ("null of a whole answer allowed", |d, r| null_allowed_in(d, r, "/schema")),
    ("operation added", operation_added),
    ("operation deprecated", operation_deprecated),
    ("operation made public", security_dropped),
    ("operation made secure", security_regained),
    ("operation removed", operation_removed),
    ("operation's id", operation_renamed),
    ("operation's method", operation_method),
    ("operation's path", operation_path),
    ("operation's path in other case", operation_path_case),
    ("other members allowed", others_allowed),
    ("other members forbidden", others_forbidden),
    ("parameter added, optional", |d, r| parameter_added(d, r, "query", false)),
    ("parameter added, required", |d, r| parameter_added(d, r, "query", true)),
    ("parameter deprecated", parameter_deprecated),
    ("parameter in header", |d, r| parameter_moved(d, r, "header")),
    ("parameter in cookie", |d, r| parameter_moved(d, r, "cookie")),
    ("parameter optional", |d, r| parameter_required(d, r, true)),
    ("parameter removed", parameter_removed),
    ("parameter required", |d, r| parameter_required(d, r, false)),
    ("parameter's explode", |d, r| parameter_style(d, r, "explode", json!(false))),
    ("parameter's style", |d, r| parameter_style(d, r, "style", json!("pipeDelimited"))),
    ("parameter's type", parameter_type),
    ("path parameter added for the path", path_level_parameter),
    ("path parameter renamed", path_parameter_renamed),
    ("scheme of security", scheme),
    ("scope of the scheme", scheme_scope),
    ("second answer media type", answer_media_added),
    ("security of the whole API", security_of_all),
    ("trailing slash", trailing_slash),
    ("type of a member", member_type),
    ("type to union", type_to_union),
    ("union's inner type", alternative_type),
    ("value of anything", anything),
];

fn expected(kind: Kind, pointer: impl Into<String>, class: Class) -> Option<Expected> {
    Some(Expected { kind, pointer: pointer.into(), class, in_schema: false })
}

fn in_schema(kind: Kind, pointer: impl Into<String>, class: Class) -> Option<Expected> {
    Some(Expected { kind, pointer: pointer.into(), class, in_schema: true })
}

/// The worse of what it means sent and received.
fn worse(ways: Ways, sent: Class, received: Class) -> Class {
    match (ways.sent, ways.received) {
        (true, true) => sent.max(received),
        (true, false) => sent,
        _ => received,
    }
}

type Schema = Map<String, Value>;

fn is(schema: &Schema, kind: &str) -> bool {
    schema.get("type").is_some_and(|known| known == kind)
}

fn values(schema: &Schema) -> usize {
    schema.get("enum").and_then(Value::as_array).map_or(0, Vec::len)
}

fn is_literal(schema: &Schema) -> bool {
    values(schema) == 1
        || schema
            .get("format")
            .and_then(Value::as_str)
            .is_some_and(|format| format.starts_with('"') || matches!(format, "true" | "false"))
}

/// A leaf that is no enum.
fn is_plain(schema: &Schema, kind: &str) -> bool {
    is(schema, kind) && values(schema) == 0 && !is_literal(schema)
}

fn has_members(schema: &Schema) -> bool {
    schema.get("properties").and_then(Value::as_object).is_some_and(|map| !map.is_empty())
}

/// A random member that fits: its name and pointer.
fn member(
    document: &Value,
    rng: &mut Rng,
    site: &Site,
    fits: impl Fn(&str, &Value) -> bool,
) -> Option<(String, String)> {
    let properties = document.pointer(&site.at)?.get("properties")?.as_object()?;
    let names: Vec<&String> =
        properties.iter().filter(|(name, value)| fits(name, value)).map(|(name, _)| name).collect();
    let name = (*rng.maybe(&names)?).clone();
    let at = format!("{}/properties/{}", site.at, escape(&name));
    Some((name, at))
}

fn requires(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().into_iter().flatten().any(|known| known == name)
}

fn unrequire(schema: &mut Schema, name: &str) {
    if let Some(Value::Array(names)) = schema.get_mut("required") {
        names.retain(|known| known != name);
    }
}

fn require(schema: &mut Schema, name: &str) {
    let names = schema.entry("required").or_insert_with(|| json!([]));
    names.as_array_mut().unwrap().push(name.into());
}

// Members.

fn object(document: &Value, rng: &mut Rng) -> Option<Site> {
    draw(document, rng, |_, schema| is(schema, "object") && has_members(schema))
}

fn member_added(document: &mut Value, rng: &mut Rng, required: bool) -> Option<Expected> {
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

fn member_like_keyword(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
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

fn member_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    // What tells alternatives apart is another change.
    let site = draw(document, rng, |site, schema| {
        !site.alternative
            && schema.get("properties").is_some_and(|map| map.as_object().unwrap().len() > 1)
    })?;
    let (name, at) = member(document, rng, &site, |_, _| true)?;
    remove_member(document, &site, &name);
    in_schema(Kind::MemberRemoved, at, Breaking)
}

fn remove_member(document: &mut Value, site: &Site, name: &str) {
    let schema = node(document, &site.at);
    schema["properties"].as_object_mut().unwrap().remove(name);
    unrequire(schema, name);
}

fn member_of_alternative_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
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

fn member_required(document: &mut Value, rng: &mut Rng, was: bool) -> Option<Expected> {
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
fn alternative_member(
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

fn alternative_member_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let (site, ..) = alternative_member(document, rng, |_, _, _| true)?;
    let schema = node(document, &site.at);
    schema["properties"]["brandNew"] = json!({ "type": "array", "items": { "type": "string" } });
    in_schema(Kind::MemberAdded, format!("{}/properties/brandNew", site.at), Additive)
}

fn alternative_member_required(document: &mut Value, rng: &mut Rng, was: bool) -> Option<Expected> {
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
fn source(_: &Value, at: &str) -> String {
    at.to_owned()
}

fn member_deprecated(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.member && !schema.contains_key("deprecated") && !schema.contains_key("allOf")
    })?;
    node(document, &site.at).insert("deprecated".into(), json!(true));
    in_schema(Kind::Deprecated, site.at, Internal)
}

fn member_read_only(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.member && !schema.contains_key("allOf"))?;
    let keyword = if rng.coin() { "readOnly" } else { "writeOnly" };
    node(document, &site.at).insert(keyword.into(), json!(true));
    in_schema(Kind::AccessChanged, site.at, Internal)
}

fn default_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
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

fn default_of_false(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
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

fn default_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        !site.member && !site.alternative && schema.contains_key("default")
    })?;
    node(document, &site.at).remove("default");
    in_schema(Kind::DefaultRemoved, site.at, Internal)
}

fn default_of_required(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
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

fn others_allowed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| {
        has_members(schema) && !schema.contains_key("additionalProperties")
    })?;
    node(document, &site.at).insert("additionalProperties".into(), json!(true));
    in_schema(Kind::OtherMembersAllowed, format!("{}/additionalProperties", site.at), Additive)
}

fn others_forbidden(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        !site.alternative
            && is(schema, "object")
            && schema.get("additionalProperties") == Some(&json!(true))
    })?;
    node(document, &site.at).insert("additionalProperties".into(), json!(false));
    in_schema(Kind::OtherMembersForbidden, format!("{}/additionalProperties", site.at), Breaking)
}

// Values.

fn member_type(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.member && is_plain(schema, "string"))?;
    let kind = *rng.pick(&["boolean", "object", "integer"]);
    retype(document, &site, json!({ "type": kind }))
}

fn retype(document: &mut Value, site: &Site, schema: Value) -> Option<Expected> {
    let nullable = node(document, &site.at).contains_key("nullable");
    *document.pointer_mut(&site.at)? = schema;
    if nullable {
        document.pointer_mut(&site.at)?["nullable"] = json!(true);
    }
    in_schema(Kind::TypeChanged, &site.at, Breaking)
}

fn anything(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.member && is_plain(schema, "string"))?;
    retype(document, &site, json!({}))
}

fn array_items(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.at.ends_with("/items") && is_plain(schema, "string")
    })?;
    retype(document, &site, json!({ "type": "boolean" }))
}

fn map_values(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.at.ends_with("/additionalProperties") && is_plain(schema, "string")
    })?;
    retype(document, &site, json!({ "type": "boolean" }))
}

fn alternative_type(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| site.alternative && is_plain(schema, "string"))?;
    // Not what another alternative is already.
    retype(document, &site, json!({ "type": "array", "items": { "type": "array" } }))
}

fn parameter_type(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.parameter && (is_plain(schema, "string") || is_plain(schema, "integer"))
    })?;
    retype(document, &site, json!({ "type": "array", "items": { "type": "boolean" } }))
}

fn integer_to_number(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site =
        draw(document, rng, |site, schema| !site.alternative && is_plain(schema, "integer"))?;
    node(document, &site.at).insert("type".into(), json!("number"));
    in_schema(Kind::TypeChanged, site.at, Breaking)
}

fn type_to_union(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.member && is_plain(schema, "string") && !schema.contains_key("nullable")
    })?;
    let schema = document.pointer(&site.at)?.clone();
    *document.pointer_mut(&site.at)? = json!({ "oneOf": [{ "type": "boolean" }, schema] });
    in_schema(Kind::AlternativeAdded, format!("{}/oneOf/0", site.at), Additive)
}

fn format(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is_plain(schema, "string"))?;
    let schema = node(document, &site.at);
    let typed =
        matches!(schema.get("format").and_then(Value::as_str), Some("binary" | "date-time"));
    schema.insert("format".into(), json!("uuid"));
    in_schema(Kind::FormatChanged, site.at, if typed { Breaking } else { Internal })
}

fn constraint(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is_plain(schema, "string"))?;
    let (keyword, value) = rng
        .pick(&[("minLength", json!(7)), ("maxLength", json!(7777)), ("pattern", json!("^q"))])
        .clone();
    node(document, &site.at).insert(keyword.into(), value);
    in_schema(Kind::ConstraintChanged, site.at, Internal)
}

fn items_constraint(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is(schema, "array"))?;
    let (keyword, value) = rng
        .pick(&[("minItems", json!(7)), ("maxItems", json!(7777)), ("uniqueItems", json!(true))])
        .clone();
    node(document, &site.at).insert(keyword.into(), value);
    in_schema(Kind::ConstraintChanged, site.at, Internal)
}

fn null_allowed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.member && schema.contains_key("type") && !schema.contains_key("nullable")
    })?;
    node(document, &site.at).insert("nullable".into(), json!(true));
    in_schema(Kind::NullAllowed, &site.at, worse(site.ways, Additive, Breaking))
}

fn null_forbidden(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site =
        draw(document, rng, |site, schema| !site.alternative && schema.contains_key("nullable"))?;
    node(document, &site.at).remove("nullable");
    in_schema(Kind::NullForbidden, &site.at, worse(site.ways, Breaking, Additive))
}

/// Where a place's last step is one, or a step into a union.
fn is_in(at: &str, step: &str) -> bool {
    match step {
        "/oneOf/" => at.rsplit_once('/').is_some_and(|(union, _)| union.ends_with("/oneOf")),
        _ => at.ends_with(step),
    }
}

fn null_allowed_in(document: &mut Value, rng: &mut Rng, step: &str) -> Option<Expected> {
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

fn allows_null(document: &Value, at: &str) -> bool {
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
fn is_used_as_nullable(value: &Value, at: &str) -> bool {
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

fn null_forbidden_in(document: &mut Value, rng: &mut Rng, step: &str) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        is_in(&site.at, step) && schema.get("nullable") == Some(&json!(true))
    })?;
    node(document, &site.at).remove("nullable");
    in_schema(Kind::NullForbidden, &site.at, worse(site.ways, Breaking, Additive))
}

fn alternative_null_forbidden(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let expected = null_forbidden_in(document, rng, "/oneOf/")?;
    let (union, _) = expected.pointer.rsplit_once("/oneOf/")?;
    let allowed = allows_null(document, union) || is_used_as_nullable(document, union);
    Some(expected).filter(|_| !allowed)
}

fn retyped_in(document: &mut Value, rng: &mut Rng, step: &str) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        is_in(&site.at, step) && schema.contains_key("type") && !site.alternative
    })?;
    retype(document, &site, json!({ "type": "array", "items": { "type": "boolean" } }))
}

/// Values of a map may be anything.
fn map_of_anything(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        site.at.ends_with("/additionalProperties") && schema.contains_key("type")
    })?;
    let (map, _) = site.at.rsplit_once('/')?;
    node(document, map).insert("additionalProperties".into(), json!(true));
    in_schema(Kind::TypeChanged, &site.at, Breaking)
}

// Enums and literals.

fn of_choice(document: &Value, rng: &mut Rng) -> Option<Site> {
    draw(document, rng, |_, schema| is(schema, "string") && values(schema) > 1)
}

fn list<'a>(document: &'a mut Value, at: &str) -> &'a mut Vec<Value> {
    node(document, at).get_mut("enum").unwrap().as_array_mut().unwrap()
}

fn value_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    list(document, &site.at).push("BrandNew".into());
    in_schema(Kind::ValueAdded, site.at, Additive)
}

fn value_case(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    let values = list(document, &site.at);
    let other = Value::from(values[0].as_str()?.to_uppercase());
    if values.contains(&other) {
        return None;
    }
    values.push(other);
    in_schema(Kind::ValueAdded, site.at, Additive)
}

fn value_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    let values = list(document, &site.at);
    let index = rng.below(values.len());
    values.remove(index);
    in_schema(Kind::ValueRemoved, &site.at, worse(site.ways, Breaking, Internal))
}

fn enum_dropped(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = of_choice(document, rng)?;
    node(document, &site.at).remove("enum");
    in_schema(Kind::ValuesUnrestricted, site.at, Additive)
}

fn enum_introduced(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |site, schema| {
        !site.alternative && is_plain(schema, "string") && !schema.contains_key("format")
    })?;
    node(document, &site.at).insert("enum".into(), json!(["One", "Two"]));
    in_schema(Kind::ValuesRestricted, &site.at, worse(site.ways, Breaking, Additive))
}

fn literal(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = draw(document, rng, |_, schema| is(schema, "string") && is_literal(schema))?;
    let schema = node(document, &site.at);
    if schema.contains_key("enum") {
        schema.insert("enum".into(), json!(["Another"]));
    } else {
        schema.insert("format".into(), json!("\"Another\""));
    }
    in_schema(Kind::LiteralChanged, site.at, Breaking)
}

// Unions.

fn union(document: &Value, rng: &mut Rng, least: usize) -> Option<Site> {
    draw(document, rng, |_, schema| {
        schema.get("oneOf").and_then(Value::as_array).is_some_and(|list| list.len() >= least)
    })
}

fn alternative_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = union(document, rng, 2)?;
    let alternatives = node(document, &site.at)["oneOf"].as_array_mut()?;
    let new = json!({ "type": "object", "required": ["type", "brandNew"], "properties": {
        "type": { "type": "string", "enum": ["BrandNew"] }, "brandNew": { "type": "string" }
    } });
    let index = rng.below(alternatives.len() + 1);
    alternatives.insert(index, new);
    in_schema(Kind::AlternativeAdded, format!("{}/oneOf/{index}", site.at), Additive)
}

fn alternative_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
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

// Operations.

fn operation(document: &Value, rng: &mut Rng) -> OperationSite {
    rng.pick(&operations(document)).clone()
}

fn operation_where(
    document: &Value,
    rng: &mut Rng,
    fits: impl Fn(&Value) -> bool,
) -> Option<OperationSite> {
    let fitting: Vec<OperationSite> = operations(document)
        .into_iter()
        .filter(|site| fits(document.pointer(&site.at).unwrap()))
        .collect();
    rng.maybe(&fitting).cloned()
}

fn operation_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let mut new = document.pointer(&site.at)?.clone();
    new["operationId"] = json!("BrandNew");
    if rng.coin() {
        let path = format!("{}/brand-new", site.path);
        let at = format!("/paths/{}/{}", escape(&path), site.method);
        document["paths"][path] = json!({ site.method: new });
        return expected(Kind::OperationAdded, at, Additive);
    }
    let item = node(document, &format!("/paths/{}", escape(&site.path)));
    if item.contains_key("put") {
        return None;
    }
    item.insert("put".into(), new);
    expected(Kind::OperationAdded, format!("/paths/{}/put", escape(&site.path)), Additive)
}

fn operation_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let item = node(document, &format!("/paths/{}", escape(&site.path)));
    item.remove(site.method);
    if item.is_empty() && rng.coin() {
        document["paths"].as_object_mut()?.remove(&site.path);
    }
    expected(Kind::OperationRemoved, site.at, Breaking)
}

fn operation_renamed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    node(document, &site.at).insert("operationId".into(), json!("BrandNew"));
    expected(Kind::OperationRenamed, format!("{}/operationId", site.at), Breaking)
}

fn moved(document: &mut Value, site: &OperationSite, path: String) -> Option<Expected> {
    if document["paths"].get(&path).is_some() {
        return None;
    }
    let item = document["paths"].as_object_mut()?.remove(&site.path)?;
    let at = format!("/paths/{}", escape(&path));
    document["paths"][path] = item;
    expected(Kind::PathChanged, at, Breaking)
}

fn operation_path(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let path = format!("/api/moved{}", site.path.strip_prefix("/api")?);
    moved(document, &site, path)
}

fn operation_path_case(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let path = site.path.replacen("/api", "/API", 1);
    moved(document, &site, path)
}

fn trailing_slash(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let path = format!("{}/", site.path);
    moved(document, &site, path)
}

fn operation_method(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let item = node(document, &format!("/paths/{}", escape(&site.path)));
    let to = if site.method == "post" { "put" } else { "post" };
    if item.contains_key(to) {
        return None;
    }
    let moved = item.remove(site.method)?;
    item.insert(to.into(), moved);
    expected(Kind::MethodChanged, format!("/paths/{}/{to}", escape(&site.path)), Breaking)
}

fn operation_deprecated(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let operation = node(document, &site.at);
    let kind = if operation.remove("deprecated").is_some() {
        Kind::OperationRestored
    } else {
        operation.insert("deprecated".into(), json!(true));
        Kind::OperationDeprecated
    };
    expected(kind, format!("{}/deprecated", site.at), Additive)
}

// Security and servers.

fn security_dropped(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("security").is_none())?;
    let nothing = if rng.coin() { json!([]) } else { json!([{}]) };
    node(document, &site.at).insert("security".into(), nothing);
    expected(Kind::SecurityRemoved, format!("{}/security", site.at), Additive)
}

fn security_regained(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("security").is_some())?;
    node(document, &site.at).remove("security");
    expected(Kind::SecurityAdded, format!("{}/security", site.at), Breaking)
}

fn security_override(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("security").is_none())?;
    node(document, &site.at).insert("security".into(), json!([{ "OAuth2": ["all", "more"] }]));
    expected(Kind::SecurityChanged, format!("{}/security", site.at), Breaking)
}

fn security_of_all(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    operation_where(document, rng, |value| value.get("security").is_none())?;
    document["security"] = json!([{ "OAuth2": ["some"] }]);
    expected(Kind::SecurityChanged, "/security", Breaking)
}

fn scheme(document: &mut Value, _: &mut Rng) -> Option<Expected> {
    document["components"]["securitySchemes"]["OAuth2"]["flows"]["clientCredentials"]["tokenUrl"] =
        json!("/elsewhere");
    expected(Kind::SchemeChanged, "/components/securitySchemes/OAuth2", Breaking)
}

fn scheme_scope(document: &mut Value, _: &mut Rng) -> Option<Expected> {
    let flow = "/components/securitySchemes/OAuth2/flows/clientCredentials/scopes";
    node(document, flow).insert("more".into(), json!(""));
    expected(Kind::SchemeChanged, "/components/securitySchemes/OAuth2", Breaking)
}

fn base_path(document: &mut Value, _: &mut Rng) -> Option<Expected> {
    document["servers"] = json!([{ "url": "https://logto.example.com/below" }]);
    expected(Kind::BasePathChanged, "/servers", Breaking)
}

fn base_path_of_one(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    node(document, &site.at).insert("servers".into(), json!([{ "url": "/below" }]));
    expected(Kind::BasePathChanged, format!("{}/servers", site.at), Breaking)
}

// Parameters.

fn parameter_where(
    document: &Value,
    rng: &mut Rng,
    fits: impl Fn(&Value) -> bool,
) -> Option<String> {
    let mut found = Vec::new();
    for site in operations(document) {
        let parameters = document.pointer(&site.at).unwrap()["parameters"].as_array();
        for (i, parameter) in parameters.into_iter().flatten().enumerate() {
            if fits(parameter) {
                found.push(format!("{}/parameters/{i}", site.at));
            }
        }
    }
    rng.maybe(&found).cloned()
}

fn parameter_added(
    document: &mut Value,
    rng: &mut Rng,
    place: &str,
    required: bool,
) -> Option<Expected> {
    let site = operation(document, rng);
    let parameters = node(document, &site.at).entry("parameters").or_insert_with(|| json!([]));
    let parameters = parameters.as_array_mut()?;
    let index = rng.below(parameters.len() + 1);
    let new = json!({ "name": "brandNew", "in": place, "required": required, "schema": text() });
    parameters.insert(index, new);
    let class = if required { Breaking } else { Additive };
    expected(Kind::ParameterAdded, format!("{}/parameters/{index}", site.at), class)
}

fn path_level_parameter(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation(document, rng);
    let at = format!("/paths/{}", escape(&site.path));
    if operations(document).iter().filter(|other| other.path == site.path).count() > 1 {
        return None;
    }
    let new = json!([{ "name": "brandNew", "in": "query", "schema": text() }]);
    node(document, &at).insert("parameters".into(), new);
    expected(Kind::ParameterAdded, format!("{at}/parameters/0"), Additive)
}

fn parameter_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] != "path")?;
    let (list, index) = at.rsplit_once('/')?;
    let parameters = document.pointer_mut(list)?.as_array_mut()?;
    parameters.remove(index.parse().ok()?);
    expected(Kind::ParameterRemoved, list, Breaking)
}

fn parameter_required(document: &mut Value, rng: &mut Rng, was: bool) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| {
        parameter["in"] != "path" && (parameter["required"] == true) == was
    })?;
    node(document, &at).insert("required".into(), json!(!was));
    let at = format!("{at}/required");
    match was {
        true => expected(Kind::ParameterOptional, at, Additive),
        false => expected(Kind::ParameterRequired, at, Breaking),
    }
}

fn parameter_moved(document: &mut Value, rng: &mut Rng, to: &str) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] == "query")?;
    node(document, &at).insert("in".into(), to.into());
    expected(Kind::ParameterMoved, format!("{at}/in"), Breaking)
}

fn parameter_style(
    document: &mut Value,
    rng: &mut Rng,
    keyword: &str,
    value: Value,
) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] == "query")?;
    node(document, &at).insert(keyword.into(), value);
    expected(Kind::ParameterStyleChanged, at, Breaking)
}

fn parameter_deprecated(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = parameter_where(document, rng, |_| true)?;
    node(document, &at).insert("deprecated".into(), json!(true));
    expected(Kind::Deprecated, at, Internal)
}

fn path_parameter_renamed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = parameter_where(document, rng, |parameter| parameter["in"] == "path")?;
    let name = document.pointer(&at)?["name"].as_str()?.to_owned();
    let path = at.split('/').nth(2)?.replace("~1", "/").replace("~0", "~");
    let mut item = document["paths"].as_object_mut()?.remove(&path)?;
    for operation in item.as_object_mut()?.values_mut() {
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            if parameter["name"] == *name && parameter["in"] == "path" {
                parameter["name"] = json!("brandNew");
            }
        }
    }
    let to = path.replace(&format!("{{{name}}}"), "{brandNew}");
    let pointer = format!("/paths/{}", escape(&to));
    document["paths"][to] = item;
    expected(Kind::ParameterRenamed, pointer, Internal)
}

// Bodies.

fn with_body(document: &Value, rng: &mut Rng) -> Option<String> {
    let site = operation_where(document, rng, |value| value.get("requestBody").is_some())?;
    Some(format!("{}/requestBody", site.at))
}

fn body_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("requestBody").is_none())?;
    let required = rng.coin();
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    let body = json!({ "content": content, "required": required });
    node(document, &site.at).insert("requestBody".into(), body);
    let class = if required { Breaking } else { Additive };
    expected(Kind::BodyAdded, format!("{}/requestBody", site.at), class)
}

fn body_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = with_body(document, rng)?;
    node(document, at.strip_suffix("/requestBody")?).remove("requestBody");
    expected(Kind::BodyRemoved, at, Breaking)
}

fn body_required(document: &mut Value, rng: &mut Rng, was: bool) -> Option<Expected> {
    let at = with_body(document, rng)?;
    let body = node(document, &at);
    if (body.get("required") == Some(&json!(true))) != was {
        return None;
    }
    body.insert("required".into(), json!(!was));
    let at = format!("{at}/required");
    match was {
        true => expected(Kind::BodyOptional, at, Additive),
        false => expected(Kind::BodyRequired, at, Breaking),
    }
}

fn body_media_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = with_body(document, rng)?;
    node(document, &format!("{at}/content")).insert("application/xml".into(), json!({}));
    expected(Kind::MediaTypeAdded, format!("{at}/content/application~1xml"), Additive)
}

/// One of two: the new one comes with another word.
fn body_media_replaced(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = with_body(document, rng)?;
    let content = node(document, &format!("{at}/content"));
    let kind = content.keys().next()?.clone();
    content.remove(&kind);
    expected(Kind::MediaTypeRemoved, format!("{at}/content/{}", escape(&kind)), Breaking)
}

// Answers.

fn status(document: &Value, rng: &mut Rng, class: char, with_content: bool) -> Option<String> {
    let mut found = Vec::new();
    for site in operations(document) {
        let responses = document.pointer(&site.at).unwrap()["responses"].as_object().unwrap();
        for (status, response) in responses {
            let has_content = response["content"].as_object().is_some_and(|map| !map.is_empty());
            if status.starts_with(class) && (has_content || !with_content) {
                found.push(format!("{}/responses/{status}", site.at));
            }
        }
    }
    rng.maybe(&found).cloned()
}

fn status_added(
    document: &mut Value,
    rng: &mut Rng,
    status: &str,
    class: Class,
) -> Option<Expected> {
    let site = operation(document, rng);
    let responses = node(document, &format!("{}/responses", site.at));
    responses.insert(status.into(), json!({ "description": "" }));
    expected(Kind::StatusAdded, format!("{}/responses/{status}", site.at), class)
}

/// A success, and its body.
fn success(document: &Value, rng: &mut Rng, status: &str) -> Option<(OperationSite, Value)> {
    let site = operation_where(document, rng, |value| {
        let responses = value["responses"].as_object().unwrap();
        let successes: Vec<&String> =
            responses.keys().filter(|status| status.starts_with(['2', '3'])).collect();
        successes.len() == 1 && successes[0].starts_with('2') && successes[0] != status
    })?;
    let responses = document.pointer(&site.at)?["responses"].as_object()?;
    let (_, body) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
    Some((site, body.clone()))
}

fn answer_added(
    document: &mut Value,
    site: &OperationSite,
    status: &str,
    body: Value,
    class: Class,
) -> Option<Expected> {
    let responses = node(document, &format!("{}/responses", site.at));
    responses.insert(status.into(), body);
    expected(Kind::StatusAdded, format!("{}/responses/{status}", site.at), class)
}

fn same_status_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let (site, body) = success(document, rng, "206")?;
    answer_added(document, &site, "206", body, Additive)
}

/// What is in a body of JSON must not be missing; lists may be.
fn bare_status_added(document: &mut Value, rng: &mut Rng, status: &str) -> Option<Expected> {
    let (site, body) = success(document, rng, status)?;
    let media = body["content"].as_object().and_then(|content| content.iter().next());
    let (kind, schema) = match media {
        Some((kind, media)) => (kind.as_str(), media.get("schema")),
        None => ("", None),
    };
    let is_list = schema.is_some_and(|schema| {
        let reference = schema["$ref"].as_str().unwrap_or("#");
        schema["type"] == "array" || document.pointer(&reference[1..]).unwrap()["type"] == "array"
    });
    // Without a schema, what is written is acknowledged in a word.
    let is_json = kind == "application/json" && (schema.is_some() || site.method == "get");
    let class = match status {
        "302" if kind != "text/html" => Breaking,
        "204" if is_json && !is_list => Breaking,
        _ => Additive,
    };
    answer_added(document, &site, status, json!({ "description": "" }), class)
}

/// What answers with text, or in no word, may answer with JSON.
fn other_status_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let (site, body) = success(document, rng, "203")?;
    let media = body["content"].as_object().and_then(|content| content.keys().next());
    if media.is_some_and(|kind| kind != "text/plain") {
        return None;
    }
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    let body = json!({ "description": "", "content": content });
    answer_added(document, &site, "203", body, Additive)
}

fn status_removed(document: &mut Value, rng: &mut Rng, of: char, class: Class) -> Option<Expected> {
    let at = status(document, rng, of, false)?;
    let (responses, status) = at.rsplit_once('/')?;
    node(document, responses).remove(status);
    expected(Kind::StatusRemoved, at, class)
}

fn answer_body_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '2', true)?;
    let content = node(document, &at).remove("content")?;
    let kinds: Vec<&String> = content.as_object()?.keys().collect();
    let [kind] = kinds.as_slice() else { return None };
    expected(Kind::MediaTypeRemoved, format!("{at}/content/{}", escape(kind)), Breaking)
}

fn answer_media_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '2', true)?;
    node(document, &format!("{at}/content")).insert("text/csv".into(), json!({}));
    expected(Kind::MediaTypeAdded, format!("{at}/content/text~1csv"), Additive)
}

fn error_body(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '4', false)?;
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    node(document, &at).insert("content".into(), content);
    expected(Kind::MediaTypeAdded, format!("{at}/content/application~1json"), Internal)
}

fn header_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '2', false)?;
    let headers = node(document, &at).entry("headers").or_insert_with(|| json!({}));
    headers["Brand-New"] = json!({ "schema": text() });
    expected(Kind::HeaderAdded, format!("{at}/headers/Brand-New"), Internal)
}
