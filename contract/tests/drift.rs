//! The report: what is selected, accepted, written, and what cannot be told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use logto_api_contract::drift::{
    Class, Drift, Format, Ignored, Kind, Only, Vendored, closest, drift,
};
use logto_api_contract::{Knowledge, Series, print, vendor};
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi");

fn contract() -> Value {
    serde_json::from_str(&std::fs::read_to_string(format!("{FOLDER}/logto.json")).unwrap()).unwrap()
}

fn series() -> Series {
    Series::read(format!("{FOLDER}/releases").as_ref()).unwrap()
}

/// What is kept of the newest document.
fn newest() -> Value {
    series().newest().unwrap().1.clone()
}

fn compare(change: impl FnOnce(&mut Value)) -> Result<Drift, String> {
    let (contract, facts) = (contract(), newest());
    let mut changed = contract.clone();
    change(&mut changed);
    let vendored = Vendored { contract: &contract, facts: &facts };
    drift(vendored, &changed).map_err(|error| error.to_string())
}

/// A new parameter of `ListUsers`, and `GetRole` gone.
fn two() -> Drift {
    let found = compare(|document| {
        let new = json!({ "name": "shoe", "in": "query", "schema": { "type": "string" } });
        let users = &mut document["paths"]["/api/users"]["get"]["parameters"];
        users.as_array_mut().unwrap().push(new);
        document["paths"]["/api/roles/{id}"].as_object_mut().unwrap().remove("get").unwrap();
    });
    found.unwrap()
}

fn ids(drift: &Drift) -> Vec<&str> {
    drift.changes.iter().map(|change| change.id.as_str()).collect()
}

#[test]
fn what_is_vendored_has_no_drift() {
    let (contract, facts) = (contract(), newest());
    for document in [&contract, &facts] {
        let found = drift(Vendored { contract: &contract, facts: &facts }, document).unwrap();
        assert!(found.is_none(), "{:#?}", found.changes);
        assert_eq!(found.print(Format::Text).unwrap(), "no drift\n");
    }
}

/// So what is vendored can be made again from what is in the repository.
#[test]
fn the_contract_follows_from_the_facts() {
    let knowledge = Knowledge::read(FOLDER.as_ref()).unwrap();
    let again = vendor(&series(), &knowledge).unwrap();
    let (one, other) = (print(&contract()).unwrap(), print(&again.contract).unwrap());
    let differs = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert_eq!(differs, None);
    assert_eq!(one.len(), other.len());
    assert_eq!(again.series.print().unwrap(), series().print().unwrap());
}

/// An older server is no drift: it is compared with its own release.
#[test]
fn a_document_is_compared_with_the_release_that_it_looks_like() {
    let (contract, series) = (contract(), series());
    for (version, facts) in series.iter() {
        let found = closest(&contract, &series, facts).unwrap();
        assert_eq!(found.release.as_deref(), Some(version.to_string().as_str()));
        assert!(found.is_none(), "{version}: {:#?}", found.changes);
    }
    let (version, facts) = series.iter().next().unwrap();
    let mut changed = facts.clone();
    changed["paths"]["/api/roles/{id}"].as_object_mut().unwrap().remove("get").unwrap();
    let found = closest(&contract, &series, &changed).unwrap();
    assert_eq!(found.release.as_deref(), Some(version.to_string().as_str()));
    assert_eq!(ids(&found), ["operation-removed GetRole"]);
}

#[test]
fn the_worst_comes_first() {
    let found = two();
    assert_eq!(ids(&found), ["operation-removed GetRole", "parameter-added ListUsers ?shoe"]);
    assert_eq!(found.class(), Some(Class::Breaking));
    assert_eq!(found.changes[1].kind, Kind::ParameterAdded);
    assert_eq!(found.changes[1].rust.as_deref(), Some("users().list()"));
}

#[test]
fn only_what_is_selected_stays() {
    let contract = contract();
    let only = |text: &str| two().only(&Only::parse(text, &contract).unwrap());
    assert_eq!(ids(&only("management.users,experience")), ["parameter-added ListUsers ?shoe"]);
    assert_eq!(ids(&only("management")).len(), 2);
    assert!(only("account").is_none());
    let error = Only::parse("management.shoes", &contract).unwrap_err().to_string();
    assert!(error.contains("management.shoes") && error.contains("management.users"), "{error}");
}

#[test]
fn what_is_ignored_has_a_reason_and_a_use() {
    let text = "[[ignore]]\nchange = \"parameter-added ListUsers *\"\nreason = \"Not needed.\"\n\
                [[ignore]]\nchange = \"operation-removed GetShoe\"\nreason = \"Gone.\"\n";
    let found = two().without(&Ignored::parse(text).unwrap());
    assert_eq!(ids(&found), ["operation-removed GetRole"]);
    assert_eq!(found.ignored, 1);
    assert!(found.notes.iter().any(|note| note.contains("operation-removed GetShoe")));
    let error = Ignored::parse("[[ignore]]\nchange = \"*\"\nreason = \" \"").unwrap_err();
    assert!(error.to_string().contains("reason"), "{error}");
    assert!(Ignored::parse("[[ignore]]\nchange = \"*\"").is_err());
}

#[test]
fn reports_name_operation_method_and_place() {
    let found = two();
    for format in [Format::Text, Format::Json, Format::Markdown] {
        let text = found.print(format).unwrap();
        for part in ["ListUsers", "users().list()", "parameters/", "breaking", "GetRole"] {
            assert!(text.to_lowercase().contains(&part.to_lowercase()), "{part} in {text}");
        }
    }
    let json: Value = serde_json::from_str(&found.print(Format::Json).unwrap()).unwrap();
    assert_eq!(json["changes"].as_array().unwrap().len(), 2);
    assert_eq!(json["class"], "breaking");
}

#[test]
fn what_nothing_can_be_told_about_is_an_error() {
    type Break = fn(&mut Value);
    let broken: [(&str, Break); 7] = [
        ("/openapi", |document| *document = json!({ "swagger": "2.0", "paths": {} })),
        ("/openapi", |document| *document = json!([])),
        ("/paths", |document| document["paths"] = Value::Null),
        ("names nothing", |document| {
            document["components"]["schemas"].as_object_mut().unwrap().remove("User");
        }),
        ("leads back to itself", |document| {
            document["components"]["schemas"]["User"] =
                json!({ "$ref": "#/components/schemas/User" });
        }),
        ("/properties", |document| {
            document["components"]["schemas"]["User"]["properties"] = json!([]);
        }),
        ("/parameters", |document| {
            document["paths"]["/api/users"]["get"]["parameters"] = json!({})
        }),
    ];
    for (why, change) in broken {
        let error = compare(change).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn schemas_may_hold_themselves() {
    let found = compare(|document| {
        let boss = json!({ "$ref": "#/components/schemas/User" });
        document["components"]["schemas"]["User"]["properties"]["boss"] = boss;
    });
    assert_eq!(ids(&found.unwrap()), ["member-added User.boss"]);
}

#[test]
fn operations_that_change_places_have_moved() {
    let found = compare(|document| {
        let paths = document["paths"].as_object_mut().unwrap();
        let (users, roles) = (paths.remove("/api/users"), paths.remove("/api/roles"));
        paths.insert("/api/roles".into(), users.unwrap());
        paths.insert("/api/users".into(), roles.unwrap());
    });
    let found = found.unwrap();
    assert!(found.changes.iter().all(|change| change.kind == Kind::PathChanged), "{found:#?}");
    assert_eq!(found.changes.len(), 2);
}

fn responses<'a>(document: &'a mut Value, path: &str, method: &str) -> &'a mut Value {
    &mut document["paths"][path][method]["responses"]
}

/// The kind of each change, and what it means for running programs and for users.
fn meanings(found: &Drift) -> Vec<(Kind, Class, Class)> {
    found.changes.iter().map(|change| (change.kind, change.running, change.class)).collect()
}

#[test]
fn a_status_that_changes_what_is_answered_breaks() {
    let bare = json!({ "description": "" });
    let added = |path: &str, method: &str, status: &str, answer: &Value| {
        let found = compare(|document| {
            responses(document, path, method)[status] = answer.clone();
        });
        meanings(&found.unwrap())
    };
    let breaking = (Kind::StatusAdded, Class::Breaking, Class::Breaking);
    let additive = (Kind::StatusAdded, Class::Additive, Class::Additive);
    // A user, or nothing.
    assert_eq!(added("/api/users", "post", "204", &bare), [breaking]);
    // No list is an empty one.
    assert_eq!(added("/api/users", "get", "204", &bare), [additive]);
    assert_eq!(added("/api/users", "post", "302", &bare), [breaking]);
    let user = json!({ "description": "", "content": {
        "application/json": { "schema": { "$ref": "#/components/schemas/User" } }
    } });
    assert_eq!(added("/api/users", "post", "201", &user), [additive]);
    // What was not read goes on not to be; the next version reads it.
    let read = (Kind::StatusAdded, Class::Additive, Class::Breaking);
    assert_eq!(added("/api/users/{userId}", "delete", "200", &user), [read]);
}

#[test]
fn a_charset_is_no_other_media_type() {
    for spelled in ["application/json; charset=utf-8", "application/JSON;charset=UTF-8"] {
        let found = compare(|document| {
            let content = &mut responses(document, "/api/users", "get")["200"]["content"];
            let media = content["application/json"].take();
            *content = json!({ spelled: media });
            let body = &mut document["paths"]["/api/users"]["post"]["requestBody"]["content"];
            let media = body["application/json"].take();
            *body = json!({ spelled: media });
        });
        assert!(found.unwrap().is_none(), "{spelled}");
    }
}

#[test]
fn null_in_an_alternative_is_null_in_the_union() {
    let alternative = "/components/schemas/ConfiguredAccessTokenCustomizer";
    let found = compare(|document| {
        document.pointer_mut(alternative).unwrap()["nullable"] = true.into();
    });
    let found = found.unwrap();
    assert_eq!(meanings(&found), [(Kind::NullAllowed, Class::Breaking, Class::Breaking)]);
    assert_eq!(found.changes[0].pointer(), alternative);
    // And back.
    let contract = contract();
    let mut nullable = contract.clone();
    nullable.pointer_mut(alternative).unwrap()["nullable"] = true.into();
    let mut upstream = contract.clone();
    upstream["info"]["x-corrected"] = false.into();
    let found = drift(Vendored { contract: &contract, facts: &nullable }, &upstream).unwrap();
    assert_eq!(meanings(&found), [(Kind::NullForbidden, Class::Additive, Class::Breaking)]);
    assert_eq!(found.changes[0].pointer(), alternative);
}

/// The methods of new operations are those that vendoring proposes.
#[test]
fn new_operations_are_called_as_vendoring_calls_them() {
    let new = |id: &str, tag: &str| json!({ "operationId": id, "tags": [tag], "responses": { "204": { "description": "" } } });
    let mut upstream = newest();
    let paths = upstream["paths"].as_object_mut().unwrap();
    for (path, id, tag) in [
        ("/api/users-of-old", "ListUserOldNames", "Users"),
        ("/api/zoo", "ListUser", "Users"),
        ("/api/a-thing", "ListUsersInGroups", "Users"),
        ("/api/b-thing", "GetOrganizationUserThing", "Organization users"),
        ("/api/c-thing", "GetThing", "Brand new things"),
        ("/api/c-thing/more", "GetBrandNewThing", "Brand new things"),
    ] {
        paths.insert(path.into(), json!({ "get": new(id, tag) }));
    }
    let (contract, facts) = (contract(), newest());
    let found = drift(Vendored { contract: &contract, facts: &facts }, &upstream).unwrap();
    let drifted: std::collections::BTreeMap<String, String> = found
        .changes
        .iter()
        .flat_map(|change| change.operations.clone())
        .map(|(id, method)| (id, method.unwrap()))
        .collect();
    let folder = format!("{}/../openapi", env!("CARGO_MANIFEST_DIR"));
    let knowledge = Knowledge::read(folder.as_ref()).unwrap();
    let proposals = vendor(&Series::single(upstream), &knowledge).unwrap().proposals.into_iter();
    let vendored =
        proposals.map(|new| (new.operation, format!("{}().{}()", new.group, new.method)));
    assert_eq!(drifted, vendored.collect());
    assert_eq!(drifted.len(), 6);
}
