//! Changes of spelling: the document says the same.

use serde_json::{Map, Value, json};

use super::sites::{Rng, draw, escape, node, operations};

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

fn reversed(document: &mut Value, _: &mut Rng) -> bool {
    everywhere(document, &mut |map| {
        for key in ["required", "enum", "parameters", "oneOf", "anyOf", "tags", "security"] {
            if let Some(Value::Array(items)) = map.get_mut(key) {
                items.reverse();
            }
        }
    });
    true
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

fn described(document: &mut Value, rng: &mut Rng) -> bool {
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

fn examples(document: &mut Value, rng: &mut Rng) -> bool {
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

fn operation_prose(document: &mut Value, rng: &mut Rng) -> bool {
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

fn parameter_prose(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&parameters(document)).cloned() else { return false };
    let parameter = node(document, &at);
    parameter.insert("description".into(), json!("Which."));
    parameter.insert("example".into(), json!(7));
    parameter.insert("deprecated".into(), json!(false));
    true
}

fn answer_prose(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    let answer = node(document, &at);
    answer.insert("description".into(), json!("What comes."));
    for media in answer.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
        media.1["example"] = json!({ "any": "thing" });
    }
    true
}

fn tags(document: &mut Value, rng: &mut Rng) -> bool {
    let site = rng.pick(&operations(document)).clone();
    node(document, &site.at).insert("tags".into(), json!(["Elsewhere"]));
    document["tags"] = json!([{ "name": "Elsewhere" }]);
    true
}

fn extension(document: &mut Value, rng: &mut Rng) -> bool {
    let site = rng.pick(&operations(document)).clone();
    node(document, &site.at).insert("x-logto-thing".into(), json!({ "$ref": 1 }));
    if let Some(at) = schema(document, rng) {
        node(document, &at).insert("x-thing".into(), json!("x"));
    }
    true
}

/// The pointers to all uses of schemas by reference.
fn uses(value: &Value, at: &str, found: &mut Vec<String>) {
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

fn a_use(document: &Value, rng: &mut Rng) -> Option<String> {
    let mut found = Vec::new();
    uses(document, "", &mut found);
    rng.maybe(&found).cloned()
}

fn inlined(document: &mut Value, rng: &mut Rng) -> bool {
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
fn extract(document: &mut Value, rng: &mut Rng, at: &str, section: &str) {
    let name = format!("extracted.{}", rng.below(1_000_000_000));
    let reference = json!({ "$ref": format!("#/components/{section}/{name}") });
    let whole = std::mem::replace(document.pointer_mut(at).unwrap(), reference);
    document["components"][section][name] = whole;
}

fn extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(site) = draw(document, rng, |site, schema| {
        !site.at.starts_with("/components") && !schema.contains_key("$ref")
    }) else {
        return false;
    };
    extract(document, rng, &site.at, "schemas");
    true
}

fn parameter_extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&parameters(document)).cloned() else { return false };
    extract(document, rng, &at, "parameters");
    true
}

fn answer_extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    extract(document, rng, &at, "responses");
    true
}

fn body_extracted(document: &mut Value, rng: &mut Rng) -> bool {
    let bodies: Vec<String> = operations(document)
        .iter()
        .map(|site| format!("{}/requestBody", site.at))
        .filter(|at| document.pointer(at).is_some_and(|body| body.get("$ref").is_none()))
        .collect();
    let Some(at) = rng.maybe(&bodies).cloned() else { return false };
    extract(document, rng, &at, "requestBodies");
    true
}

fn component_renamed(document: &mut Value, rng: &mut Rng) -> bool {
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

fn percent_encoded(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = a_use(document, rng).filter(|at| !at.contains("/oneOf/")) else { return false };
    let reference = &mut document.pointer_mut(&at).unwrap()["$ref"];
    *reference = reference.as_str().unwrap().replace("schemas", "%73chemas").into();
    true
}

fn component_added(document: &mut Value, _: &mut Rng) -> bool {
    document["components"]["schemas"]["Unused"] = json!({ "type": "integer" });
    document["components"]["examples"] = json!({ "Thing": { "value": 1 } });
    true
}

fn wrapped(document: &mut Value, rng: &mut Rng, keyword: &str) -> bool {
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

fn all_of_one(document: &mut Value, rng: &mut Rng) -> bool {
    wrapped(document, rng, "allOf")
}

fn one_of_one(document: &mut Value, rng: &mut Rng) -> bool {
    wrapped(document, rng, "oneOf")
}

fn any_of_one(document: &mut Value, rng: &mut Rng) -> bool {
    wrapped(document, rng, "anyOf")
}

fn is_nullable(schema: &Map<String, Value>) -> bool {
    schema.get("nullable") == Some(&json!(true))
}

fn null_as_type(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| is_nullable(schema) && schema.contains_key("type");
    with(document, rng, fits, |schema| {
        schema["type"] = json!([schema["type"], "null"]);
        schema.as_object_mut().unwrap().remove("nullable");
    })
}

fn null_as_alternative(document: &mut Value, rng: &mut Rng) -> bool {
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

fn null_as_value(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| is_nullable(schema) && schema.contains_key("enum");
    with(document, rng, fits, |schema| {
        schema.as_object_mut().unwrap().remove("nullable");
        schema["enum"].as_array_mut().unwrap().push(Value::Null);
    })
}

fn explicit(document: &mut Value, rng: &mut Rng) -> bool {
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

fn literal_as_const(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        schema.get("enum").and_then(Value::as_array).is_some_and(|list| list.len() == 1)
    };
    with(document, rng, fits, |schema| {
        let values = schema.as_object_mut().unwrap().remove("enum").unwrap();
        schema["const"] = values[0].clone();
    })
}

fn literal_as_format(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        let values = schema.get("enum").and_then(Value::as_array);
        values.is_some_and(|list| list.len() == 1 && list[0].is_string())
    };
    with(document, rng, fits, |schema| {
        let values = schema.as_object_mut().unwrap().remove("enum").unwrap();
        schema["format"] = values[0].to_string().into();
    })
}

fn type_implied(document: &mut Value, rng: &mut Rng) -> bool {
    let fits = |schema: &Map<String, Value>| {
        schema.get("properties").and_then(Value::as_object).is_some_and(|map| !map.is_empty())
            || schema.contains_key("items")
    };
    with(document, rng, fits, |schema| {
        schema.as_object_mut().unwrap().remove("type");
    })
}

fn union_in_union(document: &mut Value, rng: &mut Rng) -> bool {
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

/// What all operations of a path have may be said of the path.
fn path_parameter(document: &mut Value, rng: &mut Rng) -> bool {
    let all = operations(document);
    let alone: Vec<_> = all
        .iter()
        .filter(|site| all.iter().filter(|other| other.path == site.path).count() == 1)
        .filter(|site| document.pointer(&site.at).unwrap().get("parameters").is_some())
        .collect();
    let Some(site) = rng.maybe(&alone).map(|site| (*site).clone()) else { return false };
    let parameters = node(document, &site.at).remove("parameters").unwrap();
    node(document, &format!("/paths/{}", escape(&site.path)))
        .insert("parameters".into(), parameters);
    true
}

fn security_repeated(document: &mut Value, rng: &mut Rng) -> bool {
    let site = rng.pick(&operations(document)).clone();
    let whole = document["security"].clone();
    node(document, &site.at).entry("security").or_insert(whole);
    true
}

fn style(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&parameters(document)).cloned() else { return false };
    let parameter = node(document, &at);
    let spread = parameter["in"] == "query";
    parameter.entry("style").or_insert(json!(if spread { "form" } else { "simple" }));
    parameter.entry("explode").or_insert(json!(spread));
    true
}

fn host(document: &mut Value, _: &mut Rng) -> bool {
    if document.get("servers").is_some() {
        return false;
    }
    document["servers"] =
        json!([{ "url": "https://else.example.com:3001/", "description": "Else." }]);
    true
}

fn media_case(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    media_spelled(document, &at, |kind| kind.replace("json", "JSON"))
}

fn media_charset(document: &mut Value, rng: &mut Rng) -> bool {
    let Some(at) = rng.maybe(&answers(document)).cloned() else { return false };
    let charset = *rng.pick(&["; charset=utf-8", ";charset=\"UTF-8\""]);
    media_spelled(document, &at, |kind| format!("{kind}{charset}"))
}

fn request_charset(document: &mut Value, rng: &mut Rng) -> bool {
    let bodies: Vec<String> = operations(document)
        .iter()
        .map(|site| format!("{}/requestBody", site.at))
        .filter(|at| document.pointer(at).is_some_and(|body| body.get("$ref").is_none()))
        .collect();
    let Some(at) = rng.maybe(&bodies) else { return false };
    media_spelled(document, at, |kind| format!("{kind}; charset=utf-8"))
}

fn media_spelled(document: &mut Value, at: &str, spelled: impl Fn(&str) -> String) -> bool {
    let content = node(document, at).get_mut("content").and_then(Value::as_object_mut);
    let Some(content) = content else { return false };
    // Said twice, it would be two.
    if content.keys().any(|kind| kind.contains(';')) {
        return false;
    }
    let media: Vec<(String, Value)> = std::mem::take(content).into_iter().collect();
    content.extend(media.into_iter().map(|(kind, value)| (spelled(&kind), value)));
    true
}
