//! Which requests go by the proxy that the environment names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::process::Command;

use logto_api::{Client, ClientBuilder, Method, RetryPolicy, reqwest::Proxy};
use server::{Server, answer, token};

/// The child process is told the loopback endpoint by this.
const LOOPBACK: &str = "TEST_LOOPBACK_ENDPOINT";

fn app(endpoint: &str) -> ClientBuilder {
    Client::builder(endpoint).client_credentials("app", "secret").retry(RetryPolicy::never())
}

async fn call(builder: ClientBuilder, path: &str) -> logto_api::Result<()> {
    builder.build().unwrap().request(Method::GET, path).send().await.map(drop)
}

/// Makes calls in an environment with a proxy.
#[tokio::test]
#[ignore = "the child of another test, which tells it an environment"]
async fn in_an_environment_with_a_proxy() {
    let Ok(loopback) = std::env::var(LOOPBACK) else { return };
    call(app(&loopback), "/api/loopback").await.unwrap();
    call(app(&loopback).use_system_proxy(), "/api/loopback").await.unwrap();

    let internal = || app("http://logto.invalid").allow_insecure_http();
    let error = call(internal(), "/api/unasked").await.unwrap_err();
    assert!(error.is_connect(), "{error}");
    call(internal().use_system_proxy(), "/api/asked").await.unwrap();
    let named = std::env::var("HTTP_PROXY").unwrap();
    let by_name = internal().configure_http(|http| http.proxy(Proxy::http(named).unwrap()));
    call(by_name, "/api/by-name").await.unwrap();

    // It sees nothing of what is encrypted, which it is no server of.
    call(app("https://logto.invalid"), "/api/encrypted").await.unwrap_err();

    let encrypted = app("https://logto.invalid").build().unwrap();
    let error = app(&loopback).share_connections(&encrypted).build().unwrap_err();
    assert!(error.to_string().contains("proxies"), "{error}");
}

#[test]
fn secrets_in_the_clear_go_by_a_proxy_only_if_asked() {
    let answered = |seen: &server::Seen| match seen.target.ends_with("/oidc/token") {
        true => token("t"),
        false => answer(204, "", ""),
    };
    let (logto, proxy) = (Server::start(answered), Server::start(answered));
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_an_environment_with_a_proxy", "--ignored", "--nocapture"])
        .env(LOOPBACK, &logto.endpoint)
        .env("HTTP_PROXY", &proxy.endpoint)
        .env("HTTPS_PROXY", &proxy.endpoint)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(logto.seen().len(), 4);
    let seen: Vec<_> = proxy.seen().into_iter().map(|seen| (seen.method, seen.target)).collect();
    let seen: Vec<_> = seen.iter().map(|(method, target)| (&**method, &**target)).collect();
    assert_eq!(
        seen,
        [
            ("POST", "http://logto.invalid/oidc/token"),
            ("GET", "http://logto.invalid/api/asked"),
            ("POST", "http://logto.invalid/oidc/token"),
            ("GET", "http://logto.invalid/api/by-name"),
            ("CONNECT", "logto.invalid:443"),
        ]
    );
}
