//! What holds for every answer, and for the server as a whole.

mod common;

use std::collections::HashSet;

use common::{Fixture, Result, answer, client, header};
use logto_mock::Mock;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() -> Result {
    let fixture = Fixture::start().await?;
    let mut ids = HashSet::new();
    for path in ["/api/users", "/api/users/nobody", "/nowhere", "/oidc/auth"] {
        let response = fixture.get(path).await?;
        let id = header(&response, "logto-core-request-id");
        assert_eq!(id.len(), 16);
        assert!(ids.insert(id));
    }
    Ok(())
}

#[tokio::test]
async fn unknown_routes_are_not_found() -> Result {
    let (mock, http) = (Mock::start().await?, client()?);
    let response = http.get(format!("{}/api/nothing", mock.endpoint())).send().await?;
    assert_eq!(response.status(), 404);
    assert_eq!(header(&response, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(response.text().await?, "Not Found");

    let response = http.get(format!("{}/oidc/token", mock.endpoint())).send().await?;
    let (status, body) = answer(response).await?;
    let description = "unrecognized route or not allowed method (GET on /token)";
    assert_eq!((status.as_u16(), &body["error_description"]), (404, &json!(description)));
    Ok(())
}

#[tokio::test]
async fn requests_are_remembered() -> Result {
    let fixture = Fixture::start().await?;
    fixture.send(Method::POST, "/api/users?x=1", json!({ "name": "A" })).await?;
    let requests = fixture.mock.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].method, "POST");
    assert_eq!(requests[1].path_and_query, "/api/users?x=1");
    assert_eq!(requests[1].path(), "/api/users");
    assert_eq!(requests[1].text(), r#"{"name":"A"}"#);
    assert_eq!(requests[1].header("content-type"), Some("application/json"));
    Ok(())
}

#[tokio::test]
async fn dropping_it_ends_the_server() -> Result {
    let (mock, http) = (Mock::start().await?, client()?);
    let url = format!("{}/nowhere", mock.endpoint());
    assert_eq!(http.get(&url).send().await?.status(), 404);
    drop(mock);
    assert!(http.get(&url).send().await.is_err());
    Ok(())
}

#[tokio::test]
async fn the_next_requests_fail_and_are_not_carried_out() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.fail_next(2, 503);
    let body = json!({ "username": "alice" });
    for status in [503, 503, 200] {
        let (got, _) = fixture.send(Method::POST, "/api/users", body.clone()).await?;
        assert_eq!(got, status);
    }
    let users = fixture.get("/api/users").await?;
    assert_eq!(header(&users, "total-number"), "1");
    let created = fixture.mock.requests().into_iter().filter(|one| one.path() == "/api/users");
    assert_eq!(created.filter(|one| one.method == "POST").count(), 3);
    Ok(())
}
