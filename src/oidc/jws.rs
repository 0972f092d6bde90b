//! Signed tokens in compact serialization (RFC 7515, section 3.1).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto::aws_lc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::key_set;
use crate::{
    Client, Error, Result,
    auth::{NamedKey, jwt},
};

/// The kind of a token. A token of one kind is never accepted as one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    IdToken,
    Logout,
    #[cfg(feature = "verify")]
    AccessToken,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::IdToken => "ID token",
            Self::Logout => "logout token",
            #[cfg(feature = "verify")]
            Self::AccessToken => "access token",
        }
    }

    /// Logto's ID tokens have no type, its access tokens `at+jwt` (RFC 9068, section 2.1), possibly
    /// with the prefix `application/` (RFC 7515, section 4.1.9).
    fn takes_type(self, found: Option<&str>) -> bool {
        let is = |wanted: &str| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted));
        match self {
            Self::IdToken => found.is_none() || is("JWT"),
            Self::Logout => is("logout+jwt") || is("application/logout+jwt"),
            #[cfg(feature = "verify")]
            Self::AccessToken => is("at+jwt") || is("application/at+jwt"),
        }
    }
}

/// A signed token in compact serialization.
pub(crate) struct Jws<'a> {
    kind: Kind,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// The signing input.
    signed: &'a str,
}

impl<'a> Jws<'a> {
    pub(crate) fn of(kind: Kind, token: &'a str) -> Result<Self> {
        let cut_off = || invalid(kind, "does not have three parts");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(cut_off)?;
        let (header, payload) = signed.split_once('.').ok_or_else(cut_off)?;
        match payload.contains('.') {
            true => Err(cut_off()),
            false => Ok(Self { kind, header, payload, signature, signed }),
        }
    }

    /// Verifies the header, and the signature with a key of this Logto. Keys that the header
    /// contains or refers to are ignored.
    pub(crate) async fn verify(&self, client: &Client) -> Result<Algorithm> {
        let header: Header = jwt::part(self.header)
            .ok_or_else(|| invalid(self.kind, "has a header that cannot be decoded"))?;
        let algorithm = header.algorithm(self.kind)?;
        let (id, kind) = (header.kid.as_deref(), self.kind.name());
        let named = NamedKey { id, algorithm, kind };
        let time = (client.clock(), client.timeout());
        let fetch = async |has_stale| key_set::fetch(client, has_stale).await;
        let key = client.jwks().key(named, time, fetch).await?;
        self.check_signature(&key, algorithm)?;
        Ok(algorithm)
    }

    /// The claims, which are not trustworthy before [`verify`](Self::verify).
    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Result<T> {
        jwt::part(self.payload)
            .ok_or_else(|| invalid(self.kind, "has claims that cannot be decoded, or lacks one"))
    }

    /// Uses the crypto provider directly: jsonwebtoken's process-wide provider panics if two of its
    /// features are enabled, and choosing it is not up to this crate.
    fn check_signature(&self, key: &DecodingKey, algorithm: Algorithm) -> Result<()> {
        let verified = || {
            let signature = BASE64_URL_SAFE_NO_PAD.decode(self.signature).ok()?;
            let verifier = (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, key).ok()?;
            verifier.verify(self.signed.as_bytes(), &signature).ok()
        };
        verified().ok_or_else(|| invalid(self.kind, "has a signature that is not its issuer's"))
    }
}

/// An error about a token of this kind.
pub(super) fn invalid(kind: Kind, problem: &str) -> Error {
    Error::invalid_token(format!("the {} {problem}", kind.name()))
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood.
    #[serde(default)]
    crit: Option<Value>,
}

impl Header {
    /// Logto signs with these two algorithms. All others are rejected before a key is used, so that
    /// a public key can never serve as a shared secret.
    fn algorithm(&self, kind: Kind) -> Result<Algorithm> {
        if self.crit.is_some() {
            return Err(invalid(kind, "requires an extension that is not supported (`crit`)"));
        }
        if !kind.takes_type(self.typ.as_deref()) {
            let name = kind.name();
            let article = if kind == Kind::Logout { "a" } else { "an" };
            return Err(Error::invalid_token(format!(
                "the token is not {article} {name}: its header names another type"
            )));
        }
        match self.alg.as_str() {
            "ES384" => Ok(Algorithm::ES384),
            "RS256" => Ok(Algorithm::RS256),
            _ => {
                Err(invalid(kind, "is not signed with a supported algorithm: ES384 and RS256 are"))
            }
        }
    }
}
