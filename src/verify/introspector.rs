//! Asking about opaque tokens, and what Logto said of them lately.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::{FutureExt as _, Shared, WeakShared};
use tokio::runtime::Id;

use super::OpaqueTokenClaims;
use crate::{
    Client, Error, Result,
    auth::TokenEndpoint,
    error::{AuthFailure, NO_RUNTIME},
    http::runtimes,
};

/// How long Logto's response is used. A token that is revoked meanwhile is good until then.
const MAX_AGE: Duration = Duration::from_secs(10);
/// How many tokens are remembered, of the good ones and of the others each: whoever sends many that
/// are not good displaces none that are.
const CAPACITY: usize = 1000;

/// What tokens are remembered by: they are not kept themselves.
type Key = [u8; 32];
/// The claims of a good token, or why it is not good.
type Answer = Result<OpaqueTokenClaims, &'static str>;
type Asking = Pin<Box<dyn Future<Output = Result<Answer, AuthFailure>> + Send>>;

/// An application that asks, and what it was told lately.
pub(super) struct Introspector {
    endpoint: Arc<TokenEndpoint>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    good: Recent<OpaqueTokenClaims>,
    others: Recent<&'static str>,
    /// Requests in progress, at most one per token and runtime: nobody waits for another runtime,
    /// which may never run again.
    asking: HashMap<(Id, Key), WeakShared<Asking>>,
}

impl Introspector {
    pub(super) fn new(endpoint: Arc<TokenEndpoint>) -> Self {
        Self { endpoint, state: Arc::default() }
    }

    /// What Logto says of a token. Whoever asks about the same one meanwhile shares the request and
    /// its outcome, also a failure; nobody else does.
    pub(super) async fn claims(&self, client: &Client, token: &str) -> Result<OpaqueTokenClaims> {
        let runtime = runtimes::current().ok_or_else(|| Error::request(NO_RUNTIME))?;
        let key = hash(token);
        let asking = {
            let mut state = lock(&self.state);
            match state.answer(&key, client.clock().now()) {
                Some(answer) => return answer.map_err(Error::invalid_token),
                None => state.asking(runtime, key, || self.ask(client, token, (runtime, key))),
            }
        };
        let answer = asking.await.map_err(|failure| client.auth_error(&failure))?;
        answer.map_err(Error::invalid_token)
    }

    fn ask(&self, client: &Client, token: &str, id: (Id, Key)) -> Asking {
        let (client, token) = (client.clone(), token.to_owned());
        let (endpoint, state) = (self.endpoint.clone(), self.state.clone());
        Box::pin(async move {
            let form = [("token", token.as_str()), ("token_type_hint", "access_token")];
            let asked_at = client.clock().now();
            let outcome = client.ask(true, || endpoint.introspect(&form)).await;
            let outcome = outcome.map(OpaqueTokenClaims::read);
            let mut state = lock(&state);
            state.asking.remove(&id);
            if let Ok(answer) = &outcome {
                state.remember(id.1, asked_at, answer);
            }
            outcome
        })
    }
}

impl State {
    fn answer(&self, key: &Key, now: Instant) -> Option<Answer> {
        let good = self.good.get(key, now).map(|claims| Ok(claims.clone()));
        good.or_else(|| self.others.get(key, now).map(|problem| Err(*problem)))
    }

    fn remember(&mut self, key: Key, now: Instant, answer: &Answer) {
        match answer {
            Ok(claims) => self.good.put(key, now, claims.clone()),
            Err(problem) => self.others.put(key, now, problem),
        }
    }

    /// The request in progress, or a new one.
    fn asking(&mut self, runtime: Id, key: Key, ask: impl FnOnce() -> Asking) -> Shared<Asking> {
        if let Some(asking) = self.asking.get(&(runtime, key)).and_then(WeakShared::upgrade) {
            return asking;
        }
        if self.asking.len() == self.asking.capacity() {
            // Before it grows: those that nobody waits for any more are gone.
            self.asking.retain(|_, asking| asking.upgrade().is_some());
        }
        let asking = ask().shared();
        if let Some(weak) = asking.downgrade() {
            self.asking.insert((runtime, key), weak);
        }
        asking
    }
}

/// What was learned within [`MAX_AGE`].
struct Recent<T>(HashMap<Key, (Instant, T)>);

impl<T> Recent<T> {
    fn get(&self, key: &Key, now: Instant) -> Option<&T> {
        self.0.get(key).filter(|(until, _)| now < *until).map(|(_, value)| value)
    }

    fn put(&mut self, key: Key, now: Instant, value: T) {
        if self.0.len() >= CAPACITY {
            self.0.retain(|_, (until, _)| now < *until);
        }
        if self.0.len() >= CAPACITY {
            let oldest = self.0.iter().min_by_key(|(_, (until, _))| *until).map(|(key, _)| *key);
            oldest.and_then(|key| self.0.remove(&key));
        }
        if let Some(until) = now.checked_add(MAX_AGE) {
            self.0.insert(key, (until, value));
        }
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash(token: &str) -> Key {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}
