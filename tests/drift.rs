//! What `Client::check_contract` says about servers of all kinds.

#![cfg(all(feature = "drift", feature = "users"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use logto_api::{
    Client, Error, RetryPolicy, StatusCode,
    drift::{Change, Class, Drift, Format, Kind},
};
use logto_api_contract::Series;
use logto_mock::Mock;
use serde_json::{Value, json};
use server::{Server, answer, nobody, ok};

const TARGET: &str = "/api/swagger.json";

/// What the documents of the releases say, as servers might publish it.
fn releases() -> Series {
    Series::read(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/releases").as_ref()).unwrap()
}

/// The newest of them.
fn published() -> Value {
    releases().newest().unwrap().1.clone()
}

async fn check(answers: impl IntoIterator<Item = String>) -> Result<Drift, Error> {
    Server::answering(answers).client().check_contract().await
}

/// Checks a server whose document differs in this.
async fn after(edit: impl FnOnce(&mut Value)) -> Drift {
    let mut document = published();
    let before = document.clone();
    edit(&mut document);
    assert_ne!(document, before, "the test changes nothing");
    check([ok(&document)]).await.unwrap()
}

fn only(drift: &Drift) -> &Change {
    match drift.changes.as_slice() {
        [change] => change,
        changes => panic!("{} changes: {}", changes.len(), drift.print(Format::Text).unwrap()),
    }
}

#[tokio::test]
async fn the_server_that_the_crate_was_built_for_shows_no_drift() {
    let contract: Value = serde_json::from_str(include_str!("../openapi/logto.json")).unwrap();
    for document in [published(), contract] {
        let drift = check([ok(&document)]).await.unwrap();
        assert!(drift.is_none(), "{}", drift.print(Format::Text).unwrap());
        assert_eq!(drift.class(), None);
        let from =
            drift.release.as_ref().map_or(String::new(), |name| format!(" from Logto {name}"));
        assert_eq!(drift.summary(), format!("no drift{from}"));
    }
}

#[tokio::test]
async fn a_server_of_any_supported_release_shows_no_drift() {
    for (version, document) in releases().iter() {
        let drift = check([ok(document)]).await.unwrap();
        assert!(drift.is_none(), "{version}: {}", drift.print(Format::Text).unwrap());
        assert_eq!(drift.release, Some(version.to_string()));
        assert!(Client::supported_releases().contains(&version.to_string().as_str()));
    }
}

#[tokio::test]
async fn an_older_server_is_compared_with_its_own_release() {
    let releases = releases();
    let (version, document) = releases.iter().next().unwrap();
    let mut document = document.clone();
    document["paths"]["/api/users"].as_object_mut().unwrap().remove("get").unwrap();
    let drift = check([ok(&document)]).await.unwrap();
    assert_eq!(drift.release, Some(version.to_string()));
    assert_eq!(only(&drift).kind, Kind::OperationRemoved);
}

#[tokio::test]
async fn addresses_and_words_are_no_drift() {
    let drift = after(|document| {
        document["servers"] = json!([{"url": "https://id.example.com/", "description": "Ours."}]);
        document["info"] = json!({"title": "Another title", "version": "9.9"});
        document["paths"]["/api/users"]["get"]["summary"] = json!("Other words");
        document["components"]["schemas"]["User"]["description"] = json!("Other words");
    })
    .await;
    assert!(drift.is_none(), "{}", drift.print(Format::Text).unwrap());
}

#[tokio::test]
async fn a_member_that_is_gone_breaks_whoever_reads_it() {
    let drift = after(|document| {
        let user = &mut document["components"]["schemas"]["User"];
        user["properties"].as_object_mut().unwrap().remove("lastSignInAt").unwrap();
        user["required"].as_array_mut().unwrap().retain(|name| name != "lastSignInAt");
    })
    .await;
    assert!(drift.is_breaking());
    let change = only(&drift);
    assert_eq!((change.kind, change.class), (Kind::MemberRemoved, Class::Breaking));
    assert_eq!(change.item, "User.lastSignInAt");
    assert_eq!(change.operations["GetUser"].as_deref(), Some("users().get()"));
}

#[tokio::test]
async fn an_operation_that_is_gone_breaks_its_method() {
    let drift = after(|document| {
        let users = document["paths"]["/api/users"].as_object_mut().unwrap();
        users.remove("get").unwrap();
    })
    .await;
    let change = only(&drift);
    assert_eq!((change.kind, change.class), (Kind::OperationRemoved, Class::Breaking));
    assert_eq!(change.operations["ListUsers"].as_deref(), Some("users().list()"));
}

#[tokio::test]
async fn what_a_newer_server_adds_breaks_nothing() {
    let drift = after(|document| {
        document["components"]["schemas"]["User"]["properties"]["nickname"] =
            json!({"type": "string"});
        document["paths"]["/api/users/{userId}/nicknames"]["get"] = json!({
            "operationId": "ListUserNicknames",
            "tags": ["Users"],
            "parameters": [
                {"in": "path", "name": "userId", "required": true, "schema": {"type": "string"}},
            ],
            "responses": {"200": {"description": ""}},
        });
    })
    .await;
    assert_eq!(drift.class(), Some(Class::Additive));
    let kinds: Vec<_> = drift.changes.iter().map(|change| change.kind).collect();
    assert!(kinds.contains(&Kind::MemberAdded), "{kinds:?}");
    assert!(kinds.contains(&Kind::OperationAdded), "{kinds:?}");
}

#[tokio::test]
async fn the_mock_of_each_release_shows_no_drift() {
    for (version, _) in releases().iter().filter(|(version, _)| version.to_string() != "next") {
        let release = version.to_string();
        let mock = Mock::builder().release(&release).start().await.unwrap();
        let client = Client::builder(mock.endpoint()).build().unwrap();
        let drift = client.check_contract().await.unwrap();
        assert!(drift.is_none(), "{}", drift.print(Format::Text).unwrap());
        assert_eq!(drift.release, Some(release));
    }
}

#[tokio::test]
async fn only_enabled_groups_count() {
    let drift = after(|document| {
        document["paths"]["/api/hooks"].as_object_mut().unwrap().remove("get").unwrap();
    })
    .await;
    assert_eq!(drift.is_none(), !cfg!(feature = "hooks"));
}

#[tokio::test]
async fn the_document_is_fetched_without_a_token() {
    let server = Server::answering([ok(&published())]);
    assert!(server.app().check_contract().await.unwrap().is_none());
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("GET", TARGET));
    assert_eq!(seen[0].header("authorization"), None);
}

#[tokio::test]
async fn a_failure_that_passes_is_no_failure() {
    let server = Server::answering([answer(503, "", ""), ok(&published())]);
    assert!(server.client().check_contract().await.unwrap().is_none());
    assert_eq!(server.count(TARGET), 2);
}

#[tokio::test]
async fn a_server_that_publishes_nothing_is_told_apart() {
    let html = answer(404, "content-type: text/html\r\n", "<html>nothing here</html>");
    let json = json!({"code": "entity.not_found", "message": "Resource not found."}).to_string();
    for absent in [html, answer(404, "content-type: application/json\r\n", &json)] {
        let error = check([absent]).await.unwrap_err();
        assert!(error.status().unwrap() == 404 && !error.is_decode(), "{error}");
        let text = error.to_string();
        assert!(text.contains("publishes no OpenAPI document at /api/swagger.json"), "{text}");
        assert_eq!(
            (error.operation(), error.request_id()),
            (Some("GetSwaggerJson"), Some("req-1"))
        );
    }
}

#[tokio::test]
async fn what_is_no_document_is_an_error() {
    let text = published().to_string();
    let json = |body: &str| answer(200, "content-type: application/json\r\n", body);
    let dangling = json!({"openapi": "3.0.1", "paths": {"/a": {"get": {
        "responses": {"200": {"$ref": "#/components/responses/nowhere"}},
    }}}});
    for (body, said) in [
        (answer(200, "content-type: text/html\r\n", "<!doctype html><p>Sign in"), "not valid JSON"),
        (json(&text[..text.len() / 2]), "ends too early"),
        (json(""), "empty"),
        (json("[]"), "not an OpenAPI 3 document"),
        (json(r#"{"swagger": "2.0", "paths": {}}"#), "not an OpenAPI 3 document"),
        (json(r#"{"openapi": "3.0.1"}"#), "no paths"),
        (ok(&dangling), "nowhere"),
    ] {
        let error = check([body]).await.unwrap_err();
        assert!(error.is_decode(), "{error}");
        assert!(error.to_string().contains(said), "{said}: {error}");
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert_eq!((error.operation(), error.attempts()), (Some("GetSwaggerJson"), 1));
    }
}

#[tokio::test]
async fn other_failures_are_those_of_any_call() {
    let error = check([answer(500, "", "<html>oops</html>")]).await.unwrap_err();
    assert!(error.is_server_error(), "{error}");

    let moved = answer(302, "location: https://elsewhere.example/\r\n", "");
    let error = check([moved]).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FOUND), "{error}");

    let longer = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"openapi\": \"3.0.1\"";
    let error = check([longer.to_owned()]).await.unwrap_err();
    assert!(error.is_transient() && error.attempts() == 3, "{error}");

    let lonely = Client::builder(nobody()).retry(RetryPolicy::never()).build().unwrap();
    let error = lonely.check_contract().await.unwrap_err();
    assert!(error.is_connect(), "{error}");
    assert_eq!(error.operation(), Some("GetSwaggerJson"));
}
