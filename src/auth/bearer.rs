//! Access tokens.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use reqwest::header::HeaderValue;
use serde_json::{Map, Value};

use super::jwt;
use crate::{Error, Result, setters::IntoText};

const SCHEME: &str = "Bearer ";

/// The value of an `Authorization` header. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bearer(pub(crate) HeaderValue);

impl Bearer {
    pub(crate) fn new(token: &str) -> Result<Self> {
        let token = token.trim();
        if token.is_empty() {
            return Err(Error::request("the bearer token is empty"));
        }
        if token.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME)) {
            return Err(Error::request(
                "the bearer token begins with `Bearer `: pass the token alone, as the client adds \
                 the prefix",
            ));
        }
        // A header may hold others, but the token could not be had from it again.
        let sendable = token.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::try_from(format!("{SCHEME}{token}")).ok();
        let mut value = value.filter(|_| sendable).ok_or_else(|| {
            Error::request(
                "the bearer token contains a character that tokens cannot have, such as a space",
            )
        })?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Whether it says itself that it has expired. Nothing of it is validated, and one that is no JSON
    /// Web Token says nothing.
    pub(crate) fn has_expired(&self, now: SystemTime) -> bool {
        let claims = self.token().split('.').nth(1).and_then(jwt::part::<Map<String, Value>>);
        let end = claims.and_then(|claims| claims.get("exp")?.as_f64());
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        end.is_some_and(|end| end <= now.as_secs_f64())
    }

    /// The token alone.
    pub(crate) fn token(&self) -> &str {
        self.0.to_str().ok().and_then(|value| value.strip_prefix(SCHEME)).unwrap_or_default()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An access token. `Debug` does not show it, [`secret`](Self::secret) does.
///
/// A [`TokenProvider`](crate::TokenProvider) returns them to the client, and
/// [`Client::access_token`](crate::Client::access_token) returns the client's to you.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    secret: String,
    lifetime: Option<Duration>,
    scope: Option<String>,
}

impl AccessToken {
    /// A token whose lifetime is not known.
    pub fn new(token: impl IntoText) -> Self {
        Self { secret: token.into_text(), lifetime: None, scope: None }
    }

    /// Sets the remaining lifetime of the token.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Sets the scope, if it is known.
    pub(crate) fn of_scope(mut self, scope: Option<&str>) -> Self {
        self.scope = scope.map(str::to_owned);
        self
    }

    /// The granted scopes, separated by spaces, if known. The empty string means that the token has
    /// no permissions. It may be less than what was requested.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// The token itself, without `Bearer`.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The lifetime of the token when it was returned, if known.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("secret", &"[redacted]")
            .field("lifetime", &self.lifetime)
            .field("scope", &self.scope)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_bearer_is_never_shown() {
        let bearer = Bearer::new(" hunter2 ").unwrap();
        assert_eq!(bearer.0, "Bearer hunter2");
        assert_eq!(bearer.token(), "hunter2");
        assert!(!format!("{bearer:?}{:?}", bearer.0).contains("hunter2"));
        for bad in ["", "  ", "a\nb", "é", "Bearer a"] {
            let error = Bearer::new(bad).unwrap_err();
            assert!(error.is_invalid_request());
        }
    }
}
