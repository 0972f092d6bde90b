//! Opaque tokens, which only Logto can resolve (RFC 7662).

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{TokenVerifier, claims::scopes};
use crate::{
    Error, Result, Timestamp,
    oidc::{maybe_seconds, seconds},
};

/// In bytes. Logto's opaque tokens have 43.
const MAX_SIZE: usize = 1024;

/// The introspection response for an opaque access token.
///
/// The token has no audience and is for no API: its scopes are those of OpenID Connect, such as
/// `profile`, not permissions of an API.
#[derive(Clone, PartialEq)]
pub struct OpaqueTokenClaims {
    known: Known,
    raw: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Known {
    sub: String,
    client_id: String,
    #[serde(deserialize_with = "seconds")]
    exp: Timestamp,
    #[serde(default, deserialize_with = "maybe_seconds")]
    iat: Option<Timestamp>,
    iss: Option<String>,
    scope: Option<String>,
    token_type: Option<String>,
}

impl OpaqueTokenClaims {
    /// The id of the user whose token it is.
    pub fn subject(&self) -> &str {
        &self.known.sub
    }

    /// The id of the application that the token was issued to.
    pub fn client_id(&self) -> &str {
        &self.known.client_id
    }

    /// The scopes that were granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        scopes(self.known.scope.as_deref())
    }

    /// Whether this scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.known.iat
    }

    /// When the token expires.
    pub fn expires_at(&self) -> Timestamp {
        self.known.exp
    }

    /// The whole response.
    pub fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }
}

impl fmt::Debug for OpaqueTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known.fmt(f)
    }
}

impl OpaqueTokenClaims {
    /// What the response says, where it is about a good access token; otherwise why it is not.
    pub(super) fn read(raw: Map<String, Value>) -> std::result::Result<Self, &'static str> {
        if raw.get("active") != Some(&Value::Bool(true)) {
            return Err("Logto says that the access token is not active");
        }
        let unreadable = "Logto's response about the access token cannot be decoded";
        let known = Known::deserialize(&raw).map_err(|_| unreadable)?;
        // It says `active` of refresh tokens as well, but no type.
        let kind = known.token_type.as_deref().unwrap_or_default();
        match kind.eq_ignore_ascii_case("bearer") {
            true => Ok(Self { known, raw }),
            false => Err(
                "this is not an access token, but another kind of token, such as a refresh token",
            ),
        }
    }
}

impl TokenVerifier {
    /// Asks Logto for the user of an opaque access token, which [`verify`](Self::verify) cannot
    /// read, and whether it is still valid. It requires the credentials of a machine-to-machine
    /// application: see [`introspection`](super::TokenVerifierBuilder::introspection).
    ///
    /// Logto issues opaque tokens if a client requests no `resource`. They are for its own
    /// endpoints and grant no permissions in your API: any application of the tenant may hold them.
    /// Prefer tokens for your API, with [`verify`](Self::verify).
    ///
    /// Concurrent calls for the same token share one request. Logto's responses are cached for ten
    /// seconds, for up to a thousand valid and a thousand invalid tokens.
    ///
    /// # Errors
    ///
    /// - [`is_invalid_token`](Error::is_invalid_token): the token is invalid, not an access token
    ///   or not opaque, or the verifier does not accept it: issuer, applications, user and times
    ///   are checked.
    /// - [`is_auth`](Error::is_auth) and others: Logto cannot be reached.
    pub async fn introspect(&self, token: &str) -> Result<OpaqueTokenClaims> {
        let introspector = self.introspector().ok_or_else(|| {
            Error::config(
                "Logto introspects opaque tokens for applications only: pass the id and secret of \
                 a machine-to-machine application to the verifier with `introspection(…)`",
            )
        })?;
        if token.contains('.') {
            return Err(Error::invalid_token("the access token is not opaque: `verify` it"));
        }
        if token.is_empty() || token.len() > MAX_SIZE || !token.bytes().all(is_opaque) {
            return Err(Error::invalid_token("this is not an access token of Logto"));
        }
        let claims = introspector.claims(self.client(), token).await?;
        self.check_opaque(&claims)?;
        Ok(claims)
    }

    fn check_opaque(&self, claims: &OpaqueTokenClaims) -> Result<()> {
        let known = &claims.known;
        if known.iss.as_deref().is_some_and(|issuer| issuer != self.issuer()) {
            return Err(self.another_issuer());
        }
        self.check_party(&known.sub, &known.client_id)?;
        self.check_times(known.exp, known.iat, None)
    }
}

/// The characters of a bearer token (RFC 6750, section 2.1), but the point that JWTs have.
fn is_opaque(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_~+/=".contains(&byte)
}
