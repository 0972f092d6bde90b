//! Spelling of operations, parameters and media types.

use serde_json::{Value, json};

use super::{answers, parameters};
use crate::sites::{Rng, escape, node, operations};

/// What all operations of a path have may be said of the path.
pub(super) fn path_parameter(document: &mut Value, rng: &mut Rng) -> bool {
    let all = operations(document);
    let alone: Vec<_> = all
        .iter()
        .filter(|site| all.iter().filter(|other| other.path == site.path).count() == 1)
        .filter(|site| document.pointer(&site.at).unwrap().get("parameters").is_some())
        .collect();
    let Some(site) = rng.maybe(&alone).map(|site| (*site).clone()) else { return false };
    let parameters = node(document, &site.at).remove("parameters").unwrap();
    node(document, &format!("/paths/{}", escape(&site.path)))
        .insert("parameters".into(), parameters);
    true
}

pub(super) fn security_repeated(document: &mut Value, rng: &mut Rng) -> bool {
    let site = rng.pick(&operations(document)).clone();
    let whole = document["security"].clone();
    node(document, &site.at).entry("security").or_insert(whole);
    true
}

pub(super) fn style(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&parameters(document)).cloned() else { return false };
    let parameter = node(document, &at);
    let spread = parameter["in"] == "query";
    parameter.entry("style").or_insert(json!(if spread { "form" } else { "simple" }));
    parameter.entry("explode").or_insert(json!(spread));
    true
}

pub(super) fn host(document: &mut Value, _: &mut Rng) -> bool {
    if document.get("servers").is_some() {
        return false;
    }
    document["servers"] =
        json!([{ "url": "https://else.example.com:3001/", "description": "Else." }]);
    true
}

pub(super) fn media_case(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    media_spelled(document, &at, |kind| kind.replace("json", "JSON"))
}

pub(super) fn media_charset(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    let charset = *rng.pick(&["; charset=utf-8", ";charset=\"UTF-8\""]);
    media_spelled(document, &at, |kind| format!("{kind}{charset}"))
}

pub(super) fn request_charset(document: &mut Value, rng: &mut Rng) -> bool {
    let bodies: Vec<String> = operations(document)
        .iter()
        .map(|site| format!("{}/requestBody", site.at))
        .filter(|at| document.pointer(at).is_some_and(|body| body.get("$ref").is_none()))
        .collect();
    let Some(at) = rng.maybe(&bodies) else { return false };
    media_spelled(document, at, |kind| format!("{kind}; charset=utf-8"))
}

pub(super) fn media_spelled(
    document: &mut Value,
    at: &str,
    spelled: impl Fn(&str) -> String,
) -> bool {
    let content = node(document, at).get_mut("content").and_then(Value::as_object_mut);
    let Some(content) = content else { return false };
    // Said twice, it would be two.
    if content.keys().any(|kind| kind.contains(';')) {
        return false;
    }
    let media: Vec<(String, Value)> = std::mem::take(content).into_iter().collect();
    content.extend(media.into_iter().map(|(kind, value)| (spelled(&kind), value)));
    true
}
