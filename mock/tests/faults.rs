//! What goes wrong on demand, as a client finds it.

mod common;

use std::time::Duration;

use common::{Fixture, Result, answer, header};
use logto_mock::Fault;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_status_is_given_as_often_as_ordered_and_for_the_operation_only() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.inject(Fault::status(503).on("CreateUser").times(2));
    assert_eq!(fixture.get("/api/users").await?.status(), 200);
    for expected in [503, 503, 200] {
        let (status, _) = fixture.send(Method::POST, "/api/users", json!({})).await?;
        assert_eq!(status, expected);
    }
    fixture.mock.inject(Fault::rate_limited(Duration::from_secs(7)).times(1));
    let limited = fixture.get("/api/users").await?;
    assert_eq!((limited.status().as_u16(), header(&limited, "retry-after")), (429, "7".into()));
    Ok(())
}

#[tokio::test]
async fn which_requests_fail_is_the_same_each_time() -> Result {
    let fixture = Fixture::start().await?;
    let run = async |seed| {
        fixture.mock.clear_faults();
        fixture.mock.seed_faults(seed);
        fixture.mock.inject(Fault::status(500).with_probability(0.5));
        let mut statuses = Vec::new();
        for _ in 0..24 {
            statuses.push(fixture.get("/api/users").await?.status().as_u16());
        }
        Ok::<_, Box<dyn std::error::Error>>(statuses)
    };
    let first = run(5).await?;
    assert_eq!(first, run(5).await?);
    assert!(first.contains(&500) && first.contains(&200), "{first:?}");
    assert_ne!(first, run(6).await?);
    Ok(())
}

#[tokio::test]
async fn connections_break_where_they_are_told_to() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.inject(Fault::reset().times(1));
    let reset = fixture.get("/api/users").await;
    assert!(reset.is_err(), "{reset:?}");
    fixture.mock.inject(Fault::half_sent().times(1));
    let half = fixture.get("/api/roles").await?;
    assert_eq!(half.status(), 200);
    assert!(half.text().await.is_err());
    assert_eq!(fixture.get("/api/users").await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn answers_that_do_not_end_are_given_up_by_clients_only() -> Result {
    let fixture = Fixture::start().await?;
    let soon = Duration::from_millis(100);
    fixture.mock.inject(Fault::silent().times(1));
    let silent = fixture.request(Method::GET, "/api/users").timeout(soon).send().await;
    assert!(silent.is_err_and(|error| error.is_timeout()));
    fixture.mock.inject(Fault::stalled().times(1));
    let stalled = fixture.request(Method::GET, "/api/sign-in-exp").timeout(soon).send().await?;
    assert!(stalled.text().await.is_err_and(|error| error.is_timeout()));
    fixture.mock.inject(Fault::endless().times(1));
    let mut endless = fixture.get("/api/sign-in-exp").await?;
    let mut read = 0;
    while read < 1_000_000 {
        read += endless.chunk().await?.ok_or("an end")?.len();
    }
    Ok(())
}

#[tokio::test]
async fn a_closed_port_refuses_and_opens_again() -> Result {
    let fixture = Fixture::start().await?;
    fixture.mock.refuse_connections(true);
    assert!(fixture.get("/api/users").await.is_err());
    fixture.mock.refuse_connections(false);
    // The port opens when the server gets to it.
    while fixture.get("/api/users").await.is_err() {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn answers_of_later_and_of_older_releases() -> Result {
    let fixture = Fixture::start().await?;
    let id = fixture.add(json!({ "username": "alice" })).await?["id"].clone();
    let path = format!("/api/users/{}", common::string(&id));
    fixture.mock.inject(Fault::unknowns().times(1));
    let (_, user) = answer(fixture.get(&path).await?).await?;
    assert_eq!(user["unheardOf"], "unheard of");
    assert_eq!(
        (&user["identities"], &user["customData"]),
        (&json!({}), &json!({})),
        "maps stay maps"
    );

    let app = format!("/api/applications/{}", fixture.mock.app_id());
    let (_, now) = answer(fixture.get(&app).await?).await?;
    assert_ne!(now["appLevelAccessControlEnabled"], Value::Null);
    fixture.mock.set_release("1.38");
    let (_, then) = answer(fixture.get(&app).await?).await?;
    assert_eq!(then["appLevelAccessControlEnabled"], Value::Null);
    assert_eq!(then["id"], now["id"]);
    Ok(())
}
