//! A process that stands still just before it sends a refresh token: when it goes on, another may have
//! used the token, and Logto would end the session.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;

use std::{
    error::Error as StdError,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clock::TestClock;
use logto_api::{
    Client, MemoryTokenStore, RetryPolicy, StoreError, TokenStore,
    reqwest::{Request, Response},
    sign_in::{StoredTokens, UserSessions},
};
use serde_json::json;
use tokio::sync::watch;
use tower::service_fn;

/// The network of a process: what it is given to send is held up where a test wants so.
#[derive(Clone, Default)]
struct Network {
    /// How many requests were given to it, and the one from which on they are held up.
    given: watch::Sender<usize>,
    held_from: watch::Sender<Option<usize>>,
    /// The bodies that went out, from all networks.
    sent: Arc<Mutex<Vec<String>>>,
    /// The response to the first is lost.
    loses_first: bool,
}

impl Network {
    async fn send(self, request: Request) -> Result<Response, Box<dyn StdError + Send + Sync>> {
        self.given.send_modify(|given| *given += 1);
        let number = *self.given.borrow();
        let mut held = self.held_from.subscribe();
        held.wait_for(|from| from.is_none_or(|from| number < from)).await?;
        let body = request.into_text().await?;
        let count = {
            let mut sent = self.sent.lock().unwrap();
            sent.push(body);
            sent.len()
        };
        if self.loses_first && count == 1 {
            return Err("the connection broke".into());
        }
        let next = count + 1;
        let body = json!({
            "access_token": format!("opaque-{next}"), "refresh_token": format!("refresh-{next}"),
            "expires_in": 3600, "token_type": "Bearer",
        });
        Ok(axum::http::Response::new(body.to_string()).into())
    }

    async fn was_given(&self, number: usize) {
        self.given.subscribe().wait_for(|given| *given >= number).await.unwrap();
    }

    fn hold_from(&self, number: impl Into<Option<usize>>) {
        self.held_from.send_replace(number.into());
    }
}

trait IntoText {
    async fn into_text(self) -> Result<String, Box<dyn StdError + Send + Sync>>;
}

impl IntoText for Request {
    async fn into_text(mut self) -> Result<String, Box<dyn StdError + Send + Sync>> {
        let body = axum::body::Body::new(self.body_mut().take().unwrap());
        let bytes = axum::body::to_bytes(body, usize::MAX).await?;
        Ok(String::from_utf8(bytes.to_vec())?)
    }
}

/// The store as a process sees it that may stand still.
#[derive(Clone, Default)]
struct Store(MemoryTokenStore, Arc<AtomicBool>);

impl Store {
    async fn check(&self) {
        if self.1.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
    }
}

impl TokenStore for Store {
    async fn load(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.check().await;
        self.0.load(key).await
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&str>,
        new: Option<&str>,
        keep_for: Duration,
    ) -> Result<bool, StoreError> {
        self.check().await;
        self.0.compare_and_set(key, expected, new, keep_for).await
    }
}

fn client(network: &Network, clock: &TestClock, retry: RetryPolicy) -> Client {
    let network = network.clone();
    let service = service_fn(move |request| network.clone().send(request));
    let builder = Client::builder("http://localhost:3001").clock(clock.clone());
    builder.transport(service).retry(retry).build().unwrap()
}

fn set() -> StoredTokens {
    serde_json::from_value(json!({
        "client_id": "app", "access_token": "opaque-1", "refresh_token": "refresh-1",
        "expires_at": (TestClock::START + 3600) * 1000, "scope": "openid offline_access",
    }))
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_that_has_lost_its_turn_sends_nothing() {
    let (clock, one, two) = (TestClock::new(0.5), Network::default(), Network::default());
    let two = Network { sent: one.sent.clone(), ..two };
    let kept = MemoryTokenStore::new();
    let stalled = Store(kept.clone(), Arc::default());
    let process = |network: &Network, store: Store| {
        UserSessions::new(&client(network, &clock, RetryPolicy::never()), store)
    };
    let (first, second) =
        (process(&one, stalled.clone()), process(&two, Store(kept, Arc::default())));
    let given = set().restore(&client(&one, &clock, RetryPolicy::never()), None).unwrap();
    let first = first.insert("s1", &given).await.unwrap();
    let second = second.get("s1").await.unwrap().unwrap();

    one.hold_from(1);
    let refreshing = tokio::spawn({
        let first = first.clone();
        async move { first.refresh().await }
    });
    one.was_given(1).await;
    stalled.1.store(true, Ordering::SeqCst);
    // The other one waits for a lease, and has nothing to lose.
    clock.forward(3600);
    let renewed = second.refresh().await.unwrap();
    assert_eq!(renewed.refresh_token().as_deref(), Some("refresh-2"));

    one.hold_from(None);
    stalled.1.store(false, Ordering::SeqCst);
    let error = refreshing.await.unwrap().unwrap_err();
    assert!(error.is_auth() && error.is_transient() && !error.is_sign_in_required(), "{error}");
    assert!(error.to_string().contains("was not sent"), "{error}");
    assert_eq!(one.sent.lock().unwrap().len(), 1, "the other's alone");
    assert_eq!(first.refresh().await.unwrap().refresh_token(), renewed.refresh_token());
    assert_eq!(one.sent.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_whose_connection_takes_long_keeps_its_turn() {
    let (clock, network) = (TestClock::new(0.5), Network::default());
    let client = client(&network, &clock, RetryPolicy::never());
    let given = set().restore(&client, None).unwrap();
    let tokens = UserSessions::new(&client, MemoryTokenStore::new());
    let tokens = tokens.insert("s1", &given).await.unwrap();
    network.hold_from(1);
    let refreshing = tokio::spawn(async move { tokens.refresh().await });
    network.was_given(1).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    network.hold_from(None);
    let renewed = refreshing.await.unwrap().unwrap();
    assert_eq!(renewed.refresh_token().as_deref(), Some("refresh-2"));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_is_not_sent_again_by_one_that_stood_still() {
    let clock = TestClock::new(0.5);
    let network = Network { loses_first: true, ..Network::default() };
    let tokens = set().restore(&client(&network, &clock, RetryPolicy::new()), None).unwrap();
    network.hold_from(2);
    let refreshing = tokio::spawn(async move { tokens.refresh().await });
    network.was_given(2).await;
    clock.forward(3);
    network.hold_from(None);
    let error = refreshing.await.unwrap().unwrap_err();
    assert!(error.is_auth() && !error.is_sign_in_required(), "{error}");
    assert_eq!(network.sent.lock().unwrap().len(), 1);
}
