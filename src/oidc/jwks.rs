//! The public keys of a Logto.

use std::{
    fmt,
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::Mutex, time::timeout};

use crate::{Client, Error, Result};

/// How long a key is trusted without asking: one that was withdrawn is forgotten then.
const MAX_AGE: Duration = Duration::from_secs(600);

/// The public keys that a Logto signs with, as far as they are known. Clones of a client share
/// them. They are fetched when a token names one that is not known, which happens when the server
/// rotates them; whoever waits for that shares what comes.
#[derive(Default)]
pub(crate) struct Jwks(Mutex<Option<Known>>);

struct Known {
    keys: Vec<Jwk>,
    at: Instant,
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
        let turn = timeout(client.timeout(), self.0.lock());
        let mut known = turn.await.map_err(|_| Error::deadline())?;
        let now = client.clock().now();
        let fresh = known.as_ref().filter(|known| now.duration_since(known.at) < MAX_AGE);
        if let Some(key) = fresh.and_then(|known| find(&known.keys, id, algorithm)) {
            return checked(key, algorithm);
        }
        let keys = fetch(client).await?;
        let found = find(&keys, id, algorithm).map(|key| checked(key, algorithm));
        *known = Some(Known { keys, at: now });
        found.unwrap_or_else(|| {
            Err(Error::invalid_token(
                "the ID token is signed with a key that this Logto does not have",
            ))
        })
    }
}

async fn fetch(client: &Client) -> Result<Vec<Jwk>> {
    let answer = client.request(Method::GET, "/oidc/jwks").public().send().await?;
    let keys = answer.json::<Answer>()?.keys;
    // Others may be of a kind that is not known here.
    Ok(keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// The key of this id. A token that names none means the only one that fits.
fn find<'a>(keys: &'a [Jwk], id: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    if id.is_some() {
        return keys.iter().find(|key| key.common.key_id.as_deref() == id);
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
