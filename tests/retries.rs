//! When calls are repeated, and when they must not be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/server.rs"]
mod server;

use std::time::Duration;

use clock::TestClock;
use logto_api::{Client, Error, Method, RetryPolicy, StatusCode};
use serde_json::json;
use server::{Server, answer, nobody, silence};

/// A client that waits in no time.
fn client(endpoint: &str, clock: &TestClock) -> Client {
    Client::builder(endpoint).bearer_token("t").clock(clock.clone()).build().unwrap()
}

/// An answer of this status, without a body.
fn status(status: u16) -> String {
    answer(status, "", "")
}

/// The status that the call ended with, and how many requests there were.
async fn send(method: Method, answers: &[String]) -> (Result<StatusCode, Error>, usize) {
    let server = Server::answering(answers.to_vec());
    let client = client(&server.endpoint, &TestClock::new(1.0));
    let body = json!({"a": "b"});
    let answer = client.request(method, "/api/things").json(&body).send().await;
    let seen = server.seen();
    for request in &seen {
        assert_eq!(request.body, r#"{"a":"b"}"#);
        assert_eq!(request.header("authorization"), Some("Bearer t"));
    }
    (answer.map(|answer| answer.status()), seen.len())
}

#[tokio::test]
async fn what_is_idempotent_is_repeated_after_what_may_pass() {
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let statuses = [408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 530];
        let cut = answer(200, "", "{\"cut\":").replace("content-length: 7", "content-length: 70");
        for failure in statuses.map(status).into_iter().chain([String::new(), cut]) {
            let answers = [failure.clone(), failure.clone(), status(204)];
            let (outcome, requests) = send(method.clone(), &answers).await;
            assert_eq!((outcome.unwrap().as_u16(), requests), (204, 3), "{method} {failure}");
        }
        for failure in [400, 401, 403, 404, 409, 422, 500, 501, 505, 525, 526] {
            let (outcome, requests) = send(method.clone(), &[status(failure)]).await;
            let error = outcome.unwrap_err();
            assert_eq!((error.status().unwrap().as_u16(), requests), (failure, 1));
            assert_eq!(error.attempts(), 1);
        }
    }
}

#[tokio::test]
async fn what_is_not_idempotent_is_repeated_only_if_nothing_was_done() {
    for method in [Method::POST, Method::PATCH] {
        for failure in [status(429), answer(503, "retry-after: 0\r\n", "")] {
            let (outcome, requests) = send(method.clone(), &[failure, status(204)]).await;
            assert_eq!((outcome.unwrap().as_u16(), requests), (204, 2));
        }
        // A gateway that lost the server at work has no idea when to come again.
        let dateless = answer(503, "retry-after: soon\r\n", "");
        let open = [500, 502, 503, 504, 408, 520, 524, 530].map(status);
        for failure in open.into_iter().chain([dateless, String::new()]) {
            let (outcome, requests) = send(method.clone(), &[failure, status(204)]).await;
            let error = outcome.unwrap_err();
            assert_eq!((error.attempts(), requests), (1, 1));
            assert!(error.may_have_taken_effect(), "{error}");
        }
        let clock = TestClock::new(1.0);
        let request = client(&nobody(), &clock).request(method, "/api/things");
        let error = request.send().await.unwrap_err();
        assert!(error.is_connect() && error.is_transient());
        assert_eq!((error.attempts(), clock.sleeps().len()), (3, 2));
        assert!(!error.may_have_taken_effect());
        assert!(error.to_string().ends_with("(3 attempts)"), "{error}");
    }
}

#[tokio::test]
async fn who_knows_better_may_have_all_requests_retried() {
    let all = || RetryPolicy::new().retry_non_idempotent(true);
    for failure in [status(502), status(503), String::new()] {
        let server = Server::answering([failure, status(204)]);
        let client = client(&server.endpoint, &TestClock::new(0.0));
        client.request(Method::POST, "/api/things").retry(all()).send().await.unwrap();
        assert_eq!(server.seen().len(), 2);
        #[cfg(feature = "experience")]
        assert!(client.experience().verify_backup_code("0a").retry(all()).send().await.is_err());
        #[cfg(feature = "experience")]
        assert_eq!(server.seen().len(), 3, "a code is sent once");
    }
    // What is found then may come of the attempt before.
    let taken = answer(422, "", r#"{"code":"user.username_already_in_use","message":"Taken."}"#);
    let server = Server::answering([String::new(), taken]);
    let client = client(&server.endpoint, &TestClock::new(0.0));
    let request = client.request(Method::POST, "/api/things").retry(all());
    let error = request.send().await.unwrap_err();
    assert!(error.is_unprocessable() && error.may_have_taken_effect());
    assert!(error.to_string().ends_with("2 attempts, an earlier attempt may have taken effect)"));
}

#[tokio::test]
#[cfg(feature = "users")]
async fn an_answer_of_no_use_does_not_hide_what_may_have_been_done() {
    let html = || answer(200, "content-type: text/html\r\n", "<h1>Hello</h1>");
    let elsewhere = || answer(307, "location: http://elsewhere.invalid/\r\n", "");
    let server = Server::answering([String::new(), elsewhere()]);
    let users = client(&server.endpoint, &TestClock::new(0.0)).users();
    let error = users.delete("alice").send().await.unwrap_err();
    assert!(error.status() == Some(StatusCode::TEMPORARY_REDIRECT), "{error}");
    assert!(error.may_have_taken_effect(), "{error}");

    // A success is one also where it cannot be read.
    let server = Server::answering([html(), html(), elsewhere(), html()]);
    let client = client(&server.endpoint, &TestClock::new(0.0));
    let error = client.users().create().send().await.unwrap_err();
    assert!(error.is_decode() && error.may_have_taken_effect(), "{error}");
    let error = client.users().create().max_response_size(9).send().await.unwrap_err();
    assert!(error.is_response_too_large() && error.may_have_taken_effect(), "{error}");
    let error = client.users().create().send().await.unwrap_err();
    assert!(!error.may_have_taken_effect(), "{error}");
    let error = client.users().get("alice").send().await.unwrap_err();
    assert!(error.is_decode() && !error.may_have_taken_effect(), "{error}");
}

#[tokio::test]
#[cfg(feature = "users")]
async fn what_a_lost_attempt_deleted_is_deleted() {
    let gone = answer(404, "", r#"{"code":"entity.not_found","message":"Not found."}"#);
    let delete = async |answers: &[&String]| {
        let server = Server::answering(answers.iter().map(|answer| (*answer).clone()));
        let client = client(&server.endpoint, &TestClock::new(0.0));
        client.users().delete("alice").send().await
    };
    let turned_away = answer(503, "retry-after: 0\r\n", "");
    for lost in [String::new(), status(502), status(503), status(524)] {
        delete(&[&lost, &gone]).await.unwrap();
        delete(&[&turned_away, &lost, &gone]).await.unwrap();
        // A gateway that does not know the path says nothing about the user.
        let error = delete(&[&lost, &status(404)]).await.unwrap_err();
        assert!(error.status().unwrap() == 404 && error.may_have_taken_effect(), "{error}");
    }
    for before in [vec![], vec![&turned_away], vec![&turned_away, &turned_away]] {
        let error = delete(&[before, vec![&gone]].concat()).await.unwrap_err();
        assert!(error.is_not_found() && !error.may_have_taken_effect(), "{error}");
    }
}

#[tokio::test]
#[cfg(feature = "experience")]
async fn what_uses_up_what_it_is_sent_is_never_repeated() {
    let server = Server::answering([status(503)]);
    let client = client(&server.endpoint, &TestClock::new(1.0));
    let error = client.experience().verify_backup_code("0a1b2c").send().await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(StatusCode::SERVICE_UNAVAILABLE), 1));
    assert_eq!(server.seen().len(), 1);
    // Another of the same API is.
    assert!(client.experience().get_interaction().send().await.is_err());
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn waits_grow_and_are_a_random_part_of_what_they_may_be() {
    for (chance, waits) in
        [(1.0, [250, 500, 1000, 1500]), (0.5, [125, 250, 500, 750]), (0.0, [0; 4])]
    {
        let server = Server::answering([status(503)]);
        let clock = TestClock::new(chance);
        let policy = RetryPolicy::new().max_attempts(5).max_delay(Duration::from_millis(1500));
        let request = client(&server.endpoint, &clock).request(Method::GET, "/api/things");
        let error = request.retry(policy).send().await.unwrap_err();
        assert_eq!(error.attempts(), 5);
        assert_eq!(clock.sleeps(), waits);
    }
}

#[tokio::test]
async fn no_wait_is_too_long_to_be_reckoned_with() {
    let server = Server::answering([status(503)]);
    for chance in [1.0, f64::NAN, f64::INFINITY] {
        let clock = TestClock::new(chance);
        let policy = RetryPolicy::new().base_delay(Duration::MAX).max_delay(Duration::MAX);
        let request = client(&server.endpoint, &clock).request(Method::GET, "/api/things");
        let error = request.retry(policy).send().await.unwrap_err();
        assert_eq!((error.attempts(), clock.sleeps().len()), (1, 0));
    }
}

#[tokio::test]
async fn the_server_may_ask_for_a_longer_wait() {
    let date = httpdate(TestClock::START + 20);
    for (header, wait, attempts) in [
        ("7", Some(7_000), 3),
        ("0", Some(250), 3),
        (date.as_str(), Some(20_000), 3),
        ("31", None, 1),
        ("99999999999999", None, 1),
        ("soon", Some(250), 3),
    ] {
        let server = Server::answering([answer(429, &format!("retry-after: {header}\r\n"), "")]);
        let clock = TestClock::new(1.0);
        let request = client(&server.endpoint, &clock).request(Method::POST, "/api/things");
        let error = request.send().await.unwrap_err();
        assert!(error.is_rate_limited());
        assert_eq!(
            (clock.sleeps().first().copied(), error.attempts()),
            (wait, attempts),
            "{header}"
        );
        assert_eq!(error.retry_after().is_some(), header != "soon", "{header}");
    }
}

/// A date as `Retry-After` has it.
fn httpdate(seconds: u64) -> String {
    assert_eq!(seconds, 784_111_797);
    "Sun, 06 Nov 1994 08:49:57 GMT".to_owned()
}

#[tokio::test]
async fn no_wait_goes_beyond_the_time_that_there_is() {
    let server = Server::answering([status(503)]);
    let clock = TestClock::new(1.0);
    let request = || client(&server.endpoint, &clock).request(Method::GET, "/api/things");
    let error = request().timeout(Duration::from_millis(600)).send().await.unwrap_err();
    assert_eq!((error.attempts(), clock.sleeps()), (2, vec![250]));
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));

    let policy = RetryPolicy::new().max_elapsed(Duration::from_millis(100));
    let error = request().retry(policy).send().await.unwrap_err();
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_policy_is_the_clients_or_the_calls() {
    let server = Server::answering([answer(500, "", r#"{"code":"oops","message":"x"}"#)]);
    let policy = RetryPolicy::new().max_attempts(4).retry_if(|error| error.has_code("oops"));
    let builder = server.builder().clock(TestClock::new(1.0)).retry(policy);
    let client = builder.build().unwrap();
    let attempts = async |method: Method, retry: Option<RetryPolicy>| {
        let mut request = client.request(method, "/api/status").unauthenticated();
        if let Some(retry) = retry {
            request = request.retry(retry);
        }
        request.send().await.unwrap_err().attempts()
    };
    assert_eq!(attempts(Method::GET, None).await, 4);
    assert_eq!(attempts(Method::GET, Some(RetryPolicy::never())).await, 1);
    assert_eq!(attempts(Method::GET, Some(RetryPolicy::new())).await, 1);
    // No policy makes the server do something twice.
    assert_eq!(attempts(Method::POST, None).await, 1);
}

#[tokio::test]
async fn an_outage_is_not_multiplied() {
    let server = Server::answering(vec![status(503); 12].into_iter().chain([status(204)]));
    let client = server.builder().bearer_token("t").clock(TestClock::new(1.0)).retry_budget(4);
    let client = client.build().unwrap();
    let mut attempts = Vec::new();
    for _ in 0..8 {
        // A clone has no budget of its own.
        let outcome = client.clone().request(Method::GET, "/api/things").send().await;
        attempts.push(outcome.map_or_else(|error| error.attempts(), |_| 0));
    }
    assert_eq!(attempts, [3, 3, 1, 1, 1, 1, 1, 1]);
    assert_eq!(server.seen().len(), 12);
}

#[tokio::test]
async fn attempts_have_a_time_limit_and_so_has_the_call() {
    let server = Server::start(|_| silence());
    let clock = TestClock::new(0.0);
    let request = || client(&server.endpoint, &clock).request(Method::GET, "/api/things");
    let error = request().attempt_timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert!(error.is_timeout() && !error.is_connect());
    assert_eq!((error.attempts(), server.seen().len()), (3, 3));

    let policy = RetryPolicy::new().base_delay(Duration::from_millis(1));
    let request = server.builder().bearer_token("t").retry(policy).build().unwrap();
    let request = request.request(Method::GET, "/api/things");
    let error = request.timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!((error.attempts(), server.seen().len()), (1, 4));
}

#[tokio::test]
async fn a_call_without_any_time_sends_nothing() {
    let server = Server::answering([status(204)]);
    let request = || server.client().request(Method::GET, "/api/status").unauthenticated();
    for request in [request().timeout(Duration::ZERO), request().attempt_timeout(Duration::ZERO)] {
        let error = request.send().await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
    }
    assert!(server.seen().is_empty());
    for forever in [Duration::MAX, Duration::from_secs(1 << 62)] {
        request().timeout(forever).attempt_timeout(forever).send().await.unwrap();
    }
}

#[tokio::test]
async fn a_call_waits_for_a_token_no_longer_than_it_may() {
    let server = Server::start(|_| silence());
    let request = server.app().request(Method::GET, "/api/things");
    let error = request.timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert!(error.is_timeout() && error.is_auth(), "{error}");
    assert!(error.to_string().contains("waiting for an access token"), "{error}");
    assert_eq!(error.attempts(), 0);
    assert_eq!(server.count("/api/things"), 0);
}
