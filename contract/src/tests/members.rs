//! Rules on single schemas.

use serde_json::json;

use super::{answered, at, document, member, object, parameter, taking};

#[test]
fn literals_are_read_from_formats() {
    let literal = |format: &str| member("kind", json!({ "type": "string", "format": format }));
    assert_eq!(literal("\"Totp\""), json!({ "type": "string", "enum": ["Totp"] }));
    assert_eq!(literal("false"), json!({ "type": "boolean", "enum": [false] }));
}

#[test]
fn checks_and_prose_are_dropped() {
    let checked = json!({
        "type": "string", "format": "regex", "pattern": "/^x$/", "minLength": 1, "maxLength": 9,
        "default": 3, "example": "x", "description": "A name.", "title": "Name"
    });
    assert_eq!(member("name", checked), json!({ "type": "string" }));
    let list = json!({ "type": "array", "minItems": 1, "items": { "type": "string" } });
    assert_eq!(member("names", list), json!({ "type": "array", "items": { "type": "string" } }));
}

#[test]
fn members_that_are_only_prose_do_not_exist() {
    let schema = json!({ "type": "object", "required": ["id", "note"], "properties": {
        "id": { "type": "string" }, "note": { "description": "Nothing more." }
    } });
    assert_eq!(answered(schema), object(&["id"]));
}

#[test]
fn urls_are_texts() {
    let list = json!({ "type": "array", "items": { "type": "object" } });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    assert_eq!(member("redirectUris", list.clone()), texts);
    assert_eq!(member("postLogoutRedirectUris", list.clone()), texts);
    assert_ne!(member("things", list), texts);
    let union = json!({ "oneOf": [{ "type": "object" }, { "type": "object", "nullable": false }] });
    assert_eq!(member("redirectUris", json!({ "type": "array", "items": union })), texts);
}

#[test]
fn numbers_are_integers_and_moments_are_timestamps() {
    let number = json!({ "type": "number" });
    let moment = json!({ "type": "integer", "format": "timestamp-ms" });
    assert_eq!(member("count", number.clone()), json!({ "type": "integer", "format": "int64" }));
    assert_eq!(member("createdAt", number), moment);
    assert_eq!(member("createdAt", json!({ "type": "string", "format": "date-time" })), moment);
    assert_eq!(member("usedAt", json!({ "type": "string" })), json!({ "type": "string" }));
    let double = json!({ "type": "number", "format": "double" });
    assert_eq!(member("ratio", double.clone()), double);
    let seconds = json!({ "type": "integer", "format": "int64" });
    assert_eq!(member("expiresAt", seconds.clone()), seconds);
}

#[test]
fn bounds_of_a_span_are_timestamps() {
    let bound = json!({ "name": "start_time", "in": "query", "schema": { "type": "string" } });
    let schema = &parameter(bound)["schema"];
    assert_eq!(*schema, json!({ "type": "integer", "format": "timestamp-ms" }));
}

#[test]
fn null_in_an_enum_is_said_by_nullable() {
    let mode = member("mode", json!({ "type": "string", "enum": ["b", null, "a"] }));
    assert_eq!(mode["nullable"], true);
    assert_eq!(mode["allOf"][0]["enum"], json!(["a", "b"]));
    assert_eq!(
        member("mode", json!({ "type": "string", "nullable": false, "enum": ["a", "b"] })),
        json!({ "type": "string", "enum": ["a", "b"] })
    );
}

#[test]
fn of_enum_members_that_differ_by_case_the_first_stays() {
    let kind = json!({ "type": "string", "enum": ["email", "phone", "Email"] });
    assert_eq!(member("kind", kind)["enum"], json!(["email", "phone"]));
}

#[test]
fn enums_of_numbers_are_numbers() {
    let number = json!({ "type": "integer", "format": "int64" });
    assert_eq!(member("days", json!({ "type": "number", "enum": [7, 30] })), number);
}

#[test]
fn objects_without_members_are_open() {
    let open = json!({ "type": "object", "additionalProperties": true });
    for schema in [
        json!({ "type": "object" }),
        json!({ "type": "object", "properties": {} }),
        json!({ "type": "object", "additionalProperties": false }),
        json!({ "type": "object", "additionalProperties": {} }),
        json!({ "type": "object", "properties": { "[key]": { "type": "string" } } }),
    ] {
        assert_eq!(member("customData", schema.clone()), open, "{schema}");
    }
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    assert_eq!(member("labels", texts.clone()), texts);
}

#[test]
fn a_missing_type_follows_from_the_rest() {
    let members =
        json!({ "required": ["a", "a", "gone"], "properties": { "a": { "type": "string" } } });
    assert_eq!(answered(members), object(&["a"]));
    assert_eq!(member("tags", json!({ "items": { "type": "string" } }))["type"], "array");
    assert_eq!(member("any", json!({ "type": "array" }))["items"], json!({}));
}

#[test]
fn what_has_a_default_or_is_cleared_by_an_empty_string_need_not_be_sent() {
    let cleared = json!({ "oneOf": [
        { "type": "string", "format": "url", "nullable": true },
        { "type": "string", "format": "empty" },
    ] });
    let schema = json!({ "type": "object", "required": ["a", "b", "c"], "properties": {
        "a": { "type": "string" }, "b": { "type": "string", "default": "x" }, "c": cleared,
    } });
    let pointer = "/paths/~1api~1things/post/requestBody/content/application~1json/schema/required";
    let sent = at(taking("application/json", schema.clone()), pointer);
    assert_eq!(sent, json!(["a"]));
    assert_eq!(answered(schema)["required"], json!(["a", "b", "c"]));
}

#[test]
fn secrets_are_marked() {
    let marked = |name: &str, schema| member(name, schema)["x-logto-secret"] == true;
    let text = json!({ "type": "string" });
    for name in ["password", "X-Api-Key", "script", "verificationRecordId", "RelayState", "jti"] {
        assert!(marked(name, text.clone()), "{name}");
    }
    assert!(marked("codes", json!({ "type": "array", "items": { "type": "string" } })));
    let either = json!({ "oneOf": [{ "type": "string" }, { "type": "boolean" }] });
    assert!(marked("token", either));
    for name in ["name", "userId", "description", "publicKey", "tokenType", "redirectUri"] {
        assert!(!marked(name, text.clone()), "{name}");
    }
    assert!(!marked("token", json!({ "type": "string", "enum": ["a", "b"] })));
    assert!(!marked("hasPassword", json!({ "type": "boolean" })));
    assert_eq!(answered(object(&["code", "message"])), object(&["code", "message"]));
}

#[test]
fn secret_parameters_are_marked_but_ids_in_a_path() {
    let text = json!({ "type": "string" });
    let token = json!({ "name": "token", "in": "query", "schema": text });
    assert_eq!(parameter(token)["x-logto-secret"], true);
    let document = document(json!({ "/api/secrets/{secretId}": { "get": {
        "operationId": "GetSecret",
        "parameters": [{ "name": "secretId", "in": "path", "required": true, "schema": text }],
        "responses": { "204": {} }
    } } }));
    let id = at(document, "/paths/~1api~1secrets~1{secretId}/get/parameters/0");
    assert!(id.get("x-logto-secret").is_none());
}

#[test]
fn values_that_expire_or_are_passwords_are_secret() {
    let secret = |schema: serde_json::Value| {
        answered(schema)["properties"]["value"]["x-logto-secret"] == true
    };
    assert!(secret(object(&["expiresAt", "name", "value"])));
    assert!(!secret(object(&["name", "value"])));
    let mut password = object(&["type", "value"]);
    password["properties"]["type"]["enum"] = json!(["password"]);
    assert!(secret(password));
}
