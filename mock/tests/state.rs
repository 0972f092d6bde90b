//! Time under control, and state that is kept and brought back.

mod common;

use std::time::Duration;

use common::{Fixture, Result, header};
use reqwest::Method;
use serde_json::json;

async fn count(fixture: &Fixture, path: &str) -> Result<String> {
    Ok(header(&fixture.get(path).await?, "total-number"))
}

#[tokio::test]
async fn a_snapshot_brings_all_back_that_was_kept() -> Result {
    let fixture = Fixture::start().await?;
    let alice = fixture.add(json!({ "username": "alice" })).await?;
    let (_, role) = fixture
        .send(
            Method::POST,
            "/api/roles",
            json!({
                "name": "clerk", "description": "Clerk",
            }),
        )
        .await?;
    let before = fixture.mock.snapshot();
    let requests = fixture.mock.requests().len();

    let bob = fixture.add(json!({ "username": "bob" })).await?;
    let path = format!("/api/users/{}/roles", alice["id"].as_str().unwrap_or_default());
    fixture.send(Method::POST, &path, json!({ "roleIds": [role["id"]] })).await?;
    let alice_path = format!("/api/users/{}", alice["id"].as_str().unwrap_or_default());
    assert_eq!(fixture.get(&path).await?.status(), 200);
    fixture.send(Method::PATCH, &alice_path, json!({ "name": "Alice" })).await?;
    fixture.mock.advance(Duration::from_secs(3000));

    fixture.mock.restore(&before);
    assert_eq!(fixture.mock.requests().len(), requests);
    assert_eq!(count(&fixture, "/api/users").await?, "1");
    assert_eq!(count(&fixture, &format!("{path}?page=1")).await?, "0");
    let again: serde_json::Value = fixture.get(&alice_path).await?.json().await?;
    assert_eq!(again, alice);
    // Indexes came back, too: the name is free, and the same request gets the same id.
    fixture.mock.restore(&before);
    assert_eq!(fixture.add(json!({ "username": "bob" })).await?["id"], bob["id"]);
    Ok(())
}

#[tokio::test]
async fn who_goes_on_with_a_token_of_its_own_may_after_a_reset() -> Result {
    let fixture = Fixture::start().await?;
    for _ in 0..3 {
        fixture.add(json!({ "username": "alice" })).await?;
        fixture.mock.reset();
    }
    fixture.mock.revoke_tokens();
    assert_eq!(fixture.get("/api/users").await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn a_reset_opens_the_port_and_ends_faults() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.fail_next(100, 503);
    fixture.mock.refuse_connections(true);
    fixture.mock.reset();
    while let Err(error) = fixture.get("/api/users").await {
        let refused =
            error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect);
        assert!(refused || error.to_string().contains("error sending request"), "{error}");
        tokio::task::yield_now().await;
    }
    assert_eq!(fixture.get("/api/users").await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn tokens_expire_when_the_clock_is_put_forward() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.advance(Duration::from_secs(3590));
    assert_eq!(fixture.get("/api/users").await?.status(), 200);
    fixture.mock.advance(Duration::from_secs(20));
    assert_eq!(fixture.get("/api/users").await?.status(), 401);
    Ok(())
}
