//! The claims of an access token.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::{
    Error, Result, Timestamp,
    oidc::{maybe_seconds, seconds},
};

/// What the audience of an organization token begins with.
pub(super) const ORGANIZATION: &str = "urn:logto:organization:";

/// The claims of an access token that was verified.
///
/// `Debug` shows who the token is for, and no custom claims.
#[derive(Clone, PartialEq)]
pub struct AccessTokenClaims {
    known: Known,
    raw: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Known {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    #[serde(deserialize_with = "seconds")]
    pub(super) exp: Timestamp,
    #[serde(deserialize_with = "seconds")]
    pub(super) iat: Timestamp,
    #[serde(default, deserialize_with = "maybe_seconds")]
    pub(super) nbf: Option<Timestamp>,
    pub(super) client_id: String,
    scope: Option<String>,
    organization_id: Option<String>,
}

/// `aud` is a string where there is one only.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl AccessTokenClaims {
    /// The subject of the token: the id of a user, or of a machine-to-machine application.
    pub fn subject(&self) -> &str {
        &self.known.sub
    }

    /// The id of the application that the token was issued to.
    pub fn client_id(&self) -> &str {
        &self.known.client_id
    }

    /// Whether the token is that of a machine-to-machine application, not of a user.
    pub fn is_machine(&self) -> bool {
        self.known.sub == self.known.client_id
    }

    /// The audience of the token. Logto always sets exactly one.
    pub fn audiences(&self) -> &[String] {
        self.known.aud.all()
    }

    /// The scopes that were granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        scopes(self.known.scope.as_deref())
    }

    /// Whether this scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// Whether all of these scopes were granted.
    pub fn has_all_scopes<'a>(&self, scopes: impl IntoIterator<Item = &'a str>) -> bool {
        scopes.into_iter().all(|scope| self.has_scope(scope))
    }

    /// The organization that the token is for or, for a token for an API, within which it is valid.
    pub fn organization_id(&self) -> Option<&str> {
        self.claimed_organization().or_else(|| self.audience_organization())
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> Timestamp {
        self.known.iat
    }

    /// When the token expires.
    pub fn expires_at(&self) -> Timestamp {
        self.known.exp
    }

    /// Who acts for the subject (RFC 8693, section 4.1): the id of the user whose token was given as
    /// `actor_token` when this token was exchanged.
    pub fn actor(&self) -> Option<&str> {
        self.raw.get("act")?.get("sub")?.as_str()
    }

    /// All claims as a type of your own, with those that a script for custom claims adds, such as
    /// roles: Logto itself puts none in access tokens, only the permissions that the roles grant
    /// (`scope`).
    ///
    /// # Errors
    ///
    /// When a claim is missing or of another type
    /// ([`Error::is_invalid_token`](crate::Error::is_invalid_token)).
    pub fn custom<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(Value::Object(self.raw.clone())).map_err(|_| {
            Error::invalid_token(
                "the access token's claims cannot be decoded as the requested type",
            )
        })
    }

    /// All claims, unchanged.
    pub fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// The organization of the claim.
    pub(super) fn claimed_organization(&self) -> Option<&str> {
        self.known.organization_id.as_deref()
    }

    /// The organization of the audience.
    pub(super) fn audience_organization(&self) -> Option<&str> {
        match self.audiences() {
            [one] => one.strip_prefix(ORGANIZATION).filter(|id| !id.is_empty()),
            _ => None,
        }
    }
}

/// The scopes of the claim.
pub(super) fn scopes(claim: Option<&str>) -> impl Iterator<Item = &str> {
    claim.unwrap_or_default().split_ascii_whitespace()
}

impl<'de> Deserialize<'de> for AccessTokenClaims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = deserializer.deserialize_map(Unique)?;
        let known = Known::deserialize(&raw).map_err(D::Error::custom)?;
        Ok(Self { known, raw })
    }
}

/// An object without duplicate names (RFC 7519, section 4), of which two parsers could take
/// different values.
struct Unique;

impl<'de> Visitor<'de> for Unique {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a claim appears twice"));
            }
        }
        Ok(map)
    }
}

impl fmt::Debug for AccessTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known.fmt(f)
    }
}
