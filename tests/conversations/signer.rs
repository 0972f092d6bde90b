//! ID tokens as Logto signs them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use serde_json::{Value, json};

use crate::issuer::{Key, encode};

pub(crate) struct Signer(Key);

/// What an ID token says.
pub(crate) struct Identity<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) access_token: &'a str,
}

impl Signer {
    pub(crate) fn new() -> Self {
        Self(Key::es384("signing-key"))
    }

    pub(crate) fn keys(&self) -> Value {
        json!({ "keys": [self.0.jwk()] })
    }

    pub(crate) fn id_token(&self, identity: &Identity<'_>) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let hash = digest::digest(&digest::SHA384, identity.access_token.as_bytes());
        let mut claims = json!({
            "iss": identity.issuer, "aud": identity.client_id, "sub": identity.user_id,
            "iat": now, "exp": now + 3600, "at_hash": encode(&hash.as_ref()[..24]),
        });
        if let Some(nonce) = identity.nonce {
            claims["nonce"] = nonce.into();
        }
        self.0.sign(&claims)
    }
}

/// What the authorization request tells of a PKCE verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}
