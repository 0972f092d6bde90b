//! The public keys of a Logto.

use std::{
    convert::Infallible,
    fmt,
    sync::{self, Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde_json::Value;
use tokio::{runtime::Handle, sync::Mutex, time::timeout};

use crate::{
    Error, Result,
    clock::SharedClock,
    error::{AuthFailure, NO_RUNTIME, TimeLimit},
    http::runtimes::PerRuntime,
};

/// How long a key is trusted without asking: one that was withdrawn is forgotten then.
const MAX_AGE: Duration = Duration::from_secs(600);
/// How long they are gone on with while they cannot be fetched: about as long as tokens live, for
/// there are no new ones then.
const MAX_STALE: Duration = Duration::from_secs(7200);
/// How long they are not asked for after a failure.
const PAUSE: Duration = Duration::from_secs(30);
/// Tokens may name any key, so that keys are only asked for this often because one is not known …
const UNKNOWN_KEYS: usize = 3;
/// … within this time.
const UNKNOWN_KEYS_PERIOD: Duration = Duration::from_secs(60);

/// The public keys that a Logto signs with, as far as they are known. Clones of a client share
/// them. They are fetched when a token names one that is not known, which happens when the server
/// rotates them; whoever waits for that on the same runtime shares what comes.
#[derive(Default)]
pub(crate) struct Jwks {
    known: sync::Mutex<Known>,
    /// Held while keys are fetched. One that another runtime holds may never be let go.
    turns: PerRuntime<Arc<Mutex<()>>>,
}

#[derive(Default)]
struct Known {
    keys: Vec<PublicKey>,
    /// When they were fetched.
    at: Option<Instant>,
    /// How often they were asked for, and with what outcome the last time.
    fetches: u64,
    failed: Option<(Instant, String)>,
    /// When keys were asked for lately because a token named one that was not known.
    asked: Vec<Instant>,
}

/// A key, and the same as signatures are verified with.
struct PublicKey {
    jwk: Jwk,
    decoding: Option<DecodingKey>,
}

/// What is to be done about a key.
enum Step {
    Done(Result<DecodingKey>),
    Fetch,
}

/// The key that a token names.
#[derive(Clone, Copy)]
pub(crate) struct NamedKey<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) algorithm: Algorithm,
    /// What the token is called in errors.
    pub(crate) kind: &'static str,
}

impl Known {
    fn is_younger(&self, now: Instant, age: Duration) -> bool {
        self.at.is_some_and(|at| now.duration_since(at) < age)
    }

    /// Whether keys can be asked for again because one is not known.
    fn may_ask(&mut self, now: Instant) -> bool {
        self.asked.retain(|at| now.duration_since(*at) < UNKNOWN_KEYS_PERIOD);
        let may = self.asked.len() < UNKNOWN_KEYS;
        if may {
            self.asked.push(now);
        }
        may
    }

    /// The key, if keys need not be asked for.
    fn fresh(&self, now: Instant, named: NamedKey<'_>) -> Option<Result<DecodingKey>> {
        self.is_younger(now, MAX_AGE).then(|| self.find(named)).flatten()
    }

    /// The key while the endpoint is down.
    fn stale(&self, now: Instant, named: NamedKey<'_>) -> Option<Result<DecodingKey>> {
        self.is_younger(now, MAX_STALE).then(|| self.find(named)).flatten()
    }

    fn find(&self, named: NamedKey<'_>) -> Option<Result<DecodingKey>> {
        find(&self.keys, named.id, named.algorithm).map(|key| checked(key, named))
    }

    /// What is to be done in one's turn; `since` is the number of fetches when one came.
    fn step(&mut self, now: Instant, named: NamedKey<'_>, since: u64) -> Step {
        if let Some(key) = self.fresh(now, named) {
            return Step::Done(key);
        }
        let (is_fresh, is_new) = (self.is_younger(now, MAX_AGE), self.fetches > since);
        let failed = self.failed.as_ref().filter(|(at, _)| now.duration_since(*at) < PAUSE);
        if let Some((_, problem)) = failed {
            match self.stale(now, named) {
                Some(key) => return Step::Done(key),
                // Whoever waited for it shares what came of it.
                None if is_new => return Step::Done(Err(unavailable(problem))),
                None => {}
            }
        }
        match is_fresh && (is_new || !self.may_ask(now)) {
            true => Step::Done(Err(unknown_key(named.kind))),
            false => Step::Fetch,
        }
    }
}

impl Jwks {
    /// The key that a token names. `fetch` asks the server for its keys, and is told whether there
    /// are some to go on with.
    pub(crate) async fn key(
        &self,
        named: NamedKey<'_>,
        (clock, time): (&SharedClock, Duration),
        fetch: impl AsyncFnOnce(bool) -> Result<Vec<Value>>,
    ) -> Result<DecodingKey> {
        let since = {
            let known = self.lock();
            if let Some(key) = known.fresh(clock.now(), named) {
                return key;
            }
            known.fetches
        };
        let runtime = Handle::try_current().map_err(|_| Error::request(NO_RUNTIME))?;
        let Ok(turn) = self.turns.value(&runtime, || Ok::<_, Infallible>(Arc::default()));
        let late = |_| Error::deadline().within(Some(TimeLimit { option: "timeout", time }));
        let _turn = timeout(time, turn.lock()).await.map_err(late)?;
        let now = clock.now();
        let (step, has_stale) = {
            let mut known = self.lock();
            (known.step(now, named, since), known.stale(now, named).is_some())
        };
        match step {
            Step::Done(key) => key,
            Step::Fetch => {
                let fetched = fetch(has_stale).await.map(readable);
                self.lock().take(clock.now(), fetched, named)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The key after a fetch.
    fn take(
        &mut self,
        now: Instant,
        fetched: Result<Vec<Jwk>>,
        named: NamedKey<'_>,
    ) -> Result<DecodingKey> {
        self.fetches += 1;
        match fetched {
            Ok(keys) => {
                self.keys = keys.into_iter().map(PublicKey::new).collect();
                self.at = Some(now);
                self.failed = None;
                self.find(named).unwrap_or_else(|| Err(unknown_key(named.kind)))
            }
            Err(error) => {
                self.failed = Some((now, error.to_string()));
                self.stale(now, named).unwrap_or(Err(error))
            }
        }
    }
}

impl PublicKey {
    fn new(jwk: Jwk) -> Self {
        let decoding = DecodingKey::from_jwk(&jwk).ok();
        Self { jwk, decoding }
    }
}

/// Others may be of a kind that is not known here.
fn readable(keys: Vec<Value>) -> Vec<Jwk> {
    keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect()
}

/// An error that says so of a token of this kind.
fn invalid(kind: &str, problem: &str) -> Error {
    Error::invalid_token(format!("the {kind} {problem}"))
}

fn unknown_key(kind: &str) -> Error {
    invalid(kind, "is signed with a key that this Logto does not have")
}

fn unavailable(problem: &str) -> Error {
    Error::auth(AuthFailure::new(format!(
        "cannot fetch the keys that tokens are verified with: {problem}"
    )))
}

/// The key of this id, of several the one that fits. A token that names none means the only one
/// that fits.
fn find<'a>(
    keys: &'a [PublicKey],
    id: Option<&str>,
    algorithm: Algorithm,
) -> Option<&'a PublicKey> {
    let fitting = |key: &&PublicKey| fits(&key.jwk, algorithm);
    if id.is_some() {
        let named = || keys.iter().filter(|key| key.jwk.common.key_id.as_deref() == id);
        return named().find(fitting).or_else(|| named().next());
    }
    let mut fitting = keys.iter().filter(fitting);
    fitting.next().filter(|_| fitting.next().is_none())
}

fn checked(key: &PublicKey, named: NamedKey<'_>) -> Result<DecodingKey> {
    let decoding = key.decoding.as_ref().filter(|_| fits(&key.jwk, named.algorithm));
    decoding
        .cloned()
        .ok_or_else(|| invalid(named.kind, "names a key that is not for signatures of its kind"))
}

fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => {
            key.curve == EllipticCurve::P384
        }
        (AlgorithmParameters::RSA(_), Algorithm::RS256) => true,
        _ => false,
    };
    let common = &key.common;
    let uses = common.public_key_use.as_ref().is_none_or(|uses| *uses == PublicKeyUse::Signature);
    let operations = common.key_operations.as_ref();
    kind && uses
        && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
        && common.key_algorithm.is_none_or(|own| own == KeyAlgorithm::from(algorithm))
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jwks")
    }
}
