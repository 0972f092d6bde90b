//! Clients and the HTTP client underneath.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, serve::ListenerExt as _};
use logto_api::{
    Client, Method, StatusCode,
    reqwest::{self, Proxy, redirect},
};
use serde_json::json;
use server::{Server, answer, token};
use tokio::net::TcpListener;

#[tokio::test]
async fn thousands_of_tenants_share_one_pool_of_connections() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let listener = listener.tap_io(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let token = async || json!({"access_token": "t", "expires_in": 3600}).to_string();
    let router = Router::new()
        .route("/oidc/token", axum::routing::post(token))
        .route("/api/status", axum::routing::get(async || ()));
    tokio::spawn(async { axum::serve(listener, router).await });

    let endpoint = format!("http://127.0.0.1:{port}");
    let first = Client::builder(&endpoint).build().unwrap();
    let mut tenants = Vec::new();
    for tenant in 0..2_000 {
        let client = Client::builder(&endpoint)
            .client_credentials(format!("tenant-{tenant}"), "secret")
            .share_connections(&first);
        tenants.push(client.build().unwrap());
    }
    for tenant in tenants.iter().step_by(100) {
        let answer = tenant.request(Method::GET, "/api/status").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_http_client_can_be_configured() {
    let proxy = Server::answering([answer(200, "", "{}")]);
    let address = proxy.endpoint.clone();
    let logto = Client::builder("http://logto.internal")
        .allow_insecure_http()
        .configure_http(|http| http.proxy(Proxy::http(address).unwrap()))
        .build()
        .unwrap();
    logto.request(Method::GET, "/api/status").unauthenticated().send().await.unwrap();
    assert_eq!(proxy.seen()[0].target, "http://logto.internal/api/status");
}

/// The cipher suites that a client offers a server.
#[cfg(feature = "rustls")]
fn offered(mut connection: impl std::io::Read) -> Vec<u16> {
    let mut head = [0; 5];
    connection.read_exact(&mut head).unwrap();
    let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    connection.read_exact(&mut hello).unwrap();
    // Before the suites: type, length, version, random bytes, and a session id with its length.
    let suites = &hello[39 + usize::from(hello[38])..];
    let length = usize::from(u16::from_be_bytes([suites[0], suites[1]]));
    suites[2..2 + length].chunks(2).map(|suite| u16::from_be_bytes([suite[0], suite[1]])).collect()
}

#[tokio::test]
#[cfg(feature = "rustls")]
async fn tls_is_rustls_where_it_is_enabled() {
    /// A suite that systems' libraries offer, and rustls does not have: ECDHE, AES-128-CBC, SHA-1.
    const CBC: u16 = 0xc013;

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || offered(listener.accept().unwrap().0));
    let once = logto_api::RetryPolicy::never();
    let logto = Client::builder(endpoint).retry(once).build().unwrap();
    logto.request(Method::GET, "/api/status").unauthenticated().send().await.unwrap_err();
    let offered = server.join().unwrap();
    assert!(!offered.is_empty() && !offered.contains(&CBC), "{offered:x?}");
}

#[tokio::test]
async fn no_setting_makes_the_client_follow_redirects() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/oidc/token" => token("t"),
        _ => answer(307, "location: /elsewhere\r\n", ""),
    });
    let logto = server
        .builder()
        .client_credentials("app", "secret")
        .configure_http(|http| http.redirect(redirect::Policy::limited(5)))
        .build()
        .unwrap();
    let answer = logto.request(Method::GET, "/api/users").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(server.count("/elsewhere"), 0);
}

#[tokio::test]
async fn a_token_stays_with_its_origin_whatever_the_http_client_follows() {
    let other = Server::answering([answer(200, "", "{}")]);
    let location = format!("location: {}/taken\r\n", other.endpoint);
    let server = Server::answering([answer(307, &location, "")]);
    let following = reqwest::Client::builder().redirect(redirect::Policy::limited(5));
    let logto = server
        .builder()
        .bearer_token("hunter2")
        .http_client(following.build().unwrap())
        .cookie_store(true)
        .build()
        .unwrap();
    let error = logto.request(Method::GET, "/api/users").send().await.unwrap_err();
    assert!(error.to_string().contains("another server"), "{error}");
    let seen = other.seen();
    assert_eq!(seen[0].target, "/taken");
    assert!(!format!("{seen:?}").contains("hunter2"), "{seen:?}");
}

/// All ways to redirect a request.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

#[tokio::test]
async fn a_body_stays_with_its_origin_whatever_the_http_client_follows() {
    for status in REDIRECTS {
        let other = Server::answering([answer(200, "", "{}")]);
        let location = format!("location: {}/taken\r\n", other.endpoint);
        let server = Server::answering([answer(status, &location, "")]);
        let builder = || server.builder().bearer_token("t");
        let clients = [
            builder().http_client(reqwest::Client::new()),
            builder().transport(reqwest::Client::new()),
        ];
        let methods = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let clients = clients.map(|builder| builder.build().unwrap());
        for (logto, method) in
            clients.iter().flat_map(|logto| methods.iter().map(move |method| (logto, method)))
        {
            let request = logto.request(method.clone(), "/api/users");
            let request = request.json(&json!({"password": "hunter2"}));
            // It is an error, or the redirect itself.
            assert!(
                request.send().await.is_ok_and(|answer| answer.status() == status) || status < 307
            );
        }
        for seen in server.calls() {
            assert_eq!(seen.body, "{\"password\":\"hunter2\"}");
        }
        let seen = other.seen();
        assert!(!format!("{seen:?}").contains("hunter2"), "{status}: {seen:?}");
    }
}

#[tokio::test]
async fn a_header_goes_by_no_http_client_that_follows_redirects() {
    let server = Server::answering([answer(204, "", "")]);
    let with = |http: reqwest::ClientBuilder| {
        let logto = server.builder().bearer_token("t").http_client(http.build().unwrap());
        let logto = logto.build().unwrap();
        logto.request(Method::GET, "/api/users").header("x-secret", "hunter2").send()
    };
    let error = with(reqwest::Client::builder()).await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert!(error.to_string().contains("Policy::none()"), "{error}");
    assert!(server.seen().is_empty());
    with(reqwest::Client::builder().redirect(redirect::Policy::none())).await.unwrap();
    assert_eq!(server.seen()[0].header("x-secret"), Some("hunter2"));
}

#[tokio::test]
async fn redirects_without_end_are_followed_once() {
    let server = Server::answering([answer(307, "location: /api/users\r\n", "")]);
    let following = reqwest::Client::builder().redirect(redirect::Policy::limited(2));
    let logto = server.builder().bearer_token("t").http_client(following.build().unwrap());
    let error = logto.build().unwrap().request(Method::GET, "/api/users").send().await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("followed too many redirects"), "{error}");
    assert!(!error.is_transient());
    assert_eq!((error.attempts(), server.seen().len()), (1, 3));
}

#[tokio::test]
async fn dropping_a_call_leaves_the_client_usable() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/api/slow" => server::silence(),
        _ => answer(204, "", ""),
    });
    let logto = server.client();
    let slow = logto.request(Method::GET, "/api/slow").unauthenticated().send();
    assert!(tokio::time::timeout(Duration::from_millis(20), slow).await.is_err());
    let quick = logto.request(Method::GET, "/api/quick").unauthenticated().send().await.unwrap();
    assert_eq!(quick.status(), StatusCode::NO_CONTENT);
}
