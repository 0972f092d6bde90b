//! What is retried over HTTP/2, against a server that refuses streams.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::http::Response;
use clock::TestClock;
use h2::Reason;
use logto_api::{Client, Error, Method, RetryPolicy, StatusCode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the server does with a request that it will not carry out.
#[derive(Clone, Copy)]
enum Refusal {
    /// RST_STREAM with this reason.
    Reset(Reason),
    /// GOAWAY, which says that no request was looked at.
    GoAway,
}

/// Refuses so many requests, and answers 204 to all that come after them.
async fn serve(refusal: Refusal, times: usize) -> (Client, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match refusal {
                Refusal::GoAway if counter.load(Ordering::SeqCst) < times => {
                    go_away(stream).await;
                    counter.fetch_add(1, Ordering::SeqCst);
                }
                Refusal::GoAway => drop(tokio::spawn(connection(stream, None, counter.clone()))),
                Refusal::Reset(reason) => {
                    let refusal = Some((reason, times));
                    tokio::spawn(connection(stream, refusal, counter.clone()));
                }
            }
        }
    });
    let builder = Client::builder(endpoint).bearer_token("t").clock(TestClock::new(0.0));
    let client = builder.configure_http(|http| http.http2_prior_knowledge()).build().unwrap();
    (client, seen)
}

async fn connection(stream: TcpStream, refusal: Option<(Reason, usize)>, seen: Arc<AtomicUsize>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let number = seen.fetch_add(1, Ordering::SeqCst) + 1;
        match refusal {
            Some((reason, times)) if number <= times => respond.send_reset(reason),
            _ => {
                let response = Response::builder().status(204).body(()).unwrap();
                respond.send_response(response, true).unwrap();
            }
        }
    }
}

/// Reads one request and answers with GOAWAY, frame by frame (RFC 9113, section 6).
async fn go_away(mut stream: TcpStream) {
    const HEADERS: u8 = 1;
    const EMPTY_SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // Of 8 bytes: the last stream that was looked at is 0, and NO_ERROR.
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    stream.read_exact(&mut [0; 24]).await.unwrap();
    stream.write_all(&EMPTY_SETTINGS).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await.unwrap();
        if head[3] == HEADERS {
            break;
        }
    }
    stream.write_all(&GOAWAY).await.unwrap();
    // Until the client hangs up.
    while stream.read(&mut [0; 99]).await.is_ok_and(|read| read > 0) {}
}

/// The status that a call ends with, and how often it was sent.
async fn send(
    method: Method,
    policy: RetryPolicy,
    refusal: Refusal,
    times: usize,
) -> (Result<StatusCode, Error>, usize) {
    let (client, seen) = serve(refusal, times).await;
    let request = client.request(method, "/api/things").retry(policy);
    let outcome = request.body("{}").send().await.map(|answer| answer.status());
    (outcome, seen.load(Ordering::SeqCst))
}

const REFUSED: Refusal = Refusal::Reset(Reason::REFUSED_STREAM);

#[tokio::test]
async fn a_refused_stream_is_retried_by_the_policy_alone() {
    for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
        for (attempts, policy) in [
            (1, RetryPolicy::never()),
            (2, RetryPolicy::new().max_attempts(2)),
            (3, RetryPolicy::new()),
        ] {
            let (outcome, seen) = send(method.clone(), policy, REFUSED, 9).await;
            let error = outcome.unwrap_err();
            assert_eq!((error.attempts(), seen), (attempts, attempts as usize), "{method}");
            assert!(error.is_transient() && !error.may_have_taken_effect());
        }
        for refusal in [REFUSED, Refusal::GoAway] {
            let (outcome, seen) = send(method.clone(), RetryPolicy::new(), refusal, 2).await;
            assert_eq!((outcome.unwrap(), seen), (StatusCode::NO_CONTENT, 3));
        }
    }
}

#[tokio::test]
async fn a_stream_that_broke_is_retried_if_it_may_be_carried_out_twice() {
    let broke = Refusal::Reset(Reason::INTERNAL_ERROR);
    let (outcome, seen) = send(Method::GET, RetryPolicy::new(), broke, 2).await;
    assert_eq!((outcome.unwrap(), seen), (StatusCode::NO_CONTENT, 3));
    let (outcome, seen) = send(Method::POST, RetryPolicy::new(), broke, 2).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.attempts(), seen), (1, 1));
    assert!(error.may_have_taken_effect());
}

#[tokio::test]
#[cfg(feature = "experience")]
async fn what_is_sent_once_is_sent_once() {
    let (client, seen) = serve(REFUSED, 9).await;
    let error = client.experience().verify_backup_code("0a1b2c").send().await.unwrap_err();
    assert_eq!((error.attempts(), seen.load(Ordering::SeqCst)), (1, 1));
}
