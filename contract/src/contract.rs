//! The contract, put together.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::canonical;
use super::document::{CORRECTED, METHODS};
use super::hoist::{Pool, each_root, reference};
use super::methods::Methods;
use super::names::{Assigned, SEARCH};
use super::rules;
use super::rules::is_search;

/// Everything under its name, in its canonical form.
pub(crate) fn assemble(
    mut document: Value,
    pool: &Pool,
    names: &Assigned,
    methods: &Methods,
    version: &str,
) -> Result<Value> {
    let mut schemas = Map::new();
    for (index, schema) in pool.schemas.iter().enumerate() {
        let mut schema = schema.clone();
        discriminate(&mut schema, pool, names);
        name(&mut schema, names);
        schemas.insert(names.name(index).to_owned(), schema);
    }
    each_root(&mut document, &mut |schema| name(schema, names));
    if operations(&mut document, methods) {
        let text = json!({ "type": "string" });
        schemas.insert(SEARCH.into(), json!({ "type": "object", "additionalProperties": text }));
    }
    Ok(canonical::sorted(&json!({
        "openapi": "3.0.3",
        "info": { "title": "Logto API contract", "version": version, CORRECTED: true },
        "paths": document.get("paths"),
        "components": { "schemas": schemas, "securitySchemes": security_schemes(&document) },
        "security": document.get("security").unwrap_or(&json!([])),
    })))
}

/// References by name.
pub(crate) fn name(schema: &mut Value, names: &Assigned) {
    if let Some(index) = reference(schema) {
        *schema = json!({ "$ref": path_of(names.name(index)) });
        return;
    }
    match schema {
        Value::Object(map) => map.values_mut().for_each(|value| name(value, names)),
        Value::Array(items) => items.iter_mut().for_each(|value| name(value, names)),
        _ => {}
    }
}

fn path_of(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

/// A union whose alternatives have a literal each says so.
fn discriminate(schema: &mut Value, pool: &Pool, names: &Assigned) {
    let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) else {
        return;
    };
    let indexes: Vec<usize> = alternatives.iter().filter_map(reference).collect();
    let targets: Vec<Map<String, Value>> = indexes
        .iter()
        .filter_map(|index| {
            pool.expand(pool.schemas.get(*index)?, &|index| index).as_object().cloned()
        })
        .collect();
    let Some(tag) = rules::tag_of(&targets).filter(|_| targets.len() == alternatives.len()) else {
        return;
    };
    let mut mapping = Map::new();
    for (index, target) in indexes.iter().zip(&targets) {
        for literal in rules::literals_of(target, &tag) {
            mapping.insert(literal, path_of(names.name(*index)).into());
        }
    }
    schema["discriminator"] = json!({ "propertyName": tag, "mapping": mapping });
}

/// What is ours about each operation; tells whether any has the advanced search.
fn operations(document: &mut Value, methods: &Methods) -> bool {
    let mut searches = false;
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) else {
                continue;
            };
            extend(path, operation, methods);
            searches |= refer_to_search(operation);
        }
    }
    searches
}

fn extend(path: &str, operation: &mut Map<String, Value>, methods: &Methods) {
    operation.insert("x-logto-api".into(), api(path).into());
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    if let Some(method) = methods.get(id) {
        operation.insert("tags".into(), json!([method.group]));
        operation.insert("x-logto-method".into(), json!(method.method));
        operation.remove("x-logto-arguments");
        if !method.arguments.is_empty() {
            operation.insert("x-logto-arguments".into(), json!(method.arguments));
        }
    }
    if is_paged(operation) {
        operation.insert("x-logto-paged".into(), true.into());
    }
}

/// Which of Logto's three APIs a path belongs to, which is also whose token it takes.
pub(crate) fn api(path: &str) -> &'static str {
    let below = |prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if below("/api/experience") {
        "experience"
    } else if below("/api/my-account") || below("/api/verifications") {
        "account"
    } else {
        "management"
    }
}

fn parameters(operation: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
}

fn is_paged(operation: &mut Map<String, Value>) -> bool {
    let names: Vec<&Value> = parameters(operation).map(|parameter| &parameter["name"]).collect();
    ["page", "page_size"].iter().all(|name| names.iter().any(|known| *known == name))
}

fn refer_to_search(operation: &mut Map<String, Value>) -> bool {
    let mut searches = false;
    for parameter in parameters(operation) {
        if parameter["name"].as_str().is_some_and(is_search) {
            parameter["schema"] = json!({ "$ref": path_of(SEARCH) });
            searches = true;
        }
    }
    searches
}

/// The schemes without their prose.
fn security_schemes(document: &Value) -> Value {
    let mut schemes = document.pointer("/components/securitySchemes").cloned().unwrap_or(json!({}));
    for scheme in schemes.as_object_mut().into_iter().flat_map(|schemes| schemes.values_mut()) {
        let Some(scheme) = scheme.as_object_mut() else {
            continue;
        };
        scheme.remove("description");
        let flows = scheme.get_mut("flows").and_then(Value::as_object_mut);
        for flow in flows.into_iter().flat_map(|flows| flows.values_mut()) {
            let scopes = flow.get_mut("scopes").and_then(Value::as_object_mut);
            scopes
                .into_iter()
                .flat_map(|scopes| scopes.values_mut())
                .for_each(|text| *text = json!(""));
        }
    }
    schemes
}
