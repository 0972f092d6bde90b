//! Spelling of schemas.

use serde_json::{Map, Value, json};

use super::with;
use crate::sites::Rng;

pub(super) fn wrapped(document: &mut Value, rng: &mut Rng, keyword: &str) -> bool {
    with(
        document,
        rng,
        |schema| !schema.contains_key("default"),
        |schema| {
            let inner = schema.take();
            *schema = json!({ keyword: [inner] });
        },
    )
}

pub(super) fn all_of_one(document: &mut Value, rng: &mut Rng) -> bool {
    wrapped(document, rng, "allOf")
}

pub(super) fn one_of_one(document: &mut Value, rng: &mut Rng) -> bool {
    wrapped(document, rng, "oneOf")
}

pub(super) fn any_of_one(document: &mut Value, rng: &mut Rng) -> bool {
    wrapped(document, rng, "anyOf")
}

pub(super) fn is_nullable(schema: &Map<String, Value>) -> bool {
    schema.get("nullable") == Some(&json!(true))
}

pub(super) fn null_as_type(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| is_nullable(schema) && schema.contains_key("type");
    with(document, rng, fits, |schema| {
        schema["type"] = json!([schema["type"], "null"]);
        schema.as_object_mut().unwrap().remove("nullable");
    })
}

pub(super) fn null_as_alternative(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        is_nullable(schema) && (schema.contains_key("type") || schema.contains_key("allOf"))
    };
    let keyword = if rng.coin() { "anyOf" } else { "oneOf" };
    let nothing = if rng.coin() { json!({ "type": "null" }) } else { json!({ "enum": [null] }) };
    with(document, rng, fits, |schema| {
        schema.as_object_mut().unwrap().remove("nullable");
        let inner = schema.take();
        *schema = json!({ keyword: [inner, nothing] });
    })
}

pub(super) fn null_as_value(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| is_nullable(schema) && schema.contains_key("enum");
    with(document, rng, fits, |schema| {
        schema.as_object_mut().unwrap().remove("nullable");
        schema["enum"].as_array_mut().unwrap().push(Value::Null);
    })
}

pub(super) fn explicit(document: &mut Value, rng: &mut Rng) -> bool {
    with(
        document,
        rng,
        |_| true,
        |schema| {
            for key in ["nullable", "deprecated", "readOnly", "writeOnly", "uniqueItems"] {
                schema.as_object_mut().unwrap().entry(key).or_insert(json!(false));
            }
        },
    )
}

pub(super) fn literal_as_const(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        schema.get("enum").and_then(Value::as_array).is_some_and(|list| list.len() == 1)
    };
    with(document, rng, fits, |schema| {
        let values = schema.as_object_mut().unwrap().remove("enum").unwrap();
        schema["const"] = values[0].clone();
    })
}

pub(super) fn literal_as_format(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        let values = schema.get("enum").and_then(Value::as_array);
        values.is_some_and(|list| list.len() == 1 && list[0].is_string())
    };
    with(document, rng, fits, |schema| {
        let values = schema.as_object_mut().unwrap().remove("enum").unwrap();
        schema["format"] = values[0].to_string().into();
    })
}

pub(super) fn type_implied(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        schema.get("properties").and_then(Value::as_object).is_some_and(|map| !map.is_empty())
            || schema.contains_key("items")
    };
    with(document, rng, fits, |schema| {
        schema.as_object_mut().unwrap().remove("type");
    })
}

pub(super) fn union_in_union(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        let alternatives = schema.get("oneOf").and_then(Value::as_array);
        alternatives.is_some_and(|list| list.len() > 2) && !schema.contains_key("discriminator")
    };
    with(document, rng, fits, |schema| {
        let alternatives = schema["oneOf"].as_array_mut().unwrap();
        let inner = alternatives.split_off(alternatives.len() - 2);
        alternatives.push(json!({ "anyOf": inner, "description": "Two of them." }));
    })
}
