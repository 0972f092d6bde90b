//! The contract, put together.

use serde_json::{Map, Value, json};

use super::apart::bare;
use super::canonical;
use super::document::{CORRECTED, all_mut};
use super::hoist::{Pool, each_root, reference, used};
use super::merge::span::{SPAN, Span, publish};
use super::methods::{Methods, Required};
use super::names::{Assigned, SEARCH};
use super::rules;
use super::rules::is_search;
use super::series::Version;

/// What a contract is put together from, beside the document.
pub(crate) struct Parts<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) names: &'a Assigned,
    pub(crate) methods: &'a Methods,
    pub(crate) required: &'a Required,
    /// The releases of the series, oldest first.
    pub(crate) versions: &'a [Version],
}

/// Everything under its name, in its canonical form.
pub(crate) fn assemble(mut document: Value, parts: &Parts<'_>) -> Value {
    let Parts { pool, names, versions, .. } = parts;
    let whole = Span::whole(versions.len());
    let mut schemas = Map::new();
    for (index, schema) in pool.schemas.iter().enumerate() {
        let mut schema = bare(schema.clone());
        discriminate(&mut schema, pool, names);
        name(&mut schema, names);
        if let Some(span) = pool.spans.get(index) {
            schema[SPAN] = span.value();
        }
        publish(&mut schema, whole, versions);
        schemas.insert(names.name(index).to_owned(), schema);
    }
    each_root(&mut document, &mut |schema| name(schema, names));
    publish(&mut document["paths"], whole, versions);
    if operations(&mut document, parts) {
        let text = json!({ "type": "string" });
        schemas.insert(SEARCH.into(), json!({ "type": "object", "additionalProperties": text }));
    }
    let releases: Vec<String> = versions.iter().map(ToString::to_string).collect();
    canonical::sorted(&json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Logto API contract",
            "version": releases.last(),
            CORRECTED: true,
            RELEASES: releases,
        },
        "paths": document.get("paths"),
        "components": { "schemas": schemas, "securitySchemes": security_schemes(&document) },
        "security": document.get("security").unwrap_or(&json!([])),
    }))
}

/// The releases that a contract is of, oldest first.
pub(crate) const RELEASES: &str = "x-logto-releases";

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
    let indexes: Vec<usize> = alternatives.iter().filter_map(used).collect();
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
fn operations(document: &mut Value, parts: &Parts<'_>) -> bool {
    let mut searches = false;
    for (path, _, operation) in all_mut(document) {
        let Some(operation) = operation.as_object_mut() else {
            continue;
        };
        extend(path, operation, parts);
        searches |= refer_to_search(operation);
    }
    searches
}

fn extend(path: &str, operation: &mut Map<String, Value>, parts: &Parts<'_>) {
    operation.insert("x-logto-api".into(), api(path).into());
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    if let Some(method) = parts.methods.get(id) {
        let required = parts.required.get(id).map(Vec::as_slice).unwrap_or_default();
        let arguments = method.arguments(required);
        operation.insert("tags".into(), json!([method.group]));
        operation.insert("x-logto-method".into(), json!(method.method));
        operation.remove("x-logto-arguments");
        if !arguments.is_empty() {
            operation.insert("x-logto-arguments".into(), json!(arguments));
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
    // The API of interactions is what the Experience API came after.
    if below("/api/experience") || below("/api/interaction") {
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
