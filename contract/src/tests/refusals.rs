//! What cannot be vendored says where and why.

use serde_json::{Value, json};

use super::{
    answering, asking, correcting, document, object, refusal, run, series, taking, vendor,
};
use crate::Overlay;

/// The refusal names all of these.
fn refused(document: Value, parts: &[&str]) {
    let text = refusal(document);
    for part in parts {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

#[test]
fn what_is_no_openapi_document() {
    for document in [json!(null), json!([]), json!("x"), json!({})] {
        refused(document, &["/openapi", "OpenAPI 3.0"]);
    }
    refused(json!({ "openapi": "3.1.0", "paths": {} }), &["/openapi"]);
    refused(json!({ "swagger": "2.0", "paths": {} }), &["/openapi"]);
    refused(json!({ "openapi": "3.0.1" }), &["/paths"]);
}

#[test]
fn a_missing_operation_id_is_derived() {
    let get = json!({ "get": { "responses": { "204": {} } } });
    let vendored = run(document(json!({ "/api/things": get })));
    let operation = &vendored.contract["paths"]["/api/things"]["get"];
    assert_eq!(operation["operationId"], "ListThings");
    assert_eq!(vendored.notes, ["GET /api/things has no operationId: ListThings"]);
}

#[test]
fn operation_ids_are_identifiers_and_unique() {
    let get = |id: &str| json!({ "get": { "operationId": id, "responses": { "204": {} } } });
    refused(
        document(json!({ "/api/a": get("Same"), "/api/b": get("Same") })),
        &["Same", "/paths/~1api~1a/get", "/paths/~1api~1b/get"],
    );
    refused(document(json!({ "/api/a": get("get-a") })), &["get-a", "/paths/~1api~1a/get"]);
}

#[test]
fn references_that_lead_nowhere() {
    for reference in ["#/components/schemas/Gone", "other.json#/a", ""] {
        let found = answering(json!({ "properties": { "a": { "$ref": reference } } }));
        refused(found, &["GetThing", "/properties/a", reference]);
    }
}

#[test]
fn references_that_lead_back() {
    let mut document = answering(json!({ "$ref": "#/components/schemas/Node" }));
    document["components"] = json!({ "schemas": { "Node": { "type": "object", "properties": {
        "next": { "$ref": "#/components/schemas/Node" }
    } } } });
    refused(document, &["GetThing", "#/components/schemas/Node", "/next"]);
}

#[test]
fn bodies_that_are_neither_json_nor_a_form() {
    refused(
        taking("application/xml", json!({ "type": "string" })),
        &["CreateThing", "/paths/~1api~1things/post/requestBody"],
    );
    let mut bare = taking("application/json", json!({}));
    bare["paths"]["/api/things"]["post"]["requestBody"] =
        json!({ "content": { "application/json": {} } });
    refused(bare, &["CreateThing", "/requestBody", "schema"]);
}

#[test]
fn parameters_that_no_request_could_carry() {
    let text = json!({ "type": "string" });
    for parameter in [
        json!({ "name": "a", "in": "cookie", "schema": text }),
        json!({ "name": "", "in": "query", "schema": text }),
        json!({ "name": "a", "in": "path", "schema": text }),
        json!({ "name": "a", "in": "query" }),
    ] {
        refused(
            asking(json!([parameter])),
            &["ListThings", "/paths/~1api~1things/get/parameters/0"],
        );
    }
    let paths =
        json!({ "/api/{id}": { "get": { "operationId": "Get", "responses": { "204": {} } } } });
    refused(document(paths), &["operation Get", "id is not declared"]);
}

#[test]
fn answers_that_are_not_clear() {
    let content = json!({ "application/json": {}, "text/csv": {}, "text/html": {} });
    let mut several = answering(json!({}));
    several["paths"]["/api/thing"]["get"]["responses"]["200"]["content"] = content;
    refused(several, &["GetThing", "/responses/200", "media types"]);

    let mut kinds = answering(object(&["a"]));
    kinds["paths"]["/api/thing"]["get"]["responses"]["201"] =
        json!({ "content": { "application/json": { "schema": object(&["b"]) } } });
    refused(kinds, &["GetThing", "/responses", "200", "201"]);

    let none = document(json!({ "/api/thing": { "get": { "operationId": "GetThing" } } }));
    refused(none, &["GetThing", "/responses"]);
}

#[test]
fn schemas_beyond_the_contract() {
    let schema = "/responses/200/content/application~1json/schema";
    let lists = |kind: &str| json!({ "type": "array", "items": { "type": kind } });
    for broken in [
        json!({ "oneOf": [lists("string"), lists("number")] }),
        json!({ "oneOf": [] }),
        json!({ "oneOf": "x" }),
        json!({ "oneOf": [{}, {}], "anyOf": [{}, {}] }),
        json!({ "allOf": [object(&["a"]), object(&["b"])] }),
        json!({ "type": "null" }),
        json!({ "type": ["string", "number"] }),
        json!("x"),
    ] {
        refused(answering(broken), &["GetThing", schema]);
    }
}

#[test]
fn corrections_whose_target_is_no_jsonpath() {
    let error = vendor(&series(answering(json!({}))), &correcting("  - target: paths")).err();
    let text = error.unwrap().to_string();
    assert!(text.contains("target paths is not a JSONPath"), "{text}");
}

#[test]
fn corrections_that_add_what_is_not_clear() {
    let taken = "  - target: $.paths['/api/thing']
    update: { put: { operationId: GetThing, responses: { '204': {} } } }";
    let error = vendor(&series(answering(json!({}))), &correcting(taken)).err().unwrap();
    assert!(error.to_string().contains("GetThing is taken by /paths/~1api~1thing/get"), "{error}");
    let lost = "  - target: $.paths.*.get.responses['200'].content.*
    update: { schema: { $ref: '#/components/schemas/Gone' } }";
    let error = vendor(&series(answering(json!({}))), &correcting(lost)).err().unwrap();
    assert!(error.to_string().contains("#/components/schemas/Gone"), "{error}");
}

#[test]
fn overlays_of_another_version() {
    let error = Overlay::parse("overlay: 2.0.0").err().unwrap();
    assert!(error.to_string().contains("2.0.0"));
    assert!(Overlay::parse("actions: []").is_err());
    assert!(Overlay::parse("x").is_err());
}
