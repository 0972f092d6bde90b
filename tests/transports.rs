//! Transports of the caller's own: what answers requests in place of the HTTP client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../examples/transport.rs"]
mod example;
#[path = "support/server.rs"]
mod server;

use std::{
    error::Error as StdError,
    future::{self, Ready},
    io,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, http, routing};
use logto_api::{
    Client, Method, RetryPolicy, StatusCode,
    reqwest::{self, Body, Request, Response, redirect},
};
use serde_json::json;
use server::{Server, answer, nobody, ok};
use tower::{Service, ServiceBuilder, service_fn};

type BoxError = Box<dyn StdError + Send + Sync>;

const ENDPOINT: &str = "http://localhost:3001";
const HOST: &str = "localhost:3001";

fn logto() -> Router {
    let token = async || json!({"access_token": "t1", "expires_in": 3600}).to_string();
    let users = async |headers: http::HeaderMap, body: String| {
        let token = headers["authorization"].to_str().unwrap().to_owned();
        json!({"id": "u1", "username": token, "name": body}).to_string()
    };
    Router::new()
        .route("/oidc/token", routing::post(token))
        .route("/api/users", routing::post(users))
        .route(
            "/api/cookies",
            routing::get(async |headers: http::HeaderMap| {
                let sent = headers.get("cookie").map(|value| value.to_str().unwrap().to_owned());
                ([("set-cookie", "a=b; path=/")], sent.unwrap_or_default())
            }),
        )
}

#[tokio::test]
async fn a_server_needs_no_port() {
    let client = Client::builder(ENDPOINT)
        .client_credentials("app-id", "secret")
        .transport(example::in_process(logto()))
        .cookie_store(true)
        .build()
        .unwrap();
    let request = client.request(Method::POST, "/api/users").json(&json!({"a": 1}));
    let user: serde_json::Value = request.send().await.unwrap().json().unwrap();
    assert_eq!((&user["username"], &user["name"]), (&json!("Bearer t1"), &json!("{\"a\":1}")));
    let cookies = || client.request(Method::GET, "/api/cookies").unauthenticated().send();
    assert_eq!(cookies().await.unwrap().text().unwrap(), "");
    assert_eq!(cookies().await.unwrap().text().unwrap(), "a=b");
    let gone = client.request(Method::GET, "/api/nobody").send().await.unwrap_err();
    assert!(gone.status().unwrap() == 404);
}

#[tokio::test]
async fn the_example_records_what_is_sent() {
    let log = example::Log::default();
    let client = example::client(&log).unwrap();
    for id in ["alice", "bob"] {
        assert_eq!(example::user(&client, id).await.unwrap(), json!({ "id": id }));
    }
    let expected = ["POST /oidc/token", "GET /api/users/alice", "GET /api/users/bob"];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_stack_of_layers_stands_before_the_http_client() {
    let server = Server::answering([ok(&json!({}))]);
    let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let recorded = log.clone();
    // A limit that is not to be cloned goes behind a buffer.
    let service = ServiceBuilder::new()
        .buffer::<Request>(16)
        .rate_limit(1000, Duration::from_secs(1))
        .map_request(move |request: Request| {
            let body = request.body().and_then(Body::as_bytes).unwrap_or_default().to_vec();
            recorded.lock().unwrap().push((request.url().path().to_owned(), body));
            request
        })
        .service(http);
    let client = server.builder().client_credentials("a", "b").transport(service).build().unwrap();
    let request = client.request(Method::POST, "/api/users").json(&json!({"a": 1}));
    request.send().await.unwrap();
    let log = log.lock().unwrap().clone();
    assert_eq!(log[0].0, "/oidc/token");
    assert_eq!(log[1], ("/api/users".to_owned(), b"{\"a\":1}".to_vec()));
    assert_eq!(server.seen().len(), 2);
}

/// Is ready once it has been asked, and answers no request before.
#[derive(Clone, Default)]
struct Coy {
    was_asked: bool,
}

impl Service<Request> for Coy {
    type Response = Response;
    type Error = io::Error;
    type Future = Ready<io::Result<Response>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if std::mem::replace(&mut self.was_asked, true) {
            return Poll::Ready(Ok(()));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, _: Request) -> Self::Future {
        assert!(self.was_asked);
        future::ready(Ok(http::Response::new("").into()))
    }
}

#[tokio::test]
async fn a_service_is_called_when_it_is_ready() {
    let client = Client::builder(ENDPOINT).transport(Coy::default()).build().unwrap();
    for _ in 0..2 {
        let answer =
            client.request(Method::GET, "/api/status").unauthenticated().send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn what_a_service_reports_is_the_source_of_the_error() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = calls.clone();
    let service = service_fn(move |request: Request| {
        log.lock().unwrap().push(request.method().clone());
        future::ready(Err::<Response, _>(io::Error::other("hunter2")))
    });
    let builder = Client::builder(ENDPOINT).transport(service);
    let client = builder.retry(RetryPolicy::new().base_delay(Duration::ZERO)).build().unwrap();
    let error =
        client.request(Method::GET, "/api/status").unauthenticated().send().await.unwrap_err();
    assert!(error.is_transient() && !error.is_connect() && !error.is_timeout());
    assert_eq!(error.attempts(), 3);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.to_string(), "hunter2");
    let text = format!("the client's transport failed to get a response from {HOST} (3 attempts)");
    assert_eq!(error.to_string(), text);
    // It may have been carried out.
    let error =
        client.request(Method::POST, "/api/status").unauthenticated().send().await.unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert_eq!(calls.lock().unwrap().len(), 4);

    let service =
        service_fn(|_: Request| future::ready(Err::<Response, _>(io::Error::other("hunter2"))));
    let app = Client::builder(ENDPOINT).client_credentials("a", "b").transport(service);
    let app = app.retry(RetryPolicy::never()).build().unwrap();
    let error = app.request(Method::GET, "/api/users").send().await.unwrap_err();
    assert!(error.is_auth() && error.is_transient(), "{error}");
    let text = "the token endpoint of {HOST} did not respond: the client's transport failed";
    assert_eq!(error.to_string(), text.replace("{HOST}", HOST));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert!(error.source().unwrap().is::<io::Error>());
}

#[tokio::test]
async fn an_error_tells_what_a_service_reports_of_the_connection() {
    for (kind, what) in [
        (io::ErrorKind::ConnectionReset, "reset the connection"),
        (io::ErrorKind::ConnectionRefused, "refused the connection: is a server listening there?"),
    ] {
        let service = service_fn(move |_: Request| {
            future::ready(Err::<Response, _>(io::Error::new(kind, "hunter2")))
        });
        let builder = Client::builder(ENDPOINT).transport(service).retry(RetryPolicy::never());
        let client = builder.build().unwrap();
        let request = client.request(Method::GET, "/api/status").unauthenticated();
        let error = request.send().await.unwrap_err();
        assert_eq!(error.to_string(), format!("the client's transport failed: {HOST} {what}"));
        assert_eq!(error.io_error_kind(), Some(kind));
    }
}

/// The HTTP client, which nobody recognizes so.
fn behind_a_layer(
    http: reqwest::Client,
) -> impl Service<Request, Response = Response, Error = reqwest::Error, Future: Send>
+ Clone
+ Send
+ 'static {
    ServiceBuilder::new().map_request(|request: Request| request).service(http)
}

#[tokio::test]
async fn errors_of_reqwest_are_understood() {
    let client = Client::builder(nobody())
        .retry(RetryPolicy::never())
        .transport(behind_a_layer(reqwest::Client::new()))
        .build()
        .unwrap();
    let error =
        client.request(Method::GET, "/api/status").unauthenticated().send().await.unwrap_err();
    assert!(error.is_connect(), "{error}");
}

#[tokio::test]
async fn time_limits_hold_for_a_service() {
    let service = service_fn(|request: Request| async move {
        match request.url().path() {
            "/api/slow" => {
                let endless = futures_util::stream::pending::<Result<Vec<u8>, BoxError>>();
                let body = Body::wrap_stream(endless);
                Ok::<_, BoxError>(http::Response::new(body).into())
            }
            _ => future::pending().await,
        }
    });
    let client = Client::builder(ENDPOINT)
        .client_credentials("a", "b")
        .transport(service)
        .attempt_timeout(Duration::from_millis(20))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    for request in [
        client.request(Method::GET, "/api/never").unauthenticated(),
        client.request(Method::GET, "/api/slow").unauthenticated(),
    ] {
        let error = request.send().await.unwrap_err();
        assert!(error.is_timeout() && error.is_transient(), "{error}");
        let text = format!("timed out waiting for the response of {HOST} (the limit");
        assert!(error.to_string().starts_with(&text), "{error}");
    }
    let error = client.request(Method::GET, "/api/users").send().await.unwrap_err();
    assert!(error.is_auth() && error.is_timeout(), "{error}");
    let request = client.request(Method::GET, "/api/slow").unauthenticated();
    let download = request.timeout(Duration::from_millis(20)).download().await.unwrap();
    let error = download.bytes().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn an_answer_from_elsewhere_is_not_taken() {
    let other = Server::answering([answer(200, "set-cookie: a=b\r\n", "{}")]);
    let location = format!("location: {}/taken\r\n", other.endpoint);
    let server = Server::answering([answer(302, &location, "")]);
    let following = reqwest::Client::new();
    let client = server.builder().transport(behind_a_layer(following)).build().unwrap();
    let error =
        client.request(Method::GET, "/api/status").unauthenticated().send().await.unwrap_err();
    assert!(error.to_string().contains("another server"), "{error}");
}

#[tokio::test]
async fn settings_of_an_http_client_are_not_a_service_s() {
    let builder = || Client::builder(ENDPOINT).transport(Coy::default());
    for builder in [
        builder().connect_timeout(Duration::from_secs(1)),
        builder().configure_http(|http| http),
        builder().use_system_proxy(),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("no effect"), "{error}");
    }
}
