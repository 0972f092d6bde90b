//! The pipeline on small documents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod corrections;
mod damage;
mod members;
mod names;
mod operations;
mod refusals;
mod retries;
mod series;
mod stable;
mod unions;

use serde_json::{Value, json};

use super::{Knowledge, Overlay, Series, Vendored, canonical, inline, vendor};

/// A document with these paths.
fn document(paths: Value) -> Value {
    json!({ "openapi": "3.0.1", "info": { "title": "Things", "version": "Cloud" }, "paths": paths })
}

/// A document with one operation, `GetThing`, that answers so.
fn answering(schema: Value) -> Value {
    let answer = json!({ "content": { "application/json": { "schema": schema } } });
    document(json!({ "/api/thing": { "get": {
        "operationId": "GetThing", "tags": ["Things"], "responses": { "200": answer }
    } } }))
}

/// A document with one operation, `CreateThing`, that takes this body.
fn taking(media: &str, schema: Value) -> Value {
    document(json!({ "/api/things": { "post": {
        "operationId": "CreateThing",
        "requestBody": { "content": { media: { "schema": schema } } },
        "responses": { "204": {} }
    } } }))
}

/// A document with one operation, `ListThings`, that takes these parameters.
fn asking(parameters: Value) -> Value {
    document(json!({ "/api/things": { "get": {
        "operationId": "ListThings", "parameters": parameters, "responses": { "204": {} }
    } } }))
}

/// A series of one.
fn series(document: Value) -> Series {
    Series::of("1.0.0".parse().unwrap(), document)
}

fn run(document: Value) -> Vendored {
    run_with(document, Knowledge::default())
}

fn run_with(document: Value, knowledge: Knowledge) -> Vendored {
    match vendor(&series(document), &knowledge) {
        Ok(vendored) => vendored,
        Err(error) => panic!("{error:#}"),
    }
}

/// What is known where only these actions are.
fn correcting(actions: &str) -> Knowledge {
    let overlay = format!("overlay: 1.0.0\nactions:\n{actions}\n");
    Knowledge { corrections: Overlay::parse(&overlay).unwrap(), ..Knowledge::default() }
}

/// Vendors once more with what the first run put on file.
fn again(document: Value, mut first: Vendored) -> Vendored {
    first.names = first.settled.clone();
    first.methods.settle();
    let (names, methods) = (first.names, first.methods);
    let corrections = Default::default();
    run_with(document, Knowledge { corrections, names, methods, ..Knowledge::default() })
}

/// Why a document is refused.
fn refusal(document: Value) -> String {
    match vendor(&series(document), &Knowledge::default()) {
        Ok(_) => panic!("the document is not refused"),
        Err(error) => format!("{error:#}"),
    }
}

fn text(vendored: &Vendored) -> String {
    canonical::print(&vendored.contract).unwrap()
}

/// What the contract of a document has at a pointer, references resolved.
fn at(document: Value, pointer: &str) -> Value {
    let inlined = inline::inline(&run(document).contract).unwrap();
    let found = inlined.pointer(pointer);
    found.unwrap_or_else(|| panic!("nothing at {pointer} in {inlined:#}")).clone()
}

/// How an answer is described in the contract.
fn answered(schema: Value) -> Value {
    let pointer = "/paths/~1api~1thing/get/responses/200/content/application~1json/schema";
    at(answering(schema), pointer)
}

/// How a member of an answer is described.
fn member(name: &str, schema: Value) -> Value {
    let whole = answered(json!({ "type": "object", "properties": { name: schema } }));
    whole["properties"][name].clone()
}

/// How a parameter is described.
fn parameter(parameter: Value) -> Value {
    at(asking(json!([parameter])), "/paths/~1api~1things/get/parameters/0")
}

/// An object of texts, all required.
fn object(names: &[&str]) -> Value {
    let properties: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}
