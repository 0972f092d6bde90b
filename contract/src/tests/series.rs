//! Several releases, one contract.

use serde_json::{Value, json};

use super::{answering, asking, document, object, taking};
use crate::{Knowledge, Series, Vendored, inline, vendor};

/// The contract of these documents, oldest first: releases 1.0.0, 2.0.0, …
fn merged(documents: impl IntoIterator<Item = Value>) -> Vendored {
    let mut series = Series::default();
    for (index, document) in documents.into_iter().enumerate() {
        let version = format!("{}.0.0", index + 1).parse().unwrap();
        series.insert(version, &document, &Knowledge::default().names).unwrap();
    }
    match vendor(&series, &Knowledge::default()) {
        Ok(vendored) => vendored,
        Err(error) => panic!("{error}"),
    }
}

/// What it has at a pointer, references resolved.
fn found(vendored: &Vendored, pointer: &str) -> Value {
    let inlined = inline::inline(&vendored.contract).unwrap();
    inlined
        .pointer(pointer)
        .unwrap_or_else(|| panic!("nothing at {pointer} in {inlined:#}"))
        .clone()
}

const ANSWER: &str = "/paths/~1api~1thing/get/responses/200/content/application~1json/schema";
const BODY: &str = "/paths/~1api~1things/post/requestBody/content/application~1json/schema";

fn answers(schemas: impl IntoIterator<Item = Value>) -> Value {
    found(&merged(schemas.into_iter().map(answering)), ANSWER)
}

fn bodies(schemas: impl IntoIterator<Item = Value>) -> Value {
    let documents = schemas.into_iter().map(|schema| taking("application/json", schema));
    found(&merged(documents), BODY)
}

#[test]
fn an_answer_requires_what_every_release_sends() {
    let merged = answers([object(&["a", "old"]), object(&["a", "new"]), object(&["a", "new"])]);
    assert_eq!(merged["required"], json!(["a"]));
    let members = &merged["properties"];
    assert_eq!(members["a"], json!({ "type": "string" }));
    assert_eq!(members["old"]["x-logto-until"], "1.0.0");
    assert_eq!(members["new"]["x-logto-since"], "2.0.0");
}

#[test]
fn a_request_requires_what_every_release_requires() {
    let mut lax = object(&["a", "b"]);
    lax["required"] = json!(["a"]);
    let merged = bodies([lax, object(&["a", "b", "c"])]);
    assert_eq!(merged["required"], json!(["a"]));
    assert_eq!(merged["properties"]["c"]["x-logto-since"], "2.0.0");
    assert_eq!(merged["properties"]["b"], json!({ "type": "string" }));
}

#[test]
fn null_may_come_where_it_may_in_any_release() {
    let nullable = json!({ "type": "string", "nullable": true });
    for (one, other) in [
        (json!({ "type": "string" }), nullable.clone()),
        (nullable.clone(), json!({ "type": "string" })),
    ] {
        let thing = |member: Value| json!({ "type": "object", "properties": { "a": member } });
        assert_eq!(answers([thing(one), thing(other)])["properties"]["a"], nullable);
    }
}

#[test]
fn values_of_an_enum_know_their_releases() {
    let of = |values: Value| json!({ "type": "object", "properties": { "kind": { "type": "string", "enum": values } } });
    let merged = answers([of(json!(["a", "old"])), of(json!(["a", "new"]))]);
    let kind = &merged["properties"]["kind"];
    assert_eq!(kind["enum"], json!(["a", "new", "old"]));
    assert_eq!(
        kind["x-logto-values"],
        json!({ "new": { "x-logto-since": "2.0.0" }, "old": { "x-logto-until": "1.0.0" } })
    );
}

#[test]
fn text_in_one_release_and_json_in_another_may_be_nothing() {
    let text = document(json!({ "/api/thing": { "get": { "operationId": "GetThing", "responses": {
        "200": { "content": { "text/plain": { "schema": { "type": "string" } } } }
    } } } }));
    for documents in [[text.clone(), answering(object(&["a"]))], [answering(object(&["a"])), text]]
    {
        let response = found(&merged(documents), "/paths/~1api~1thing/get/responses/200");
        assert_eq!(response["x-logto-optional"], true);
        let schema = &response["content"]["application/json"]["schema"];
        assert_eq!(schema["allOf"][0]["required"], json!(["a"]));
        let marks = [schema.get("x-logto-since"), schema.get("x-logto-until")];
        assert_eq!(marks.into_iter().flatten().count(), 1, "{schema:#}");
        assert!(response["content"].get("text/plain").is_none());
    }
}

fn tagged(tag: &str, member: &str) -> Value {
    json!({ "type": "object", "required": ["type", member], "properties": {
        "type": { "type": "string", "format": format!("{tag:?}") },
        member: { "type": "string" }
    } })
}

#[test]
fn alternatives_know_their_releases() {
    let old = json!({ "oneOf": [tagged("A", "a"), tagged("B", "b")] });
    let new = json!({ "oneOf": [tagged("A", "a"), tagged("C", "c")] });
    let vendored = merged([answering(old), answering(new)]);
    let union = &vendored.contract["components"]["schemas"]["Thing"];
    assert_eq!(union["discriminator"]["propertyName"], "type");
    let since = |mark: &str| -> Vec<&Value> {
        let alternatives = union["oneOf"].as_array().unwrap().iter();
        alternatives.filter_map(|one| one.get(mark)).collect()
    };
    assert_eq!(union["oneOf"].as_array().unwrap().len(), 3);
    assert_eq!(
        (since("x-logto-since"), since("x-logto-until")),
        (vec![&json!("2.0.0")], vec![&json!("1.0.0")])
    );
}

/// What one release describes as one object and another tells apart by a literal.
#[test]
fn an_object_of_several_literals_is_all_of_their_alternatives() {
    let broad = json!({ "type": "object", "required": ["type", "value"], "properties": {
        "type": { "type": "string", "enum": ["A", "B"] }, "value": { "type": "string" }
    } });
    let told = json!({ "oneOf": [tagged("A", "value"), tagged("B", "value")] });
    let vendored = merged([answering(broad), answering(told.clone())]);
    let alone = merged([answering(told)]);
    let schemas = |vendored: &Vendored| vendored.contract["components"]["schemas"].clone();
    assert_eq!(schemas(&vendored), schemas(&alone));
}

#[test]
fn a_type_that_a_document_lost_gives_way_to_one_that_is_known() {
    let lost = json!({ "type": "object", "description": "Validator function" });
    let thing = |member: &Value| json!({ "type": "object", "required": ["a"], "properties": { "a": member } });
    let known = json!({ "type": "array", "items": { "type": "string" } });
    assert_eq!(answers([thing(&lost), thing(&known)])["properties"]["a"], known);
    assert_eq!(answers([thing(&known), thing(&lost)])["properties"]["a"], known);
    assert_eq!(answers([thing(&lost), thing(&lost)])["properties"]["a"], json!({}));
    let url = json!({ "type": "object", "required": ["redirectUris"], "properties": {
        "redirectUris": { "type": "array", "items": lost }
    } });
    assert_eq!(answers([url])["properties"]["redirectUris"]["items"], json!({ "type": "string" }));
}

#[test]
fn kinds_that_differ_are_a_union() {
    let thing = |kind: &str| json!({ "type": "object", "properties": { "a": { "type": kind } } });
    let merged = answers([thing("string"), thing("boolean")]);
    let alternatives = merged["properties"]["a"]["oneOf"].clone();
    assert_eq!(
        alternatives,
        json!([{ "type": "boolean", "x-logto-since": "2.0.0" }, { "type": "string", "x-logto-until": "1.0.0" }])
    );
}

#[test]
fn parameters_know_their_releases_and_are_required_by_all_or_not() {
    let query = |name: &str, required: bool| json!({ "name": name, "in": "query", "required": required, "schema": { "type": "string" } });
    let old = asking(json!([query("a", true), query("old", true)]));
    let new = asking(json!([query("a", true), query("new", true)]));
    let found = found(&merged([old, new]), "/paths/~1api~1things/get/parameters");
    let said: Vec<(&str, bool, Option<&str>)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let marks = one.get("x-logto-since").or(one.get("x-logto-until"));
            let marks = marks.and_then(Value::as_str);
            (one["name"].as_str().unwrap(), one["required"].as_bool().unwrap(), marks)
        })
        .collect();
    assert_eq!(
        said,
        [("a", true, None), ("new", false, Some("2.0.0")), ("old", false, Some("1.0.0"))]
    );
}

#[test]
fn a_path_is_called_as_the_newest_release_calls_it() {
    let of = |id: &str, name: &str| {
        let parameter =
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
        document(json!({ (format!("/api/things/{{{name}}}")): { "get": {
            "operationId": id, "parameters": [parameter], "responses": { "204": {} }
        } } }))
    };
    let vendored = merged([of("GetOld", "id"), of("GetThing", "thingId")]);
    assert_eq!(vendored.operations(), 1);
    let operation = &vendored.contract["paths"]["/api/things/{thingId}"]["get"];
    assert_eq!(operation["operationId"], "GetThing");
    assert_eq!(operation["parameters"].as_array().unwrap().len(), 1);
    assert!(operation.get("x-logto-since").is_none());
}

#[test]
fn an_operation_that_is_gone_stays_callable() {
    let of = |path: &str| {
        document(
            json!({ path: { "get": { "operationId": "GetThing", "responses": { "204": {} } } } }),
        )
    };
    let vendored = merged([of("/api/old"), of("/api/new")]);
    let paths = &vendored.contract["paths"];
    assert_eq!(paths["/api/new"]["get"]["operationId"], "GetThing");
    assert_eq!(paths["/api/new"]["get"]["x-logto-since"], "2.0.0");
    assert_eq!(paths["/api/old"]["get"]["x-logto-until"], "1.0.0");
    assert_ne!(paths["/api/old"]["get"]["operationId"], "GetThing");
}

/// What the newest release answers with in two places is one model, whatever older ones lack.
#[test]
fn copies_that_differed_once_are_one_model() {
    let both = |one: Value, other: Option<Value>| {
        let get = |id: &str, schema: Value| {
            json!({ "get": { "operationId": id, "responses": {
            "200": { "content": { "application/json": { "schema": schema } } }
        } } })
        };
        let mut document = document(json!({ "/api/one": get("GetOne", one) }));
        if let Some(other) = other {
            document["paths"]["/api/two"] = get("GetTwo", other);
        }
        document
    };
    let whole = object(&["a", "b", "c"]);
    let vendored = merged([both(object(&["a", "b"]), None), both(whole.clone(), Some(whole))]);
    let schemas = vendored.contract["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["One"]);
    assert_eq!(schemas["One"]["required"], json!(["a", "b"]));
    assert_eq!(schemas["One"]["properties"]["c"]["x-logto-since"], "2.0.0");
    assert_eq!(vendored.contract["paths"]["/api/two"]["get"]["x-logto-since"], "2.0.0");
}

#[test]
fn a_parameter_with_a_default_need_not_be_sent() {
    let limit = json!({ "name": "limit", "in": "query", "required": true, "schema": { "type": "number", "default": 20 } });
    let found = found(&merged([asking(json!([limit]))]), "/paths/~1api~1things/get/parameters/0");
    assert_eq!(found["required"], false);
}

#[test]
fn what_is_kept_gives_the_same_contract() {
    let vendored = merged([answering(object(&["a"])), answering(object(&["a", "b"]))]);
    let files = vendored.series.print().unwrap();
    let texts = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let again = vendor(&Series::parse(texts).unwrap(), &Knowledge::default()).unwrap();
    assert_eq!(again.contract, vendored.contract);
    assert_eq!(again.series.print().unwrap(), files);
    let broken = [("1.0.0", "{}"), ("2.0.0", "{}")];
    let error = Series::parse(broken).unwrap_err().to_string();
    assert!(error.contains("the document of 2.0.0 is broken"), "{error}");
    let twice = [files[0].clone(), ("v1.0.0".to_owned(), files[0].1.clone())];
    let twice = twice.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let error = Series::parse(twice).unwrap_err().to_string();
    assert!(error.contains("1.0.0 is there twice"), "{error}");
}

/// A user who once had a user in it is one without end, if both are taken for the same.
#[test]
fn what_an_older_release_had_within_itself_ends() {
    let plain = object(&["id", "name", "mail"]);
    let mut nested = plain.clone();
    nested["properties"]["parent"] = plain.clone();
    let merged = answers([nested, plain.clone()]);
    let parent = &merged["properties"]["parent"];
    assert_eq!(parent["x-logto-until"], "1.0.0");
    assert_eq!(parent["allOf"][0]["properties"], plain["properties"]);
}

/// The same where a wider answer is read for a narrower one.
#[test]
fn an_answer_that_once_held_the_wider_one_is_not_read_as_it() {
    let both = |narrow: Value| {
        let get = |id: &str, schema: Value| {
            json!({ "get": { "operationId": id, "responses": {
                "200": { "content": { "application/json": { "schema": schema } } }
            } } })
        };
        let mut wide = object(&["id", "name", "mail"]);
        wide["properties"]["phone"] = json!({ "type": "string" });
        document(
            json!({ "/api/narrow": get("GetNarrow", narrow), "/api/wide": get("GetWide", wide) }),
        )
    };
    let plain = object(&["id", "name", "mail"]);
    let mut holding = plain.clone();
    holding["properties"]["whole"] = object(&["id", "name", "mail"]);
    holding["properties"]["whole"]["properties"]["phone"] = json!({ "type": "string" });
    let vendored = merged([both(holding), both(plain)]);
    let schemas = vendored.contract["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Narrow", "Wide"]);
    assert!(schemas["Wide"]["properties"].get("whole").is_none());
}

/// Two unions of which the last release left a number each have nothing else in common.
#[test]
fn what_is_next_to_nothing_by_now_is_not_the_same() {
    let item = object(&["a", "b"]);
    let list = |items: Value| json!({ "type": "object", "properties": { "kind": { "type": "array", "items": items } } });
    let number = json!({ "type": "number" });
    let merged = answers([list(item), list(number.clone()), number]);
    let alternatives = merged["oneOf"].as_array().unwrap();
    assert_eq!(alternatives.len(), 2);
    let kind = &alternatives[1]["allOf"][0]["properties"]["kind"];
    assert_eq!(kind["items"]["oneOf"].as_array().map(Vec::len), Some(2));
}
