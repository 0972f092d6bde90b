//! Answers.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::canonical::shape;
use crate::document::all_mut;
use crate::refused::{escape, refuse};

/// Every documented status stays; errors look the same everywhere, so they say nothing.
pub(crate) fn canonical(document: &mut Value) -> Result<()> {
    for (path, method, operation) in all_mut(document) {
        let at = format!("/paths/{}/{method}/responses", escape(path));
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
            return Err(refuse(&at, "an operation without responses"));
        };
        for (status, response) in responses.iter_mut() {
            *response = answer(method, status, response, &format!("{at}/{status}"))?;
        }
        one_kind(responses, &at)?;
    }
    Ok(())
}

fn answer(method: &str, status: &str, response: &Value, at: &str) -> Result<Value> {
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        return Ok(json!({ "description": "" }));
    };
    if !status.starts_with('2') || content.is_empty() {
        return Ok(json!({ "description": "" }));
    }
    // Upstream adds JSON to every answer: another media type beside it was put there by hand.
    let only = content.len() == 1;
    let mut media_types = content.iter().filter(|(media, _)| only || *media != "application/json");
    let (Some((media, value)), None) = (media_types.next(), media_types.next()) else {
        return Err(refuse(at, "an answer in several media types: which one is sent?"));
    };
    let content = match value.get("schema") {
        Some(schema) => json!({ media: { "schema": schema } }),
        None if media != "application/json" => json!({ media: { "schema": { "type": "string" } } }),
        // No schema: reading gives JSON of some shape, writing is acknowledged in a word.
        None if method == "get" => json!({ media: { "schema": {} } }),
        None => json!({ "text/plain": { "schema": { "type": "string" } } }),
    };
    Ok(json!({ "content": content, "description": "" }))
}

/// Success has one kind of body, whatever its status; beside it there may be none.
fn one_kind(responses: &Map<String, Value>, at: &str) -> Result<()> {
    let mut kinds = responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(status, response)| Some((status, response.get("content")?)));
    let Some((first, kind)) = kinds.next() else {
        return Ok(());
    };
    match kinds.find(|(_, other)| shape(other) != shape(kind)) {
        Some((status, _)) => {
            Err(refuse(at, format!("{first} and {status} answer with two kinds of body")))
        }
        None => Ok(()),
    }
}
