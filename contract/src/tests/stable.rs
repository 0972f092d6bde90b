//! The same contract from the same facts, however they are written down.

use serde_json::{Value, json};

use super::{again, run, run_with, text};
use crate::Knowledge;

/// A document with a bit of everything.
pub(super) fn sample() -> Value {
    json!({
        "openapi": "3.0.1",
        "info": { "title": "Things", "description": "All about things.", "version": "Cloud" },
        "paths": {
            "/api/things": {
                "get": {
                    "operationId": "ListThings",
                    "tags": ["Things"],
                    "summary": "List things",
                    "parameters": [
                        { "name": "page", "in": "query", "schema": { "type": "integer", "default": 1 } },
                        { "name": "page_size", "in": "query", "schema": { "type": "integer" } },
                        { "name": "search_params", "in": "query", "schema": { "type": "object" } },
                        { "name": "includeOld", "in": "query", "schema": { "type": "string" } }
                    ],
                    "responses": { "200": { "description": "Things.", "content": {
                        "application/json": { "schema": { "type": "array", "items": thing() } }
                    } }, "403": { "description": "No." } }
                },
                "post": {
                    "operationId": "CreateThing",
                    "tags": ["Things"],
                    "requestBody": { "content": { "application/json": { "schema": {
                        "type": "object", "required": ["name", "kind"],
                        "properties": {
                            "kind": { "type": "string", "enum": ["Small", "Large"] },
                            "name": { "type": "string", "pattern": "/^x$/" },
                            "password": { "type": "string" },
                            "proof": proof()
                        }
                    } } } },
                    "responses": { "201": { "content": { "application/json": { "schema": thing() } } } }
                }
            },
            "/api/things/{id}/logo": {
                "parameters": [{ "name": "id", "in": "path", "schema": { "type": "string" } }],
                "post": {
                    "operationId": "UploadLogo",
                    "requestBody": { "content": { "multipart/form-data": { "schema": {
                        "properties": { "file": { "description": "The logo." } }
                    } } } },
                    "responses": { "200": { "content": { "application/json": {} } } }
                }
            }
        },
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
        "security": [{ "token": [] }]
    })
}

fn thing() -> Value {
    json!({
        "type": "object", "description": "A thing.",
        "required": ["id", "kind", "createdAt", "redirectUris"],
        "properties": {
            "id": { "type": "string", "minLength": 1, "maxLength": 21 },
            "kind": { "type": "string", "enum": ["Small", "Large", "large"] },
            "createdAt": { "type": "number" },
            "redirectUris": { "type": "array", "items": { "type": "object" } },
            "mood": { "type": "string", "nullable": true, "enum": ["Good", "Bad"] },
            "customData": { "type": "object" },
            "proof": proof()
        }
    })
}

fn proof() -> Value {
    let parts = |hint: Value| {
        json!({ "type": "object", "required": hint, "properties": {
        "from": { "type": "string" }, "to": { "type": "string" }
    } })
    };
    json!({ "nullable": true, "oneOf": [
        { "type": "object", "required": ["type", "code"], "properties": {
            "hint": parts(json!(["from", "to"])),
            "type": { "type": "string", "format": "\"Totp\"" },
            "code": { "type": "string" }
        } },
        { "type": "object", "required": ["type", "token"], "properties": {
            "hint": parts(json!(["from", "to"])),
            "type": { "type": "string", "format": "\"Email\"" },
            "token": { "type": "string" }
        } }
    ] })
}

/// The document written in another way gives the same contract, methods kept.
fn same(rewritten: Value) {
    let first = run(sample());
    let methods = toml::from_str(&first.methods.print().unwrap()).unwrap();
    let knowledge = Knowledge { methods, ..Knowledge::default() };
    let second = run_with(rewritten, knowledge);
    assert_same(&text(&first), &text(&second));
    assert_eq!(first.names.print().unwrap(), second.names.print().unwrap());
}

/// Equal, or the first line that differs.
fn assert_same(one: &str, other: &str) {
    for (i, (one, other)) in one.lines().zip(other.lines()).enumerate() {
        assert_eq!(one, other, "line {}", i + 1);
    }
    assert_eq!(one.len(), other.len());
}

/// Applies a change to every object of a document, inner ones first.
fn everywhere(value: &mut Value, change: &dyn Fn(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(|value| everywhere(value, change));
            change(map);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| everywhere(item, change)),
        _ => {}
    }
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    same(sample());
}

#[test]
fn a_contract_vendored_again_stays() {
    let mut first = run(sample());
    first.names = first.settled.clone();
    first.methods.settle();
    let (contract, before) = (first.contract.clone(), text(&first));
    let names = first.names.print().unwrap();
    let methods = first.methods.print().unwrap();
    let second = again(contract, first);
    assert_same(&before, &text(&second));
    assert_eq!(names, second.names.print().unwrap());
    assert_eq!(methods, second.methods.print().unwrap());
    assert!(second.notes.is_empty());
}

#[test]
fn order_does_not_matter() {
    let mut reordered = sample();
    everywhere(&mut reordered, &|map| {
        let entries: Vec<_> = std::mem::take(map).into_iter().collect();
        map.extend(entries.into_iter().rev());
        for key in ["required", "parameters", "oneOf"] {
            if let Some(Value::Array(items)) = map.get_mut(key) {
                items.reverse();
            }
        }
    });
    same(reordered);
}

#[test]
fn the_order_of_required_members_does_not_move_alternatives() {
    let mut reordered = sample();
    everywhere(&mut reordered, &|map| {
        if map.get("properties").is_some_and(|map| map.get("token").is_some()) {
            map["properties"]["hint"]["required"] = json!(["to", "from"]);
        }
    });
    same(reordered.clone());
    everywhere(&mut reordered, &|map| {
        if map.get("properties").is_some_and(|map| map.get("code").is_some()) {
            map["properties"]["hint"]["required"] = json!(["to", "from"]);
        }
        if map.get("properties").is_some_and(|map| map.get("token").is_some()) {
            map["properties"]["hint"]["required"] = json!(["from", "to"]);
        }
    });
    same(reordered);
}

#[test]
fn equal_answers_may_list_required_members_in_any_order() {
    let mut twice = sample();
    let answers = &mut twice["paths"]["/api/things"]["post"]["responses"];
    answers["200"] = answers["201"].clone();
    let plain = text(&run(twice.clone()));
    let required =
        "/paths/~1api~1things/post/responses/200/content/application~1json/schema/required";
    let required = twice.pointer_mut(required).and_then(Value::as_array_mut);
    required.unwrap().reverse();
    assert_same(&plain, &text(&run(twice)));
}

#[test]
fn prose_and_examples_do_not_matter() {
    let mut reworded = sample();
    everywhere(&mut reworded, &|map| {
        if let Some(text) = map.get_mut("description").filter(|text| text.is_string()) {
            *text = "Something else.".into();
        }
        let is_scheme = map.contains_key("scheme");
        if map.get("type").is_some_and(Value::is_string) && !is_scheme {
            map.insert("example".into(), json!({ "any": ["thing"] }));
            map.insert("title".into(), "A title".into());
        }
    });
    same(reworded);
}

#[test]
fn a_schema_may_be_referred_to() {
    let mut moved = sample();
    let place = moved
        .pointer_mut("/paths/~1api~1things/post/responses/201/content/application~1json/schema")
        .unwrap();
    let schema = std::mem::replace(place, json!({ "$ref": "#/components/schemas/some-thing" }));
    moved["components"]["schemas"] = json!({ "some-thing": schema });
    let item = moved.pointer_mut(
        "/paths/~1api~1things/get/responses/200/content/application~1json/schema/items",
    );
    *item.unwrap() = json!({ "$ref": "#/components/schemas/some-thing" });
    let response = &mut moved["paths"]["/api/things"]["get"]["responses"]["200"];
    let whole = std::mem::replace(response, json!({ "$ref": "#/components/responses/things" }));
    moved["components"]["responses"] = json!({ "things": whole });
    same(moved);
}

#[test]
fn all_of_one_is_that_one() {
    let mut wrapped = sample();
    everywhere(&mut wrapped, &|map| {
        let is_schema = map.get("type").is_some_and(Value::is_string) || map.contains_key("oneOf");
        if is_schema || map.contains_key("properties") {
            let inner = std::mem::take(map);
            map.insert("allOf".into(), json!([inner]));
        }
    });
    wrapped["components"] = sample()["components"].clone();
    same(wrapped);
}
