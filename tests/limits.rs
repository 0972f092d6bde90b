//! How long an answer may be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/server.rs"]
mod server;

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use flate2::{Compression, write::GzEncoder};
use logto_api::{Client, Method, Request, StatusCode};
use server::{Server, answer};

const MIB: usize = 1024 * 1024;

/// A server whose answers begin with this head and go on with this piece, until nobody reads them.
/// It tells how many bytes it got rid of for each.
fn endless(head: &'static str, piece: Vec<u8>) -> (String, mpsc::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (report, reports) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 65536]).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            let mut written = 0;
            while stream.write_all(&piece).is_ok() {
                written += piece.len();
            }
            let _ = report.send(written);
        }
    });
    (endpoint, reports)
}

fn get(client: &Client) -> Request {
    client.request(Method::GET, "/api/status").unauthenticated()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_answer_is_read_as_far_as_the_limit() {
    let mut chunk = b"100000\r\n".to_vec();
    chunk.resize(chunk.len() + MIB, b'x');
    chunk.extend_from_slice(b"\r\n");
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nlogto-core-request-id: r1\r\n\r\n";
    let (endpoint, written) = endless(head, chunk);
    let client = Client::builder(endpoint).max_response_size(4 * MIB).build().unwrap();

    let error = get(&client).send().await.unwrap_err();
    assert!(error.is_response_too_large() && !error.is_transient() && !error.is_decode());
    assert_eq!((error.status(), error.attempts()), (Some(StatusCode::OK), 1));
    assert_eq!(error.request_id(), Some("r1"));
    let text = error.to_string();
    assert!(text.contains("4194304 bytes") && text.contains("max_response_size"), "{text}");
    // What the system's buffers hold comes on top.
    assert!(written.recv().unwrap() < 24 * MIB);

    // A download is read for as long as the caller reads.
    let mut download = get(&client).download().await.unwrap();
    let mut length = 0;
    while length < 9 * MIB {
        length += download.next().await.unwrap().unwrap().len();
    }
    drop(download);
    assert!(written.recv().unwrap() > 8 * MIB);
    let error = get(&client).download().await.unwrap().bytes().await.unwrap_err();
    assert!(error.is_response_too_large(), "{error}");
}

#[tokio::test]
async fn the_limit_of_a_call_goes_before_the_client_s() {
    let server = Server::answering([answer(200, "", &"x".repeat(1000))]);
    let client = server.builder().max_response_size(999).build().unwrap();
    let error = get(&client).send().await.unwrap_err();
    assert!(error.is_response_too_large() && error.to_string().contains("999 bytes"), "{error}");
    let answer = get(&client).max_response_size(1000).send().await.unwrap();
    assert_eq!(answer.bytes().len(), 1000);
    let download = get(&client).max_response_size(1000).download().await.unwrap();
    assert_eq!(download.bytes().await.unwrap().len(), 1000);
    let download = get(&client).download().await.unwrap();
    assert!(download.bytes().await.unwrap_err().is_response_too_large());
}

#[tokio::test]
#[cfg(feature = "users")]
async fn operations_have_the_limit() {
    let users = serde_json::json!([{"id": "x".repeat(1000)}]);
    let server = Server::answering([server::ok(&users)]);
    let client = server.builder().bearer_token("t").build().unwrap();
    let error = client.users().list().max_response_size(1000).send().await.unwrap_err();
    assert!(error.is_response_too_large(), "{error}");
    assert_eq!(error.operation(), Some("ListUsers"));
}

#[tokio::test]
async fn by_default_an_answer_has_32_mib() {
    const LIMIT: usize = 32 * MIB;
    let told = |length: usize| format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n");
    let server = Server::answering([told(LIMIT + 1), told(LIMIT)]);
    // Both break off at once: the first is not even read.
    let error = get(&server.client()).send().await.unwrap_err();
    assert!(error.is_response_too_large() && error.to_string().contains("33554432"), "{error}");
    let once = logto_api::RetryPolicy::never();
    let error = get(&server.client()).retry(once).send().await.unwrap_err();
    assert!(
        !error.is_response_too_large() && error.to_string().contains("is incomplete"),
        "{error}"
    );
}

#[tokio::test]
async fn what_was_compressed_counts_as_long_as_it_is() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&vec![b' '; 8 * MIB]).unwrap();
    let body = gzip.finish().unwrap();
    assert!(body.len() < MIB / 16);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (endpoint, _written) = endless(head.leak(), body);
    let client = Client::builder(endpoint).max_response_size(4 * MIB).build().unwrap();
    let error = get(&client).send().await.unwrap_err();
    assert!(error.is_response_too_large(), "{error}");
    let answer = get(&client).max_response_size(8 * MIB).send().await.unwrap();
    assert_eq!(answer.bytes().len(), 8 * MIB);
}

#[tokio::test]
async fn an_error_with_a_long_body_is_that_error() {
    let body = format!(r#"{{"code":"a.b","message":"{}"}}"#, "x".repeat(2 * MIB));
    let server = Server::answering([answer(404, "", &body)]);
    let client = server.builder().max_response_size(10).build().unwrap();
    let error = get(&client).send().await.unwrap_err();
    assert!(error.status().unwrap() == 404 && !error.is_response_too_large(), "{error}");
}

#[tokio::test]
async fn no_token_is_this_long() {
    let server = Server::start(|_| answer(200, "", &"x".repeat(MIB + 1)));
    let error = server.app().request(Method::GET, "/api/users").send().await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("1 MiB"), "{error}");
    assert_eq!(server.seen().len(), 1);
}
