//! Spelling that is for people: descriptions, examples and the order of lists.

use serde_json::{Value, json};

use super::{answers, everywhere, parameters, schema, with};
use crate::sites::{Rng, escape, node, operations};

pub(super) fn reversed(document: &mut Value, _: &mut Rng) -> bool {
    everywhere(document, &mut |map| {
        for key in ["required", "enum", "parameters", "oneOf", "anyOf", "tags", "security"] {
            if let Some(Value::Array(items)) = map.get_mut(key) {
                items.reverse();
            }
        }
    });
    true
}

pub(super) fn described(document: &mut Value, rng: &mut Rng) -> bool {
    with(
        document,
        rng,
        |_| true,
        |schema| {
            schema["description"] = json!("Other words.");
            schema["title"] = json!("Title");
            schema["externalDocs"] = json!({ "url": "https://example.com" });
        },
    )
}

pub(super) fn examples(document: &mut Value, rng: &mut Rng) -> bool {
    with(
        document,
        rng,
        |_| true,
        |schema| {
            schema["example"] = json!({ "type": "integer", "$ref": "no reference" });
            schema["examples"] = json!(["one", { "required": ["two"] }]);
        },
    )
}

pub(super) fn operation_prose(document: &mut Value, rng: &mut Rng) -> bool {
    let site = rng.pick(&operations(document)).clone();
    let operation = node(document, &site.at);
    operation.insert("summary".into(), json!("Do it"));
    operation.insert("description".into(), json!("Does it."));
    operation.insert("externalDocs".into(), json!({ "url": "https://example.com" }));
    let path = format!("/paths/{}", escape(&site.path));
    node(document, &path).insert("description".into(), json!("Where it is."));
    document["info"] =
        json!({ "title": "Else", "version": "7", "x-corrected": document["info"]["x-corrected"] });
    true
}

pub(super) fn parameter_prose(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&parameters(document)).cloned() else { return false };
    let parameter = node(document, &at);
    parameter.insert("description".into(), json!("Which."));
    parameter.insert("example".into(), json!(7));
    parameter.insert("deprecated".into(), json!(false));
    true
}

pub(super) fn answer_prose(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    let answer = node(document, &at);
    answer.insert("description".into(), json!("What comes."));
    for media in answer.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
        media.1["example"] = json!({ "any": "thing" });
    }
    true
}

pub(super) fn tags(document: &mut Value, rng: &mut Rng) -> bool {
    let site = rng.pick(&operations(document)).clone();
    node(document, &site.at).insert("tags".into(), json!(["Elsewhere"]));
    document["tags"] = json!([{ "name": "Elsewhere" }]);
    true
}

pub(super) fn extension(document: &mut Value, rng: &mut Rng) -> bool {
    let site = rng.pick(&operations(document)).clone();
    node(document, &site.at).insert("x-logto-thing".into(), json!({ "$ref": 1 }));
    if let Some(at) = schema(document, rng) {
        node(document, &at).insert("x-thing".into(), json!("x"));
    }
    true
}
