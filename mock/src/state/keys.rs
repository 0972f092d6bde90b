//! What tokens are signed with, and what their signatures are checked with.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING as ES384, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The newest first. A real server goes on to show the ones before it, too.
#[derive(Clone)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: String,
    /// Made when it is first needed, since the first of a process takes a while, and shared by
    /// copies of the state.
    pair: Arc<OnceLock<Option<EcdsaKeyPair>>>,
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

    /// A JSON Web Token, of this type if there is one, by the newest key.
    pub(crate) fn sign(&self, kind: Option<&str>, claims: &Value) -> String {
        let Some(key) = self.0.first() else { return String::new() };
        let mut header = json!({ "alg": "ES384", "kid": key.id });
        if let Some(kind) = kind {
            header["typ"] = kind.into();
        }
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature =
            key.pair().and_then(|pair| pair.sign(&SystemRandom::new(), signed.as_bytes()).ok());
        let signature = signature.map(|signature| encode(signature.as_ref()));
        // Signing fails only where the machine has no randomness left.
        format!("{signed}.{}", signature.unwrap_or_default())
    }
}

impl Key {
    fn new(id: &str) -> io::Result<Self> {
        let pair = Arc::default();
        Ok(Self { id: id.to_owned(), pair })
    }

    /// None where the operating system has no randomness.
    fn pair(&self) -> Option<&EcdsaKeyPair> {
        self.pair.get_or_init(|| EcdsaKeyPair::generate(&ES384).ok()).as_ref()
    }

    fn to_jwk(&self) -> Value {
        // An uncompressed point: a byte that says so, then both coordinates.
        let point = self.pair().map(|pair| pair.public_key().as_ref());
        let point = point.and_then(|point| point.get(1..)).unwrap_or_default();
        let (x, y) = point.split_at(point.len() / 2);
        json!({
            "kty": "EC", "use": "sig", "kid": self.id, "alg": "ES384", "crv": "P-384",
            "x": encode(x), "y": encode(y),
        })
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
