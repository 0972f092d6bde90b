//! Bad input is refused before anything is sent; odd input arrives as it was meant.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "users")]

#[path = "support/server.rs"]
mod server;

use logto_api::{Client, Error};
use server::{Server, answer};

fn refused(outcome: Result<impl Sized, Error>) -> String {
    let error = outcome.err().expect("it is refused");
    assert!(error.is_invalid_request(), "{error}");
    assert_eq!(error.attempts(), 0);
    error.to_string()
}

#[test]
fn an_endpoint_that_cannot_work() {
    for (endpoint, says) in [
        ("", "not a URL"),
        ("acme", "not a URL"),
        ("acme.logto.app", "not a URL"),
        ("localhost:3001", "neither https nor http"),
        ("https://", "not a URL"),
        ("https://acme.logto.app/api", "has a path"),
        ("https://acme.logto.app/?a=b", "has a query"),
        ("https://acme.logto.app/#a", "or a fragment"),
        ("https://user:hunter2@acme.logto.app", "user name or password"),
        ("http://acme.logto.app", "allow_insecure_http()"),
        ("http://10.0.0.1:3001", "allow_insecure_http()"),
        ("http://localhost.example.com", "allow_insecure_http()"),
        ("ftp://acme.logto.app", "neither https nor http"),
    ] {
        let text = refused(Client::builder(endpoint).build());
        assert!(text.contains(says) && !text.contains("hunter2"), "{endpoint}: {text}");
    }
    for endpoint in ["http://localhost:3001", "http://127.0.0.1", "http://[::1]:3001/"] {
        assert!(Client::builder(endpoint).build().is_ok(), "{endpoint}");
    }
    let plain = Client::builder("http://logto.internal:3001").allow_insecure_http();
    assert_eq!(plain.build().unwrap().endpoint(), "http://logto.internal:3001");
}

#[test]
fn credentials_that_are_none() {
    let builder = || Client::builder("https://acme.logto.app");
    assert!(refused(builder().client_credentials("", "x").build()).contains("app id is empty"));
    assert!(refused(builder().client_credentials(" ", "x").build()).contains("app id is empty"));
    assert!(refused(builder().client_credentials("x", "").build()).contains("secret is empty"));
    assert!(refused(builder().bearer_token("").build()).contains("token is empty"));
    refused(builder().bearer_token("a\r\nb: c").build());
    refused(Client::for_tenant("acme/..").build());
}

#[tokio::test]
async fn a_parameter_that_would_change_the_route() {
    let server = Server::answering([answer(204, "", "")]);
    let logto = server.builder().bearer_token("t").build().unwrap();
    for id in ["", ".", "..", "..\\roles"] {
        let text = refused(logto.users().delete(id).send().await);
        assert!(text.starts_with("the parameter `userId` "), "{text}");
        assert!(text.ends_with("(operation DeleteUser)"), "{text}");
    }
    refused(logto.users().delete("x").header("x-a", "b\r\nx-c: d").send().await);
    refused(logto.users().delete("x").header("x a", "b").send().await);
    refused(logto.users().delete("x").token("a\nb").send().await);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn any_other_id_arrives_as_it_is() {
    let server = Server::answering([answer(204, "", "")]);
    let logto = server.builder().bearer_token("t").build().unwrap();
    for (id, sent) in [
        ("a/b", "a%2Fb"),
        ("a/../b", "a%2F..%2Fb"),
        ("?a=b", "%3Fa=b"),
        ("#a", "%23a"),
        ("%2e%2e", "%252e%252e"),
        ("100%", "100%25"),
        ("a b", "a%20b"),
        ("é✓", "%C3%A9%E2%9C%93"),
        ("...", "..."),
        ("a;b,c:d@e", "a;b,c:d@e"),
        ("\"<>`{}", "%22%3C%3E%60%7B%7D"),
        ("a\r\nb", "a%0D%0Ab"),
    ] {
        logto.users().delete(id).send().await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.target, format!("/api/users/{sent}"), "{id:?}");
    }
}
