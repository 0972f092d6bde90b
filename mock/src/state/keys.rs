//! What tokens are signed with, and what their signatures are checked with.

use std::io;

use aws_lc_rs::{
    digest::{SHA384, digest},
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING as ES384, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The newest first. A real server goes on to show the ones before it, too.
pub(crate) struct Keys(Vec<Key>);

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Keys {
    pub(crate) fn new(id: &str) -> io::Result<Self> {
        Ok(Self(vec![Key::new(id)?]))
    }

    /// Puts a new key in front, for all tokens to come.
    pub(crate) fn rotate(&mut self, id: &str) -> io::Result<()> {
        self.0.insert(0, Key::new(id)?);
        Ok(())
    }

    /// The ids of the keys, the newest first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.0.retain(|key| key.id != id);
    }

    /// Removes all keys but the newest: what others signed can no longer be checked.
    pub(crate) fn forget_old(&mut self) {
        self.0.truncate(1);
    }

    /// The public keys, as a JSON Web Key Set.
    pub(crate) fn to_jwks(&self) -> Value {
        json!({ "keys": self.0.iter().map(Key::to_jwk).collect::<Vec<_>>() })
    }

    /// A JSON Web Token of this type, by the newest key.
    pub(crate) fn sign(&self, kind: &str, claims: &Value) -> String {
        let Some(key) = self.0.first() else { return String::new() };
        let header = json!({ "alg": "ES384", "typ": kind, "kid": key.id });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = key.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map(|signature| encode(signature.as_ref()));
        // Signing fails only where the machine has no randomness left.
        format!("{signed}.{}", signature.unwrap_or_default())
    }
}

impl Key {
    fn new(id: &str) -> io::Result<Self> {
        let pair = EcdsaKeyPair::generate(&ES384).map_err(io::Error::other)?;
        Ok(Self { id: id.to_owned(), pair })
    }

    fn to_jwk(&self) -> Value {
        // An uncompressed point: a byte that says so, then both coordinates.
        let point = self.pair.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = point.split_at(point.len() / 2);
        json!({
            "kty": "EC", "use": "sig", "kid": self.id, "alg": "ES384", "crv": "P-384",
            "x": encode(x), "y": encode(y),
        })
    }
}

/// What an ID token says of the access token that came with it: half of its hash.
pub(crate) fn access_token_hash(token: &str) -> String {
    let hash = digest(&SHA384, token.as_bytes());
    encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
