//! ID tokens as Logto signs them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const KEY_ID: &str = "signing-key";

pub(crate) struct Signer(EcdsaKeyPair);

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
        Self(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn keys(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(48);
        json!({ "keys": [{
            "kty": "EC", "use": "sig", "alg": "ES384", "crv": "P-384", "kid": KEY_ID,
            "x": encoded(x), "y": encoded(y),
        }] })
    }

    pub(crate) fn id_token(&self, identity: &Identity<'_>) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let hash = digest::digest(&digest::SHA384, identity.access_token.as_bytes());
        let mut claims = json!({
            "iss": identity.issuer, "aud": identity.client_id, "sub": identity.user_id,
            "iat": now, "exp": now + 3600, "at_hash": encoded(&hash.as_ref()[..24]),
        });
        if let Some(nonce) = identity.nonce {
            claims["nonce"] = nonce.into();
        }
        let header = json!({ "alg": "ES384", "typ": "JWT", "kid": KEY_ID });
        let part = |json: &Value| encoded(json.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encoded(signature.as_ref()))
    }
}

pub(crate) fn encoded(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What the authorization request tells of a PKCE verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    encoded(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref())
}
