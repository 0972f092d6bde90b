//! Spelling by reference, or written out.

use serde_json::{Value, json};

use super::{answers, everywhere, parameters};
use crate::sites::{Rng, draw, escape, operations};

/// The pointers to all uses of schemas by reference.
pub(super) fn uses(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let reference = map.get("$ref").and_then(Value::as_str).unwrap_or_default();
            if reference.starts_with("#/components/schemas/") {
                found.push(at.to_owned());
            }
            for (key, value) in map.iter().filter(|(key, _)| !key.starts_with("example")) {
                uses(value, &format!("{at}/{}", escape(key)), found);
            }
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(i, item)| uses(item, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}

pub(super) fn a_use(document: &Value, rng: &mut Rng) -> Option<String> {
    let mut found = Vec::new();
    uses(document, "", &mut found);
    rng.maybe(&found).cloned()
}

pub(super) fn inlined(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = a_use(document, rng) else { return false };
    // A mapping names an alternative by its reference.
    if at.contains("/oneOf/") {
        return false;
    }
    let reference = document.pointer(&at).unwrap()["$ref"].as_str().unwrap().to_owned();
    let Some(target) = document.pointer(&reference[1..]).cloned() else { return false };
    *document.pointer_mut(&at).unwrap() = target;
    true
}

/// Moves what stands at a pointer to the components.
pub(super) fn extract(document: &mut Value, rng: &mut Rng, at: &str, section: &str) {
    let name = format!("extracted.{}", rng.below(1_000_000_000));
    let reference = json!({ "$ref": format!("#/components/{section}/{name}") });
    let whole = std::mem::replace(document.pointer_mut(at).unwrap(), reference);
    document["components"][section][name] = whole;
}

pub(super) fn extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(site) = draw(document, rng, |site, schema| {
        !site.at.starts_with("/components") && !schema.contains_key("$ref")
    }) else {
        return false;
    };
    extract(document, rng, &site.at, "schemas");
    true
}

pub(super) fn parameter_extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&parameters(document)).cloned() else { return false };
    extract(document, rng, &at, "parameters");
    true
}

pub(super) fn answer_extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    extract(document, rng, &at, "responses");
    true
}

pub(super) fn body_extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let bodies: Vec<String> = operations(document)
        .iter()
        .map(|site| format!("{}/requestBody", site.at))
        .filter(|at| document.pointer(at).is_some_and(|body| body.get("$ref").is_none()))
        .collect();
    let Some(at) = rng.maybe(&bodies).cloned() else { return false };
    extract(document, rng, &at, "requestBodies");
    true
}

pub(super) fn component_renamed(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return false };
    let names: Vec<String> = schemas.keys().cloned().collect();
    let Some(name) = rng.maybe(&names) else { return false };
    let to = format!("Renamed{name}");
    let schema = schemas.remove(name).unwrap();
    schemas.insert(to.clone(), schema);
    let (from, to) = (format!("#/components/schemas/{name}"), format!("#/components/schemas/{to}"));
    everywhere(document, &mut |map| {
        for value in map.values_mut() {
            if value.as_str().is_some_and(|text| text.replace("%73", "s") == from) {
                *value = to.clone().into();
            }
        }
    });
    true
}

pub(super) fn percent_encoded(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = a_use(document, rng).filter(|at| !at.contains("/oneOf/")) else { return false };
    let reference = &mut document.pointer_mut(&at).unwrap()["$ref"];
    *reference = reference.as_str().unwrap().replace("schemas", "%73chemas").into();
    true
}

pub(super) fn component_added(document: &mut Value, _: &mut Rng) -> bool {
    document["components"]["schemas"]["Unused"] = json!({ "type": "integer" });
    document["components"]["examples"] = json!({ "Thing": { "value": 1 } });
    true
}
