//! What is about a document as a whole.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use super::kind::Kind;
use super::nowhere;
use super::operations::{base_paths, without_prose};
use super::reader::{Doc, Node};
use super::walk::{Detail, Walk};
use crate::document::all;
use crate::refused::{escape, refuse};

/// Refuses what nothing can be told about.
pub(super) fn check(document: &Value) -> Result<()> {
    let version = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        return Err(refuse("/openapi", "not an OpenAPI 3 document"));
    }
    if !document.get("paths").is_some_and(Value::is_object) {
        return Err(refuse("/paths", "the document has no paths"));
    }
    references(&Doc { root: document }, &Node::root(document), None)
}

/// Every reference leads somewhere, even where no operation leads to it.
fn references<'a>(doc: &Doc<'a>, node: &Node<'a>, holder: Option<&str>) -> Result<()> {
    if node.value.is_array() {
        return node.items().iter().try_for_each(|item| references(doc, item, None));
    }
    // A member may be called `$ref`; values are no schemas.
    let names = matches!(holder, Some("properties" | "schemas" | "mapping"));
    if !names && node.text("$ref").is_some() {
        doc.resolve(node)?;
        return Ok(());
    }
    for (key, child) in node.entries() {
        let is_value = matches!(key, "example" | "examples" | "default" | "enum" | "const");
        if names || !is_value && !key.starts_with("x-") {
            let holder = Some(key).filter(|_| !names);
            references(doc, &child, holder)?;
        }
    }
    Ok(())
}

/// Servers, and the schemes of security.
pub(super) fn frame(walk: &mut Walk<'_>) {
    let (before, after) = (base_paths(&walk.base, None), base_paths(&walk.upstream, None));
    if before != after {
        let detail = Detail::of(Some(json!(before)), Some(json!(after)));
        walk.report(Kind::BasePathChanged, &nowhere("servers"), "/servers", detail);
    }
    let (before, after) = (schemes(walk.base.root), schemes(walk.upstream.root));
    let used = used(walk.base.root);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (one, other) = (before.get(name), after.get(name));
        let kind = match (one, other) {
            (Some(one), Some(other)) if one == other => continue,
            (Some(_), Some(_)) => Kind::SchemeChanged,
            (Some(_), None) => Kind::SchemeRemoved,
            (None, _) => Kind::SchemeAdded,
        };
        let pointer = format!("/components/securitySchemes/{}", escape(name));
        let must = used.contains(name);
        let detail = Detail { must, ..Detail::of(one.cloned(), other.cloned()) };
        walk.report(kind, &nowhere(&format!("security scheme {name}")), &pointer, detail);
    }
}

/// The schemes without what is for readers: scopes are names, whatever is said of them.
pub(super) fn schemes(root: &Value) -> serde_json::Map<String, Value> {
    let schemes = root.pointer("/components/securitySchemes").map(without_prose);
    let mut schemes = match schemes {
        Some(Value::Object(schemes)) => schemes,
        _ => return serde_json::Map::new(),
    };
    for scheme in schemes.values_mut() {
        let flows = scheme.get_mut("flows").and_then(Value::as_object_mut);
        for flow in flows.into_iter().flat_map(|flows| flows.values_mut()) {
            let scopes = flow.get_mut("scopes").and_then(Value::as_object_mut);
            let scopes = scopes.into_iter().flat_map(|scopes| scopes.values_mut());
            scopes.for_each(|text| *text = json!(""));
        }
    }
    schemes
}

fn used(root: &Value) -> BTreeSet<String> {
    all(root)
        .map(|(_, _, operation)| &operation["security"])
        .chain([&root["security"]])
        .flat_map(|security| security.as_array().into_iter().flatten())
        .flat_map(|requirement| requirement.as_object().into_iter().flatten())
        .map(|(scheme, _)| scheme.clone())
        .collect()
}
