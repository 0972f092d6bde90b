//! What tokens are signed with, and what their signatures are checked with.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P384_SHA384_FIXED_SIGNING as ES384, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384};

/// How many keys a server shows: what a key before these has signed can no longer be checked.
const SHOWN: usize = 2;

/// The newest first. A real server goes on to show the one before it, too.
#[derive(Clone)]
pub(crate) struct Keys(Vec<Key>);

/// What a key signs with, by Logto's name for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// On the curve P-384: ES384.
    Ec,
    /// RS256. A real server's key has 4,096 bits; this one has 2,048, which are made sooner.
    Rsa,
}

impl Algorithm {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ec => "EC",
            Self::Rsa => "RSA",
        }
    }
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

#[derive(Clone)]
struct Key {
    id: String,
    algorithm: Algorithm,
    /// Made when it is first needed, since the first of a process takes a while, and shared by
    /// copies of the state.
    pair: Arc<OnceLock<Option<Pair>>>,
}

impl Keys {
    pub(crate) fn new(id: &str) -> Self {
        Self(vec![Key::new(id, Algorithm::Ec)])
    }

    /// Puts a new key in front, for all tokens to come.
    pub(crate) fn rotate(&mut self, id: &str, algorithm: Algorithm) {
        self.0.insert(0, Key::new(id, algorithm));
        self.0.truncate(SHOWN);
    }

    /// The ids of the keys and what they sign with, the newest first.
    pub(crate) fn list(&self) -> impl Iterator<Item = (&str, Algorithm)> {
        self.0.iter().map(|key| (key.id.as_str(), key.algorithm))
    }

    /// What the discovery document says of signatures.
    pub(crate) fn algorithms(&self) -> &'static [&'static str] {
        match self.0.iter().any(|key| key.algorithm == Algorithm::Rsa) {
            true => &["PS256", "RS256", "ES384"],
            false => &["ES384"],
        }
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
    /// The left half of a text's hash, by the algorithm of signatures: `at_hash` of OpenID Connect.
    pub(crate) fn half_hash(&self, text: &str) -> String {
        match self.0.first().map(|key| key.algorithm) {
            Some(Algorithm::Rsa) => encode(&Sha256::digest(text)[..16]),
            _ => encode(&Sha384::digest(text)[..24]),
        }
    }

    pub(crate) fn sign(&self, kind: Option<&str>, claims: &Value) -> String {
        let Some(key) = self.0.first() else { return String::new() };
        let algorithm = match key.algorithm {
            Algorithm::Ec => "ES384",
            Algorithm::Rsa => "RS256",
        };
        let mut header = json!({ "alg": algorithm, "kid": key.id });
        if let Some(kind) = kind {
            header["typ"] = kind.into();
        }
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        // Signing fails only where the machine has no randomness left.
        let signature = key.pair().and_then(|pair| pair.sign(signed.as_bytes()));
        format!("{signed}.{}", signature.map(encode).unwrap_or_default())
    }
}

impl Key {
    fn new(id: &str, algorithm: Algorithm) -> Self {
        Self { id: id.to_owned(), algorithm, pair: Arc::default() }
    }

    /// None where the operating system has no randomness.
    fn pair(&self) -> Option<&Pair> {
        let generate = || match self.algorithm {
            Algorithm::Ec => EcdsaKeyPair::generate(&ES384).ok().map(Pair::Ec),
            Algorithm::Rsa => RsaKeyPair::generate(KeySize::Rsa2048).ok().map(Pair::Rsa),
        };
        self.pair.get_or_init(generate).as_ref()
    }

    fn to_jwk(&self) -> Value {
        match self.pair() {
            None => Value::Null,
            Some(Pair::Ec(pair)) => {
                // An uncompressed point: a byte that says so, then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                json!({
                    "kty": "EC", "use": "sig", "kid": self.id, "alg": "ES384", "crv": "P-384",
                    "x": encode(x), "y": encode(y),
                })
            }
            Some(Pair::Rsa(pair)) => {
                let key = pair.public_key();
                let part = |number: aws_lc_rs::io::Positive<'_>| {
                    encode(number.big_endian_without_leading_zero())
                };
                json!({
                    "kty": "RSA", "use": "sig", "kid": self.id,
                    "e": part(key.exponent()), "n": part(key.modulus()),
                })
            }
        }
    }
}

impl Pair {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
