//! Changes of the bodies of requests, and of responses.

use logto_api_contract::drift::{Class, Kind};
use serde_json::{Value, json};

use super::{
    Expected, expected,
    operations::{operation, operation_where},
};
use crate::sites::{OperationSite, Rng, escape, node, operations, text};
use Class::{Additive, Breaking, Internal};

pub(super) fn with_body(document: &Value, rng: &mut Rng) -> Option<String> {
    let site = operation_where(document, rng, |value| value.get("requestBody").is_some())?;
    Some(format!("{}/requestBody", site.at))
}

pub(super) fn body_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let site = operation_where(document, rng, |value| value.get("requestBody").is_none())?;
    let required = rng.coin();
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    let body = json!({ "content": content, "required": required });
    node(document, &site.at).insert("requestBody".into(), body);
    let class = if required { Breaking } else { Additive };
    expected(Kind::BodyAdded, format!("{}/requestBody", site.at), class)
}

pub(super) fn body_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = with_body(document, rng)?;
    node(document, at.strip_suffix("/requestBody")?).remove("requestBody");
    expected(Kind::BodyRemoved, at, Breaking)
}

pub(super) fn body_required(document: &mut Value, rng: &mut Rng, was: bool) -> Option<Expected> {
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

pub(super) fn body_media_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = with_body(document, rng)?;
    node(document, &format!("{at}/content")).insert("application/xml".into(), json!({}));
    expected(Kind::MediaTypeAdded, format!("{at}/content/application~1xml"), Additive)
}

/// One of two: the new one comes with another word.
pub(super) fn body_media_replaced(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = with_body(document, rng)?;
    let content = node(document, &format!("{at}/content"));
    let kind = content.keys().next()?.clone();
    content.remove(&kind);
    expected(Kind::MediaTypeRemoved, format!("{at}/content/{}", escape(&kind)), Breaking)
}

pub(super) fn status(
    document: &Value,
    rng: &mut Rng,
    class: char,
    with_content: bool,
) -> Option<String> {
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

pub(super) fn status_added(
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
pub(super) fn success(
    document: &Value,
    rng: &mut Rng,
    status: &str,
) -> Option<(OperationSite, Value)> {
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

pub(super) fn answer_added(
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

pub(super) fn same_status_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let (site, body) = success(document, rng, "206")?;
    answer_added(document, &site, "206", body, Additive)
}

/// What is in a body of JSON must not be missing; lists may be.
pub(super) fn bare_status_added(
    document: &mut Value,
    rng: &mut Rng,
    status: &str,
) -> Option<Expected> {
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
pub(super) fn other_status_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let (site, body) = success(document, rng, "203")?;
    let media = body["content"].as_object().and_then(|content| content.keys().next());
    if media.is_some_and(|kind| kind != "text/plain") {
        return None;
    }
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    let body = json!({ "description": "", "content": content });
    answer_added(document, &site, "203", body, Additive)
}

pub(super) fn status_removed(
    document: &mut Value,
    rng: &mut Rng,
    of: char,
    class: Class,
) -> Option<Expected> {
    let at = status(document, rng, of, false)?;
    let (responses, status) = at.rsplit_once('/')?;
    node(document, responses).remove(status);
    expected(Kind::StatusRemoved, at, class)
}

pub(super) fn answer_body_removed(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '2', true)?;
    let content = node(document, &at).remove("content")?;
    let kinds: Vec<&String> = content.as_object()?.keys().collect();
    let [kind] = kinds.as_slice() else { return None };
    expected(Kind::MediaTypeRemoved, format!("{at}/content/{}", escape(kind)), Breaking)
}

pub(super) fn answer_media_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '2', true)?;
    node(document, &format!("{at}/content")).insert("text/csv".into(), json!({}));
    expected(Kind::MediaTypeAdded, format!("{at}/content/text~1csv"), Additive)
}

pub(super) fn error_body(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '4', false)?;
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    node(document, &at).insert("content".into(), content);
    expected(Kind::MediaTypeAdded, format!("{at}/content/application~1json"), Internal)
}

pub(super) fn header_added(document: &mut Value, rng: &mut Rng) -> Option<Expected> {
    let at = status(document, rng, '2', false)?;
    let headers = node(document, &at).entry("headers").or_insert_with(|| json!({}));
    headers["Brand-New"] = json!({ "schema": text() });
    expected(Kind::HeaderAdded, format!("{at}/headers/Brand-New"), Internal)
}
