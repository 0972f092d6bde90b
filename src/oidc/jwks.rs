//! The public keys of a Logto.

use std::{
    convert::Infallible,
    fmt,
    sync::{self, Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use tokio::{runtime::Handle, sync::Mutex, time::timeout};

use crate::{
    Client, Error, Result,
    runtimes::{self, PerRuntime},
};

/// How long a key is trusted without asking: one that was withdrawn is forgotten then.
const MAX_AGE: Duration = Duration::from_secs(600);
/// Tokens may name any key, so that keys are only asked for this often because one is not known …
const UNKNOWN_KEYS: usize = 3;
/// … within this time.
const UNKNOWN_KEYS_PERIOD: Duration = Duration::from_secs(60);
/// How long a key set may be, in bytes. Logto's has a few keys of less than a thousand bytes.
const MAX_SIZE: usize = 1024 * 1024;

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
    keys: Vec<Jwk>,
    /// When they were fetched.
    at: Option<Instant>,
    /// When keys were asked for lately because a token named one that was not known.
    asked: Vec<Instant>,
}

impl Known {
    fn is_fresh(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| now.duration_since(at) < MAX_AGE)
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
}

#[derive(Deserialize)]
struct Answer {
    keys: Vec<Value>,
}

impl Jwks {
    /// The key of this id to verify a signature of this kind with.
    pub(super) async fn key(
        &self,
        client: &Client,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Jwk> {
        let runtime = Handle::try_current().map_err(|_| Error::request(runtimes::ABSENT))?;
        let Ok(turn) = self.turns.value(&runtime, || Ok::<_, Infallible>(Arc::default()));
        let _turn = timeout(client.timeout(), turn.lock()).await.map_err(|_| Error::deadline())?;
        let now = client.clock().now();
        if let Some(key) = self.known(now, id, algorithm) {
            return key;
        }
        let keys = fetch(client).await?;
        let mut known = self.lock();
        known.keys = keys;
        known.at = Some(now);
        match find(&known.keys, id, algorithm) {
            Some(key) => checked(key, algorithm),
            None => Err(unknown_key()),
        }
    }

    /// What is known of a key without asking; nothing where keys are to be fetched.
    fn known(&self, now: Instant, id: Option<&str>, algorithm: Algorithm) -> Option<Result<Jwk>> {
        let mut known = self.lock();
        if !known.is_fresh(now) {
            return None;
        }
        if let Some(key) = find(&known.keys, id, algorithm) {
            return Some(checked(key, algorithm));
        }
        (!known.may_ask(now)).then(|| Err(unknown_key()))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(client: &Client) -> Result<Vec<Jwk>> {
    let request = client.request(Method::GET, "/oidc/jwks").public();
    let answer = request.max_response_size(MAX_SIZE).send().await.map_err(|error| {
        match error.is_response_too_large() {
            true => Error::invalid_token(
                "the key set is longer than 1 MiB, as none of Logto's is: is it Logto that answers \
                 at this endpoint?",
            ),
            false => error,
        }
    })?;
    let keys = answer.json::<Answer>()?.keys;
    // Others may be of a kind that is not known here.
    Ok(keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}

fn unknown_key() -> Error {
    Error::invalid_token("the ID token is signed with a key that this Logto does not have")
}

/// The key of this id, of several the one that fits. A token that names none means the only one
/// that fits.
fn find<'a>(keys: &'a [Jwk], id: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    if id.is_some() {
        let named = || keys.iter().filter(|key| key.common.key_id.as_deref() == id);
        return named().find(|key| fits(key, algorithm)).or_else(|| named().next());
    }
    let mut fitting = keys.iter().filter(|key| fits(key, algorithm));
    fitting.next().filter(|_| fitting.next().is_none())
}

fn checked(key: &Jwk, algorithm: Algorithm) -> Result<Jwk> {
    match fits(key, algorithm) {
        true => Ok(key.clone()),
        false => Err(Error::invalid_token(
            "the key that the ID token names is not one for signatures of its kind",
        )),
    }
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
