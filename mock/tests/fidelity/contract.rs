//! What the contract says of requests: which operations there are, and what their bodies hold.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/logto.json");

fn document() -> &'static Value {
    static PARSED: OnceLock<Value> = OnceLock::new();
    PARSED.get_or_init(|| {
        let text = std::fs::read_to_string(DOCUMENT).expect("the contract");
        serde_json::from_str(&text).expect("a contract in JSON")
    })
}

pub(crate) fn operation(method: &str, template: &str) -> Option<&'static Value> {
    document()["paths"].get(template)?.get(method.to_lowercase())
}

fn resolve(schema: &'static Value) -> &'static Value {
    let mut schema = schema;
    while let Some(name) = schema["$ref"].as_str() {
        schema = document().pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null);
    }
    match schema["allOf"].as_array() {
        Some(parts) if parts.len() == 1 => resolve(&parts[0]),
        _ => schema,
    }
}

/// The schema of the JSON body that an operation takes.
pub(crate) fn body(method: &str, template: &str) -> Option<&'static Value> {
    let operation = operation(method, template)?;
    let schema = operation.pointer("/requestBody/content/application~1json/schema")?;
    Some(resolve(schema))
}

/// The path of the items of a collection, whatever their parameter is called.
pub(crate) fn item(collection: &str) -> Option<&'static str> {
    let start = format!("{collection}/{{");
    let mut paths = document()["paths"].as_object()?.keys();
    let own = paths.find(|path| {
        path.strip_prefix(&start).is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
    });
    own.map(String::as_str)
}

/// What the item of a collection takes to be changed.
pub(crate) fn change_of_item(collection: &str) -> Option<&'static Value> {
    body("PATCH", item(collection)?)
}

/// The one field of a body, if it is a list of objects, and their schema.
pub(crate) fn list_of_body(method: &str, template: &str) -> Option<(&'static str, &'static Value)> {
    let mut fields = body(method, template)?["properties"].as_object()?.iter();
    let (name, schema) = fields.next().filter(|_| fields.next().is_none())?;
    let items = resolve(resolve(schema).get("items")?);
    (items["type"] == "object").then_some((name, items))
}

/// The one field of a body that lists what is to be linked: `userIds`, `roleIds` and their like.
pub(crate) fn linked(method: &str, template: &str) -> Option<&'static str> {
    let body = body(method, template)?;
    let properties = body["properties"].as_object()?;
    let is_list = |schema: &'static Value| resolve(schema)["type"] == "array";
    let mut names = properties
        .iter()
        .filter(|(name, schema)| name.ends_with("Ids") && is_list(schema))
        .map(|(name, _)| name.as_str());
    let found = names.next()?;
    let mut required = body["required"].as_array().into_iter().flatten();
    (!properties.contains_key("name") && required.all(|name| name == found)).then_some(found)
}

/// For a list of what something belongs to: the collection of that, what its members are called
/// there, and the field that adds some.
pub(crate) fn mirrored(collection: &str) -> Option<(String, String, &'static str)> {
    let parts: Vec<&str> = collection.split('/').collect();
    let ["", "api", members, _, owners] = parts.as_slice() else { return None };
    let owners = format!("/api/{owners}");
    let (end, field) = below(&owners, members)?;
    Some((owners, end, field))
}

/// What is assigned to an item of a collection below its path: the end of that path, and the field
/// of its body.
pub(crate) fn below(collection: &str, end: &str) -> Option<(String, &'static str)> {
    let start = format!("{collection}/{{");
    let paths = document()["paths"].as_object()?;
    let template = paths.keys().find(|path| {
        let rest = path.strip_prefix(&start).and_then(|rest| rest.split_once('}'));
        rest.is_some_and(|(_, rest)| rest.strip_prefix('/') == Some(end))
    })?;
    Some((end.to_owned(), linked("POST", template)?))
}

/// A body for an operation: what is known of an entity, and a value for each field that has to
/// be there.
pub(crate) fn fill(schema: &'static Value, known: &Map<String, Value>, number: usize) -> Value {
    let mut body = Map::new();
    let schema = variant(schema, known);
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        match known.get(name) {
            Some(value) if !value.is_null() && *value != json!([]) => {
                body.insert(name.clone(), value.clone());
            }
            _ if required.contains(&name.as_str()) => {
                body.insert(name.clone(), example(name, resolve(schema), number));
            }
            _ => {}
        }
    }
    body.into()
}

/// The alternative of a union that what is known fits best.
fn variant(schema: &'static Value, known: &Map<String, Value>) -> &'static Value {
    let schema = resolve(schema);
    let alternatives = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let fits = |alternative: &&'static Value| {
        let properties = resolve(alternative)["properties"].as_object();
        properties.map_or(0, |own| own.keys().filter(|name| known.contains_key(*name)).count())
    };
    match alternatives.into_iter().flatten().max_by_key(fits) {
        Some(best) => variant(best, known),
        None => schema,
    }
}

fn example(name: &str, schema: &'static Value, number: usize) -> Value {
    if let Some(value) = schema["enum"].as_array().and_then(|values| values.first()) {
        return value.clone();
    }
    match schema["type"].as_str() {
        Some("array") => json!([]),
        Some("boolean") => false.into(),
        Some("integer" | "number") => 4_102_444_800_000_u64.into(),
        Some("object") => fill(schema, &Map::new(), number),
        _ => match name.to_lowercase() {
            name if name.contains("email") => format!("made{number}@example.com").into(),
            name if name.contains("url") || name.contains("uri") || name.contains("indicator") => {
                format!("https://made{number}.example.com").into()
            }
            name if name == "providername" => "OIDC".into(),
            name if name == "connectorid" => "mock-social-connector".into(),
            name if name.contains("domain") => format!("made{number}.example.com").into(),
            _ => format!("made{number}").into(),
        },
    }
}

/// The schema of what an operation answers with a status.
pub(crate) fn answer(method: &str, template: &str, status: u16) -> Option<&'static Value> {
    let content = &operation(method, template)?["responses"][status.to_string()]["content"];
    content.get("application/json").map(|own| resolve(&own["schema"]))
}

/// Whether values of a schema hold whatever was put there.
pub(crate) fn is_free_form(schema: &Value) -> bool {
    let fixed = ["properties", "additionalProperties", "allOf", "oneOf", "enum", "items"];
    let is_object = schema["type"] == "object" || schema.get("type").is_none();
    schema.is_object()
        && is_object
        && fixed.iter().all(|name| schema.get(*name).is_none_or(|own| *own == true))
}

/// The schema of a member of an object.
pub(crate) fn member(schema: Option<&'static Value>, name: &str) -> Option<&'static Value> {
    let schema = schema?;
    if let Some(own) = schema["properties"].get(name) {
        return Some(resolve(own));
    }
    let parts = ["allOf", "oneOf"].into_iter().filter_map(|form| schema[form].as_array()).flatten();
    parts.filter_map(|part| member(Some(resolve(part)), name)).next()
}

/// The schema of the values of a map, whose names are not told.
pub(crate) fn values(schema: Option<&'static Value>) -> Option<&'static Value> {
    let own = schema.filter(|own| own.get("properties").is_none())?;
    own.get("additionalProperties").filter(|own| own.is_object()).map(resolve)
}

/// The schema of the items of an array.
pub(crate) fn items(schema: Option<&'static Value>) -> Option<&'static Value> {
    schema?.get("items").map(resolve)
}
