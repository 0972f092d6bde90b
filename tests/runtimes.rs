//! Clients that are used on several tokio runtimes, and on none.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/desk.rs"]
mod desk;

use std::{
    future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use desk::{Desk, Reply, Seen, begun};
use logto_api::{Client, ClientBuilder, Error, Method, RetryPolicy, reqwest};
use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
};

const TOKEN: &str = "/oidc/token";
const USERS: &str = "/api/users";

/// What becomes of the runtime that a client was used on before.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It is there, and nobody runs it.
    Idle,
    Dropped,
}

type Make = fn() -> Runtime;

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// All ways from one runtime to another.
fn ways() -> impl Iterator<Item = (Make, Fate, Make)> {
    let flavours: [Make; 2] = [current_thread, multi_thread];
    flavours.into_iter().flat_map(move |first| {
        let fates = [Fate::Idle, Fate::Dropped].into_iter();
        fates.flat_map(move |fate| flavours.map(|second| (first, fate, second)))
    })
}

/// The runtime, if it is to be there.
fn meet(runtime: Runtime, fate: Fate) -> Option<Runtime> {
    match fate {
        Fate::Idle => Some(runtime),
        Fate::Dropped => {
            runtime.shutdown_background();
            None
        }
    }
}

/// Whoever waits for a runtime that does not run is found out by the one attempt that it has.
fn hasty(builder: ClientBuilder) -> Client {
    let builder = builder.retry(RetryPolicy::never()).attempt_timeout(Duration::from_secs(10));
    builder.build().unwrap()
}

async fn get(client: &Client) -> Result<(), Error> {
    client.request(Method::GET, USERS).send().await.map(drop)
}

/// Gives tokens by number, as the gate lets it; the first of them also when it is closed.
async fn counting(gate: &Arc<Semaphore>) -> Desk {
    let (gate, tokens) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    Desk::open(move |seen: Seen| {
        let (gate, tokens) = (gate.clone(), tokens.clone());
        async move {
            if seen.target != TOKEN {
                return Reply::done();
            }
            let number = tokens.fetch_add(1, Ordering::SeqCst) + 1;
            gate.acquire().await.unwrap().forget();
            Reply::token(&format!("t{number}"))
        }
    })
    .await
}

#[test]
fn calls_use_no_connection_of_another_runtime() {
    let server = multi_thread();
    let desk = server.block_on(Desk::open(|_| future::ready(Reply::done())));
    for (first, fate, second) in ways() {
        let client = hasty(desk.builder().bearer_token("t"));
        let first = first();
        first.block_on(async {
            get(&client).await.unwrap();
            // Its connection waits in the pool.
            get(&client).await.unwrap();
        });
        let first = meet(first, fate);
        let second = second();
        for _ in 0..2 {
            second.block_on(get(&client)).unwrap();
            let post = client.request(Method::POST, USERS).json(&json!({}));
            second.block_on(post.send()).unwrap();
        }
        if let Some(first) = first {
            first.block_on(get(&client)).unwrap();
        }
    }
}

#[test]
fn calls_wait_for_no_token_of_another_runtime() {
    let server = multi_thread();
    for (first, fate, second) in ways() {
        let gate = Arc::new(Semaphore::new(0));
        let desk = server.block_on(counting(&gate));
        let client = hasty(desk.app());
        let first = first();
        let waiting = first.block_on(begun(client.request(Method::GET, USERS).send()));
        // The request is sent, and its answer does not come.
        first.block_on(desk.arrived(TOKEN, 1));
        let first = meet(first, fate);
        gate.add_permits(2);
        let second = second();
        second.block_on(get(&client)).unwrap();
        second.block_on(get(&client)).unwrap();
        assert!(desk.count(TOKEN) <= 2, "{fate:?}");
        drop((waiting, first));
    }
}

#[test]
fn a_client_that_all_programs_share_works_in_each() {
    let server = multi_thread();
    let gate = Arc::new(Semaphore::new(1));
    let desk = server.block_on(counting(&gate));
    let client = hasty(desk.app());
    for _ in 0..20 {
        current_thread().block_on(get(&client)).unwrap();
    }
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                let runtime = current_thread();
                (0..5).for_each(|_| runtime.block_on(get(&client)).unwrap());
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(desk.count(TOKEN), 1);
}

#[test]
fn settings_of_the_http_client_hold_on_each_runtime() {
    let server = multi_thread();
    let desk = server.block_on(Desk::open(|_| future::ready(Reply::done())));
    let made = Arc::new(AtomicUsize::new(0));
    let (count, name) = (made.clone(), "x".to_owned());
    let client = hasty(desk.builder().bearer_token("t").configure_http(move |http| {
        count.fetch_add(1, Ordering::SeqCst);
        // Takes what it has, as closures that are called once may.
        let value = reqwest::header::HeaderValue::try_from(name).unwrap();
        let name = reqwest::header::HeaderName::from_static("cookie");
        http.default_headers([(name, value)].into_iter().collect())
    }));
    for runtimes in 1..=2 {
        current_thread().block_on(get(&client)).unwrap();
        assert_eq!(desk.last().cookie.as_deref(), Some("x"));
        assert_eq!(made.load(Ordering::SeqCst), runtimes);
    }
}

/// Polls once, away from any runtime.
fn poll_outside<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for a runtime"),
    }
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let server = multi_thread();
    let desk = server.block_on(Desk::open(|seen: Seen| async move {
        match seen.target.as_str() {
            TOKEN => future::pending().await,
            _ => Reply::new(200, "x"),
        }
    }));
    let app = desk.app().build().unwrap();
    let user = desk.builder().bearer_token("t").build().unwrap();
    let request = || user.request(Method::GET, USERS);
    let download = server.block_on(request().download()).unwrap();
    for error in [
        poll_outside(get(&user)).unwrap_err(),
        poll_outside(get(&app)).unwrap_err(),
        poll_outside(app.access_token()).unwrap_err(),
        poll_outside(request().download()).unwrap_err(),
        poll_outside(download.save_to("never-written")).unwrap_err(),
    ] {
        assert!(error.to_string().contains("tokio runtime"), "{error}");
        assert!(!error.is_transient());
    }
    // One that has begun is not panicked at either.
    let waiting = server.block_on(begun(app.request(Method::GET, USERS).send()));
    let error = poll_outside(waiting).unwrap_err();
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}
