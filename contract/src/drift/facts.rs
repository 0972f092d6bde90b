//! What an upstream document says, without what is for readers: what is kept of it in
//! `openapi/releases/`.
//!
//! It is smaller than the document, since equal schemas stand there once, and changes in few lines
//! when the document does.

use serde_json::{Map, Value, json};

use super::keywords::{is_prose, is_trivial};
use super::operations::without_prose;
use crate::contract::name;
use crate::document::{METHODS, all_mut};
use crate::error::Result;
use crate::hoist::{Pool, each_root};
use crate::names::{self, Names};
use crate::{canonical, refused, resolved, rules, walk};

/// What an operation says that is kept.
const KEPT: [&str; 8] = [
    "callbacks",
    "deprecated",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "security",
    "tags",
];

/// Makes the facts of an upstream document; schemas are named as the contract names what stands in
/// the same place.
///
/// # Errors
///
/// When the document is not OpenAPI 3.0; the error names the operation and the place.
pub fn facts(upstream: &Value, names: &Names) -> Result<Value> {
    noted_facts(upstream, names, &mut Vec::new())
}

/// The same, with what a person should look at.
pub(crate) fn noted_facts(
    upstream: &Value,
    names: &Names,
    notes: &mut Vec<String>,
) -> Result<Value> {
    let mut document = resolved(upstream, notes)?;
    walk::schemas(&mut document, &mut |schema, _| {
        bare(schema);
        Ok(())
    })
    .map_err(|error| refused::locate(error, upstream))?;
    operations(&mut document);
    let pool = Pool::hoist(&mut document);
    let names = names::assign(&document, &pool, names, &mut Vec::new())?;
    let mut schemas = Map::new();
    for (index, schema) in pool.schemas.iter().enumerate() {
        let mut schema = schema.clone();
        name(&mut schema, &names);
        schemas.insert(names.name(index).to_owned(), schema);
    }
    each_root(&mut document, &mut |schema| name(schema, &names));
    let paths = super::operations::base_paths(&super::reader::Doc { root: &document }, None);
    let servers: Vec<Value> = paths.iter().map(|path| json!({ "url": path })).collect();
    Ok(canonical::sorted(&json!({
        "openapi": "3.0.3",
        "info": { "title": "Facts of an upstream document", "version": "" },
        "servers": servers,
        "paths": document.get("paths"),
        "components": {
            "schemas": schemas,
            "securitySchemes": super::document::schemes(upstream),
        },
        "security": document.get("security").unwrap_or(&json!([])),
    })))
}

fn bare(schema: &mut walk::Schema) {
    unwrap(schema);
    let described = schema.contains_key("description");
    let lost = rules::mark_lost(schema);
    schema.retain(|key, value| !is_prose(key) && !is_trivial(key, value));
    if lost {
        schema.insert(rules::LOST.into(), true.into());
    }
    if schema.is_empty() && described {
        // That there is nothing but prose is a fact, too: vendoring goes by it.
        schema.insert("description".into(), json!(""));
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        // Of values that differ only by case the rules take the first for the real one.
        values.sort_by_cached_key(|value| value.to_string().to_lowercase());
    }
}

/// What is wrapped so that something could stand beside it: facts are made of facts, too.
fn unwrap(schema: &mut walk::Schema) {
    if let Some(Value::Array(parts)) = schema.get_mut("allOf")
        && let [Value::Object(part)] = &mut parts[..]
    {
        let part = std::mem::take(part);
        schema.remove("allOf");
        for (key, value) in part {
            schema.entry(key).or_insert(value);
        }
    }
}

fn operations(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for item in paths.into_iter().flat_map(|paths| paths.values_mut()) {
        let Some(item) = item.as_object_mut() else { continue };
        item.retain(|key, _| METHODS.contains(&key.as_str()));
    }
    all_mut(document).filter_map(|(_, _, value)| value.as_object_mut()).for_each(operation);
}

fn operation(operation: &mut Map<String, Value>) {
    operation.retain(|key, _| KEPT.contains(&key.as_str()));
    if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
        parameters.iter_mut().for_each(around);
        parameters.sort_by_cached_key(|one| (one["in"].to_string(), one["name"].to_string()));
    }
    operation.get_mut("requestBody").into_iter().for_each(body);
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(|responses| responses.values_mut()) {
        body(response);
        if let Some(response) = response.as_object_mut() {
            response.insert("description".into(), json!(""));
        }
        let headers = response.get_mut("headers").and_then(Value::as_object_mut);
        let headers = headers.into_iter().flat_map(|headers| headers.values_mut());
        headers.for_each(|header| *header = without_prose(header));
    }
}

fn body(body: &mut Value) {
    around(body);
    let content = body.get_mut("content").and_then(Value::as_object_mut);
    content.into_iter().flat_map(|content| content.values_mut()).for_each(around);
}

/// Drops what is for readers around schemas, not in them: a member may have such a name.
fn around(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        map.retain(|key, _| !is_prose(key) && key != "links");
    }
}
