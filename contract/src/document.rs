//! The document's frame: is it OpenAPI 3.0, and has every operation an id of its own?

use std::collections::BTreeMap;

use anyhow::Result;
use heck::ToUpperCamelCase;
use serde_json::{Map, Value};

use super::refused::{escape, refuse};

/// The methods an operation can have.
pub(crate) const METHODS: [&str; 8] =
    ["delete", "get", "head", "options", "patch", "post", "put", "trace"];

/// Marks a document that is already a contract.
pub(crate) const CORRECTED: &str = "x-corrected";

/// Whether the document is a contract, so that no correction is due any more.
#[must_use]
pub fn is_contract(document: &Value) -> bool {
    document.pointer("/info/x-corrected") == Some(&Value::Bool(true))
}

/// An operation and where it is.
pub(crate) struct Operation<'a> {
    pub(crate) id: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) value: &'a Value,
}

/// All operations that have an id, by path and method.
pub(crate) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let named = all(document).filter_map(|(path, method, value)| {
        let id = value.get("operationId").and_then(Value::as_str)?;
        Some(Operation { id, method, path, value })
    });
    named.collect()
}

/// All operations, by path and method.
pub(crate) fn all(document: &Value) -> impl Iterator<Item = (&str, &'static str, &Value)> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let values = METHODS.iter().map(|method| (*method, item.get(method)));
        values.filter_map(|(method, value)| Some((path.as_str(), method, value?)))
    })
}

/// The same, to change them.
pub(crate) fn all_mut(document: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Value)> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let values = item.as_object_mut().into_iter().flatten();
        let operations = values.filter(|(key, _)| METHODS.contains(&key.as_str()));
        operations.map(|(method, value)| (path.as_str(), method.as_str(), value))
    })
}

/// A path, with no word on how its parameters are called.
pub(crate) fn shape(path: &str) -> String {
    let mut parts = path.split('{');
    let fixed = parts.next().unwrap_or_default().to_owned();
    parts.fold(fixed, |shape, part| {
        let rest = part.split_once('}').map_or("", |(_, rest)| rest);
        format!("{shape}{{}}{rest}")
    })
}

/// Checks that this is an OpenAPI 3.0 document with paths.
pub(crate) fn check(document: &Value) -> Result<()> {
    let version = document.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.0") {
        return Err(refuse("/openapi", "not an OpenAPI 3.0 document"));
    }
    if !document.get("paths").is_some_and(Value::is_object) {
        return Err(refuse("/paths", "the document has no paths"));
    }
    Ok(())
}

/// Gives every operation of an inlined document an id and the parameters of its path.
pub(crate) fn prepare(document: &mut Value, notes: &mut Vec<String>) -> Result<()> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let mut ids = BTreeMap::new();
    for (path, item) in paths.into_iter().flatten() {
        let at = format!("/paths/{}", escape(path));
        let Some(item) = item.as_object_mut() else {
            return Err(refuse(&at, "a path item must be an object"));
        };
        prepare_item(path, item, &at, &mut ids, notes)?;
    }
    Ok(())
}

fn prepare_item(
    path: &str,
    item: &mut Map<String, Value>,
    at: &str,
    ids: &mut BTreeMap<String, String>,
    notes: &mut Vec<String>,
) -> Result<()> {
    let shared = item.remove("parameters");
    for (method, operation) in item.iter_mut().filter(|(key, _)| METHODS.contains(&key.as_str())) {
        let at = format!("{at}/{method}");
        let Some(operation) = operation.as_object_mut() else {
            return Err(refuse(&at, "an operation must be an object"));
        };
        let id = match operation.get("operationId").and_then(Value::as_str) {
            Some(id) if is_name(id) => id.to_owned(),
            Some(id) => return Err(refuse(&at, format!("operationId {id:?} is no identifier"))),
            None => {
                let id = derived_id(method, path);
                notes.push(format!("{} {path} has no operationId: {id}", method.to_uppercase()));
                id
            }
        };
        if let Some(other) = ids.insert(id.clone(), at.clone()) {
            return Err(refuse(&at, format!("operationId {id} is taken by {other}")));
        }
        operation.insert("operationId".into(), id.into());
        media_types(operation);
        if let Some(shared) = &shared {
            inherit(operation, shared);
        }
    }
    Ok(())
}

fn is_name(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Parameters of the path item hold for all its operations.
fn inherit(operation: &mut Map<String, Value>, shared: &Value) {
    let own = operation.entry("parameters").or_insert_with(|| Value::Array(Vec::new()));
    if let (Value::Array(own), Value::Array(shared)) = (own, shared) {
        own.extend(shared.iter().cloned());
    }
}

/// The name of a media type, in its one spelling: letters in lower case, and no parameters, which
/// say how a body is written and not what it is (`charset=utf-8`).
pub(crate) fn media_type(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Names the media types of an operation's bodies in that spelling. Of several spellings of one,
/// the first in that spelling stays.
fn media_types(operation: &mut Map<String, Value>) {
    let (body, answers): (Vec<_>, Vec<_>) =
        operation.iter_mut().partition(|(key, _)| *key == "requestBody");
    let answers = answers.into_iter().filter(|(key, _)| *key == "responses");
    let answers = answers.filter_map(|(_, value)| value.as_object_mut());
    let answers = answers.flat_map(|answers| answers.values_mut());
    for holder in body.into_iter().map(|(_, value)| value).chain(answers) {
        if let Some(Value::Object(content)) = holder.get_mut("content") {
            let mut spelled: Vec<(String, Value)> = std::mem::take(content).into_iter().collect();
            spelled.sort_by_key(|(name, _)| media_type(name) != *name);
            for (name, media) in spelled {
                content.entry(media_type(&name)).or_insert(media);
            }
        }
    }
}

/// The id of an operation that has none: a verb for the method, then the fixed parts of the path
/// in order, in the singular where a parameter follows.
///
/// `GET` is `List` where the last part is a plural, `Get` otherwise.
pub(crate) fn derived_id(method: &str, path: &str) -> String {
    let parts: Vec<&str> =
        path.split('/').filter(|part| !part.is_empty() && *part != "api").collect();
    let is_parameter = |part: &str| part.starts_with('{');
    let last = parts.last().copied().unwrap_or_default();
    let verb = match method {
        "get" if !is_parameter(last) && last.ends_with('s') && !last.ends_with("ss") => "List",
        "get" => "Get",
        "post" => "Create",
        "put" => "Replace",
        "patch" => "Update",
        other => &other.to_upper_camel_case(),
    };
    let mut id = verb.to_owned();
    for (i, part) in parts.iter().enumerate().filter(|(_, part)| !is_parameter(part)) {
        let addressed = parts.get(i + 1).is_some_and(|next| is_parameter(next));
        let part = if addressed { singular(part) } else { (*part).to_owned() };
        id.push_str(&part.to_upper_camel_case());
    }
    id
}

/// The singular of an English plural, as far as API paths go.
pub(crate) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "xes", "ches", "shes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}
