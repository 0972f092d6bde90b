//! Hundreds of small fleets, each of which stands still, and is held up by its store and its network,
//! at other moments: no refresh token is used again after Logto has given another long ago.
//!
//! Time is tokio's, which stands until all wait. `LOGTO_MODEL_ORDERS=10000` tries more.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    error::Error as StdError,
    pin::Pin,
    sync::{Arc, Mutex, atomic::AtomicU64, atomic::Ordering},
    time::{Duration, Instant, SystemTime},
};

use fastrand::Rng;
use logto_api::{
    Client, Clock, MemoryTokenStore, RetryPolicy, StoreError, TokenStore,
    reqwest::{Request, Response},
    sign_in::{StoredTokens, UserSessions, UserTokens},
};
use serde_json::json;
use tokio::{runtime::Builder, task::JoinSet, time};
use tower::service_fn;

const ORDERS: u64 = 60;
const PROCESSES: usize = 4;
const ROUNDS: usize = 4;
/// Logto takes a refresh token for so long after it has given another.
const REUSE: Duration = Duration::from_secs(3);

/// The dice of a fleet, of which all delays come.
#[derive(Clone)]
struct Dice(Arc<Mutex<Rng>>);

impl Dice {
    fn millis(&self, most: u64) -> Duration {
        Duration::from_millis(self.0.lock().unwrap().u64(0..=most))
    }

    /// Mostly nothing, and now and then longer than a turn lasts.
    async fn hold_up(&self) {
        let long = self.0.lock().unwrap().u8(..10) == 0;
        time::sleep(self.millis(if long { 9_000 } else { 20 })).await;
    }
}

/// When each refresh token was replaced, but for the last; and which came again late.
#[derive(Clone, Default)]
struct Logto(Arc<Mutex<Vec<time::Instant>>>, Arc<Mutex<Vec<String>>>);

impl Logto {
    fn answer(&self, body: &str) -> String {
        let mut replaced = self.0.lock().unwrap();
        let number = body.split("refresh-").nth(1).unwrap();
        let number: usize = number.split('&').next().unwrap().parse().unwrap();
        if number < replaced.len() {
            let age = replaced[number].elapsed();
            if age > REUSE {
                self.1.lock().unwrap().push(format!("refresh-{number} after {age:?}"));
            }
        } else {
            replaced.push(time::Instant::now());
        }
        let last = replaced.len();
        json!({
            "access_token": format!("opaque-{last}"), "refresh_token": format!("refresh-{last}"),
            "expires_in": 360_000, "token_type": "Bearer",
        })
        .to_string()
    }
}

/// A store that is reached late, and whose responses come late.
#[derive(Clone)]
struct Store(MemoryTokenStore, Dice);

impl TokenStore for Store {
    async fn load(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.1.hold_up().await;
        let found = self.0.load(key).await;
        self.1.hold_up().await;
        found
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&str>,
        new: Option<&str>,
        keep_for: Duration,
    ) -> Result<bool, StoreError> {
        let (store, key) = (self.clone(), key.to_owned());
        let (expected, new) = (expected.map(str::to_owned), new.map(str::to_owned));
        // What is under way arrives, also where nobody waits for it any more.
        let write = async move {
            store.1.hold_up().await;
            store.0.compare_and_set(&key, expected.as_deref(), new.as_deref(), keep_for).await
        };
        let done = tokio::spawn(write).await?;
        self.1.hold_up().await;
        done
    }
}

/// The clocks of a machine, by tokio's.
struct TokioClock(Instant, time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        self.0 + self.1.elapsed()
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_658_100) + self.1.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(time::sleep(duration))
    }
}

fn client(logto: &Logto, dice: &Dice) -> Client {
    let (logto, dice) = (logto.clone(), dice.clone());
    let service = service_fn(move |mut request: Request| {
        let (logto, dice) = (logto.clone(), dice.clone());
        async move {
            // As long as it takes to find an address and to connect.
            dice.hold_up().await;
            let body = axum::body::Body::new(request.body_mut().take().unwrap());
            let body = axum::body::to_bytes(body, usize::MAX).await?;
            let text = logto.answer(std::str::from_utf8(&body)?);
            time::sleep(dice.millis(500)).await;
            let response = axum::http::Response::new(text);
            Ok::<_, Box<dyn StdError + Send + Sync>>(Response::from(response))
        }
    });
    let clock = TokioClock(Instant::now(), time::Instant::now());
    let builder = Client::builder("http://localhost:3001").clock(clock).transport(service);
    builder.retry(RetryPolicy::new()).build().unwrap()
}

fn set() -> StoredTokens {
    serde_json::from_value(json!({
        "client_id": "app", "access_token": "opaque-0", "refresh_token": "refresh-0",
        "expires_at": 1_895_658_100_000_u64, "scope": "openid offline_access",
    }))
    .unwrap()
}

/// Renews from time to time, until something is not known any more.
async fn renew(tokens: UserTokens, dice: Dice, renewed: Arc<AtomicU64>) {
    for round in 0..ROUNDS {
        time::sleep(dice.millis(15_000)).await;
        let request = tokens.for_resource(format!("https://api.example/{round}"));
        let outcome = match round % 2 {
            0 => tokens.refresh().await.map(drop),
            _ => request.allow_fewer_scopes().access_token().await.map(drop),
        };
        match outcome {
            Ok(()) => drop(renewed.fetch_add(1, Ordering::SeqCst)),
            Err(error) => {
                assert!(error.is_auth() && !error.is_sign_in_required(), "{error}");
                return;
            }
        }
    }
}

async fn run(seed: u64, renewed: &Arc<AtomicU64>) {
    let dice = Dice(Arc::new(Mutex::new(Rng::with_seed(seed))));
    let (logto, kept) = (Logto::default(), MemoryTokenStore::new());
    let given = set().restore(&client(&logto, &dice), None).unwrap();
    let sessions = |store: MemoryTokenStore| {
        UserSessions::new(&client(&logto, &dice), Store(store, dice.clone()))
    };
    UserSessions::new(&client(&logto, &dice), kept.clone()).insert("s1", &given).await.unwrap();
    let mut processes = JoinSet::new();
    for _ in 0..PROCESSES {
        let Ok(tokens) = sessions(kept.clone()).get("s1").await else { continue };
        processes.spawn(renew(tokens.unwrap(), dice.clone(), renewed.clone()));
    }
    processes.join_all().await;
    let late = logto.1.lock().unwrap();
    assert!(late.is_empty(), "{late:?}");
}

#[test]
fn no_refresh_token_is_used_again_late() {
    let orders = std::env::var("LOGTO_MODEL_ORDERS").map_or(ORDERS, |it| it.parse().unwrap());
    let (renewed, mut failed) = (Arc::<AtomicU64>::default(), Vec::new());
    for seed in 0..orders {
        // The library's own dice, on the one thread that there is.
        fastrand::seed(seed);
        let runtime =
            Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let outcome = std::panic::catch_unwind(|| runtime.block_on(run(seed, &renewed)));
        if outcome.is_err() {
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "with the seeds {failed:?}");
    let renewed = renewed.load(Ordering::SeqCst);
    let all = orders * u64::try_from(PROCESSES * ROUNDS).unwrap();
    assert!(renewed > all / 2, "{renewed} of {all}: the model is of no use where little succeeds");
}
