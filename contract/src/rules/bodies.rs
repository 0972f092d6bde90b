//! Request bodies.

use anyhow::Result;
use serde_json::{Value, json};

use crate::document::all_mut;
use crate::refused::{escape, refuse};
use crate::walk::{Place, Schema, Side};

/// The parts of an upload are files, of which the document says nothing but prose.
pub(crate) fn files(schema: &mut Schema, place: &Place) -> Result<()> {
    let upload =
        place.side == Side::Request && place.pointer.ends_with("/multipart~1form-data/schema");
    let Some(file) = schema
        .get_mut("properties")
        .filter(|_| upload)
        .and_then(|properties| properties.get_mut("file"))
    else {
        return Ok(());
    };
    *file = json!({ "type": "string", "format": "binary" });
    schema.insert("type".into(), "object".into());
    schema.insert("required".into(), json!(["file"]));
    Ok(())
}

/// One media type a body, and whether it must be sent.
pub(crate) fn canonical(document: &mut Value) -> Result<()> {
    for (path, method, operation) in all_mut(document) {
        let Some(body) = operation.get_mut("requestBody") else {
            continue;
        };
        let at = format!("/paths/{}/{method}/requestBody", escape(path));
        *body = one_body(body, &at)?;
    }
    Ok(())
}

/// A form where one is offered, JSON otherwise.
pub(crate) const PREFERRED: [&str; 3] =
    [UPLOAD, "application/x-www-form-urlencoded", "application/json"];

/// The media type of files.
pub(crate) const UPLOAD: &str = "multipart/form-data";

fn one_body(body: &Value, at: &str) -> Result<Value> {
    let content = body.get("content").and_then(Value::as_object);
    let offered = |media: &&str| content.is_some_and(|content| content.contains_key(*media));
    let Some(media) = PREFERRED.iter().find(|media| offered(media)) else {
        return Err(refuse(at, "a body that is neither JSON nor a form"));
    };
    let Some(schema) = content.and_then(|content| content[*media].get("schema")) else {
        return Err(refuse(at, "a body without a schema"));
    };
    let required = body.get("required") == Some(&Value::Bool(true)) || requires_members(schema);
    Ok(json!({ "content": { *media: { "schema": schema } }, "required": required }))
}

/// A body with members that must be sent must be sent itself.
fn requires_members(schema: &Value) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|names| !names.is_empty())
}
