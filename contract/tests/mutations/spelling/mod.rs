//! Changes of spelling: the document says the same.

mod operations;
mod prose;
mod references;
mod schemas;

use serde_json::{Map, Value};

use self::{operations::*, prose::*, references::*, schemas::*};
use crate::sites::{Rng, draw, operations};

/// Changes a document where it can.
pub(crate) type Spelling = fn(&mut Value, &mut Rng) -> bool;

pub(crate) const SPELLINGS: [(&str, Spelling); 34] = [
    ("lists reversed", reversed),
    ("schemas described", described),
    ("schemas with examples", examples),
    ("operations described", operation_prose),
    ("parameters described", parameter_prose),
    ("answers described", answer_prose),
    ("tags", tags),
    ("extension", extension),
    ("$ref inlined", inlined),
    ("schema extracted", extracted),
    ("parameter extracted", parameter_extracted),
    ("answer extracted", answer_extracted),
    ("body extracted", body_extracted),
    ("component renamed", component_renamed),
    ("$ref percent-encoded", percent_encoded),
    ("component added", component_added),
    ("allOf of one", all_of_one),
    ("oneOf of one", one_of_one),
    ("anyOf of one", any_of_one),
    ("null as type", null_as_type),
    ("null as alternative", null_as_alternative),
    ("null as value", null_as_value),
    ("nothing said in words", explicit),
    ("literal as const", literal_as_const),
    ("literal as format", literal_as_format),
    ("type implied", type_implied),
    ("union in a union", union_in_union),
    ("path's parameter", path_parameter),
    ("security repeated", security_repeated),
    ("style spelled out", style),
    ("server's host", host),
    ("media type in other case", media_case),
    ("media type with a charset", media_charset),
    ("request's media type with a charset", request_charset),
];

fn everywhere(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(|value| everywhere(value, change));
            change(map);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| everywhere(item, change)),
        _ => {}
    }
}

fn schema(document: &Value, rng: &mut Rng) -> Option<String> {
    draw(document, rng, |_, _| true).map(|site| site.at)
}

/// Changes a random schema.
fn with(
    document: &mut Value,
    rng: &mut Rng,
    fits: impl Fn(&Map<String, Value>) -> bool,
    change: impl FnOnce(&mut Value),
) -> bool {
    let site = draw(document, rng, |_, schema| fits(schema));
    match site.and_then(|site| document.pointer_mut(&site.at)) {
        Some(schema) => {
            change(schema);
            true
        }
        None => false,
    }
}

fn parameters(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for site in operations(document) {
        let listed = document.pointer(&site.at).unwrap()["parameters"].as_array();
        for (i, parameter) in listed.into_iter().flatten().enumerate() {
            if parameter.get("$ref").is_none() {
                found.push(format!("{}/parameters/{i}", site.at));
            }
        }
    }
    found
}

fn answers(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for site in operations(document) {
        let listed = document.pointer(&site.at).unwrap()["responses"].as_object().unwrap();
        for (status, answer) in listed {
            if answer.get("$ref").is_none() {
                found.push(format!("{}/responses/{status}", site.at));
            }
        }
    }
    found
}
