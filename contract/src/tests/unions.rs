//! Unions: which alternatives stay, and what tells them apart.

use serde_json::{Value, json};

use super::{answered, answering, member, object, run};

fn tagged(kinds: &[&str], own: &str) -> Value {
    json!({ "type": "object", "required": ["type", own], "properties": {
        "type": { "type": "string", "enum": kinds }, own: { "type": "string" }
    } })
}

/// The discriminator of a union that is answered.
fn discriminator(alternatives: Value) -> Value {
    let contract = run(answering(json!({ "oneOf": alternatives }))).contract;
    contract["components"]["schemas"]["Thing"]["discriminator"].clone()
}

#[test]
fn literals_tell_alternatives_apart() {
    let found = discriminator(json!([tagged(&["a"], "x"), tagged(&["b"], "y")]));
    assert_eq!(found["propertyName"], "type");
    assert_eq!(
        found["mapping"],
        json!({ "a": "#/components/schemas/ThingA", "b": "#/components/schemas/ThingB" })
    );
}

#[test]
fn an_alternative_may_have_several_literals() {
    let found = discriminator(json!([tagged(&["a", "c"], "x"), tagged(&["b"], "y")]));
    let mapping = found["mapping"].as_object().unwrap();
    assert_eq!(mapping.len(), 3);
    assert_eq!(mapping["a"], mapping["c"]);
    assert_ne!(mapping["a"], mapping["b"]);
}

#[test]
fn literals_in_formats_tell_apart_too() {
    let alternative = |kind: &str, own: &str| {
        json!({ "type": "object", "required": ["kind", own], "properties": {
            "kind": { "type": "string", "format": format!("\"{kind}\"") }, own: { "type": "string" }
        } })
    };
    let found = discriminator(json!([alternative("A", "x"), alternative("B", "y")]));
    assert_eq!(found["propertyName"], "kind");
}

#[test]
fn without_a_literal_there_is_no_discriminator() {
    assert_eq!(discriminator(json!([object(&["a"]), object(&["b"])])), Value::Null);
}

#[test]
fn copies_are_one() {
    let one = tagged(&["a"], "x");
    assert_eq!(answered(json!({ "oneOf": [one, one] })), one);
    let precise = object(&["a", "b"]);
    let mut named = precise.clone();
    named["properties"]["b"]["enum"] = json!(["x", "y"]);
    assert_eq!(answered(json!({ "oneOf": [precise, named] })), named);
    assert_eq!(answered(json!({ "oneOf": [named, precise] })), named);
}

#[test]
fn texts_are_one_text() {
    let values = |values: Value| json!({ "type": "string", "enum": values });
    assert_eq!(
        member("mode", json!({ "oneOf": [values(json!(["b"])), values(json!(["a"]))] })),
        values(json!(["a", "b"]))
    );
    let either = json!({ "oneOf": [values(json!(["a", "b"])), { "type": "string" }] });
    assert_eq!(member("mode", either), json!({ "type": "string" }));
}

#[test]
fn an_object_and_one_with_more_members_are_one() {
    let merged = answered(json!({ "oneOf": [object(&["a"]), object(&["a", "b"])] }));
    assert_eq!(merged["required"], json!(["a"]));
    assert!(merged["properties"]["b"].is_object());
}

#[test]
fn a_union_of_everything_is_anything() {
    let kinds = ["string", "number", "boolean", "object"];
    let all: Vec<Value> = kinds.iter().map(|kind| json!({ "type": kind })).collect();
    assert_eq!(member("value", json!({ "oneOf": all, "nullable": true })), json!({}));
    assert_eq!(member("value", json!({ "anyOf": [{}, { "type": "string" }] })), json!({}));
}

#[test]
fn nested_unions_and_nulls_are_flat() {
    let inner = json!({ "nullable": true, "oneOf": [{ "type": "boolean" }, { "type": "number" }] });
    let union = member("value", json!({ "anyOf": [inner, { "type": "string" }] }));
    assert_eq!(union["nullable"], true);
    let kinds: Vec<&Value> =
        union["allOf"][0]["oneOf"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, ["boolean", "integer", "string"]);
}

#[test]
fn what_is_spelled_otherwise_is_the_same() {
    let plain = json!({ "type": "string", "enum": ["a"], "nullable": true });
    let (text, nothing) = (json!({ "type": "string", "enum": ["a"] }), json!({ "enum": [null] }));
    for spelled in [
        json!({ "type": ["string", "null"], "const": "a" }),
        json!({ "oneOf": [text, nothing] }),
        json!({ "anyOf": [{ "type": "null" }, text] }),
        json!({ "nullable": true, "anyOf": [text] }),
    ] {
        assert_eq!(member("mode", spelled.clone()), member("mode", plain.clone()), "{spelled}");
    }
    let moment = json!({ "oneOf": [{ "type": "number" }] });
    assert_eq!(member("createdAt", moment)["format"], "timestamp-ms");
}

#[test]
fn a_union_of_which_one_may_be_null_may_be_null() {
    let mut nullable = tagged(&["a"], "x");
    nullable["nullable"] = true.into();
    let union = json!({ "oneOf": [nullable, tagged(&["b"], "y")] });
    assert_eq!(member("value", union.clone())["nullable"], true);
    let list = json!({ "type": "array", "items": union });
    assert_eq!(member("values", list)["items"]["nullable"], true);
}
