//! What requests take, and how they are sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::{borrow::Cow, fmt};

use logto_api::{
    Client, Method, Null, StatusCode,
    models::{AccessTokenSample, UserProfile},
};
use serde_json::{Value, json};
use server::{Server, answer, ok};

/// An id of another crate's, such as a `Uuid`.
#[derive(Clone, Copy)]
struct Id(u32);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "id-{:04}", self.0)
    }
}

fn user() -> Value {
    json!({
        "id": "u", "username": "alice", "primaryEmail": null, "primaryPhone": null, "name": null,
        "avatar": null, "customData": {}, "identities": {}, "lastSignInAt": null, "createdAt": 0,
        "updatedAt": 0, "profile": {}, "applicationId": null, "isSuspended": false,
        "hasPassword": false, "ssoIdentities": []
    })
}

fn server_of(body: &Value) -> (Server, Client) {
    let server = Server::answering([ok(body)]);
    let client = server.builder().bearer_token("t").build().unwrap();
    (server, client)
}

fn last_body(server: &Server) -> Value {
    serde_json::from_str(&server.calls().last().unwrap().body).unwrap()
}

fn last_target(server: &Server) -> String {
    server.calls().pop().unwrap().target
}

#[tokio::test]
async fn a_request_can_be_awaited() {
    let (server, logto) = server_of(&user());
    assert_eq!(logto.users().get("u").await.unwrap().id, "u");
    let sending = logto.users().update("u").name("Alice").send();
    assert_eq!(server.calls().len(), 1, "nothing is sent before it is polled");
    assert_eq!(sending.await.unwrap().id, "u");
    let answer = logto.request(Method::GET, "/api/users/u").await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test]
async fn a_value_says_how_it_was_answered() {
    let server = Server::answering([
        answer(201, "content-type: application/json\r\nx-mine: yes\r\n", &user().to_string()),
        answer(204, "", ""),
        answer(404, "", r#"{"code":"entity.not_found"}"#),
    ]);
    let logto = server.builder().bearer_token("t").build().unwrap();
    let created = logto.users().create().username("alice").send_with_response().await.unwrap();
    assert_eq!((created.status(), created.request_id()), (StatusCode::CREATED, Some("req-1")));
    assert_eq!(created.headers()["x-mine"], "yes");
    assert_eq!(created.id, "u");
    assert_eq!(created.into_value().id, "u");
    let deleted = logto.users().delete("u").send_with_response().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert!(logto.users().delete("u").send_with_response().await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn an_absent_value_changes_nothing_and_null_is_explicit() {
    let (server, logto) = server_of(&user());
    let users = logto.users();
    let absent: Option<String> = None;
    let update = users.update("u").maybe_name(absent.as_deref()).maybe_avatar(absent.clone());
    update.maybe_custom_data(None::<Value>).maybe_username(Some("a")).await.unwrap();
    assert_eq!(last_body(&server), json!({ "username": "a" }));
    users.update("u").name(Null).avatar(None).maybe_username(absent).await.unwrap();
    assert_eq!(last_body(&server), json!({ "name": null, "avatar": null }));
    users.create().maybe_name(Some("Alice")).maybe_profile(None::<UserProfile>).await.unwrap();
    assert_eq!(last_body(&server), json!({ "name": "Alice" }));
}

#[tokio::test]
async fn an_absent_parameter_is_left_out_of_the_query() {
    let (server, logto) = server_of(&json!([]));
    let cell: Option<i64> = None;
    let list = logto.roles().list().maybe_page(cell).maybe_page_size(Some(5));
    list.maybe_search(None::<&str>).await.unwrap();
    assert_eq!(last_target(&server), "/api/roles?page_size=5");
}

#[tokio::test]
#[allow(clippy::needless_borrows_for_generic_args, reason = "they are what callers may have")]
async fn texts_and_ids_are_taken_as_they_are_at_hand() {
    let (server, logto) = server_of(&user());
    let owned = "alice".to_owned();
    let names = ["alice"];
    let users = logto.users();
    for request in [
        users.update(Id(7)).username(&owned),
        users.update(&Id(7)).username(&&*owned),
        users.update("id-0007").username(Cow::Borrowed("alice")),
        users.update(&"id-0007").username(names.iter().next().unwrap()),
        users.update("id-0007".to_owned()).username(owned.clone()),
    ] {
        request.await.unwrap();
        assert_eq!(last_target(&server), "/api/users/id-0007");
        assert_eq!(last_body(&server), json!({ "username": "alice" }));
    }

    let (server, logto) = server_of(&json!({}));
    logto.roles().add_users("r", [Id(1), Id(2)]).send().await.unwrap();
    assert_eq!(last_body(&server), json!({ "userIds": ["id-0001", "id-0002"] }));
    logto.roles().add_users("r", names.iter()).send().await.unwrap();
    assert_eq!(last_body(&server), json!({ "userIds": ["alice"] }));
}

#[tokio::test]
async fn an_object_is_json_a_map_or_pairs() {
    let (server, logto) = server_of(&user());
    let object = json!({ "plan": "pro" });
    let map = object.as_object().unwrap();
    let update = || logto.users().update("u");
    for request in [
        update().custom_data(object.clone()),
        update().custom_data(&object),
        update().custom_data(map),
        update().custom_data(map.clone()),
        update().custom_data([("plan", "pro")]),
        update().custom_data(vec![("plan".to_owned(), json!("pro"))]),
        update().maybe_custom_data(Some(json!({ "plan": "pro" }))),
    ] {
        request.await.unwrap();
        assert_eq!(last_body(&server), json!({ "customData": { "plan": "pro" } }));
    }

    let sent = server.calls().len();
    let wrong = update().custom_data(json!(["hunter2"])).await.unwrap_err();
    assert!(wrong.is_invalid_request(), "{wrong}");
    let said = wrong.to_string();
    assert!(said.contains("`custom_data`: expected a JSON object, found an array"), "{said}");
    let wrong = logto.users().update_custom_data("u", json!(1)).await.unwrap_err().to_string();
    assert!(wrong.contains("`custom_data`: expected a JSON object, found a number"), "{wrong}");
    assert_eq!(server.calls().len(), sent, "nothing was sent");
}

#[tokio::test]
async fn lists_are_searched_by_one_name() {
    let (server, logto) = server_of(&json!([]));
    logto.organizations().list().search("acme").await.unwrap();
    assert_eq!(last_target(&server), "/api/organizations?q=acme");
    logto.users().list().search("%acme%").await.unwrap();
    assert_eq!(last_target(&server), "/api/users?search=%25acme%25");
    logto.users().list().search(Cow::from("a")).await.unwrap();
    assert_eq!(last_target(&server), "/api/users?search=a");
}

#[test]
fn a_model_has_the_same_setters() {
    let absent: Option<&str> = None;
    let sample = AccessTokenSample::default().scope(["a", "b"]).maybe_client_id(absent);
    assert_eq!(serde_json::to_value(sample).unwrap(), json!({ "scope": "a b" }));
}

#[tokio::test]
async fn a_scope_is_a_string_or_a_list() {
    let server = Server::answering([answer(204, "", "")]);
    let acme = || server.app().as_organization(Id(1));
    for acting in [acme().scope("read write"), acme().scope(["read", "write"])] {
        acting.allow_fewer_scopes().build().unwrap().access_token().await.unwrap();
        let asked = server.seen().pop().unwrap().body;
        assert!(asked.contains("scope=read+write"), "{asked}");
        assert!(asked.contains("organization_id=id-0001"), "{asked}");
    }
}
