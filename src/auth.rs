//! Who is calling: credentials, and the token that is had for them.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::header::HeaderValue;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{
    Error, Result,
    endpoint::Endpoint,
    error::{AuthFailure, text},
    operation::{Api, Operation},
};

/// How long before its expiry a token is no longer used, so that it is still good on arrival.
const LEEWAY: Duration = Duration::from_secs(60);
/// The life of a token whose answer does not tell it.
const UNTOLD_LIFE: Duration = Duration::from_secs(300);

/// What the client was given to identify itself with.
#[derive(Debug)]
pub(crate) enum Credentials {
    None,
    Fixed(Bearer),
    App(Box<TokenSource>),
}

/// The value of an `Authorization` header. Its `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Bearer(pub(crate) HeaderValue);

/// The token of one call.
#[derive(Debug)]
pub(crate) struct CallToken {
    pub(crate) bearer: Bearer,
    /// It comes from the cache, so that another can be had when the server refuses it.
    pub(crate) cached: bool,
}

impl Bearer {
    pub(crate) fn new(token: &str) -> Result<Self> {
        let token = token.trim();
        if token.is_empty() {
            return Err(Error::request("the bearer token is empty"));
        }
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Error::request("the bearer token has characters that no token has"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Credentials {
    /// The token to call this operation with, if it needs one.
    pub(crate) async fn token(
        &self,
        operation: &Operation,
        http: &reqwest::Client,
    ) -> Result<Option<CallToken>> {
        if operation.public || matches!(operation.api, Api::Experience) {
            return Ok(None);
        }
        match (self, operation.api) {
            (Self::Fixed(bearer), _) => {
                Ok(Some(CallToken { bearer: bearer.clone(), cached: false }))
            }
            (_, Api::Other | Api::Experience) => Ok(None),
            (Self::App(source), Api::Management) => {
                Ok(Some(CallToken { bearer: source.token(http).await?, cached: true }))
            }
            (Self::App(_), Api::Account) => Err(missing(
                "the Account API acts for a user and takes that user's access token, not an \
                 application's: give it with `bearer_token(…)` or, for one call, `token(…)`",
            )),
            (Self::None, Api::Account) => Err(missing(
                "the Account API needs a user's access token: give it with `bearer_token(…)` \
                 or, for one call, `token(…)`",
            )),
            (Self::None, Api::Management) => Err(missing(
                "the Management API needs credentials: build the client with \
                 `client_credentials(…)` or `bearer_token(…)`",
            )),
        }
    }

    /// Forgets a token that the server refused, unless it has been replaced already.
    pub(crate) fn discard(&self, refused: &Bearer) {
        if let Self::App(source) = self {
            source.discard(refused);
        }
    }
}

fn missing(problem: &str) -> Error {
    Error::auth(AuthFailure {
        problem: problem.to_owned(),
        code: None,
        message: None,
        source: None,
    })
}

/// Gets tokens for a machine-to-machine application, and keeps the one that is good.
///
/// However many tasks want a token, one fetches it; the others wait. A fetch that fails is
/// reported to those who waited for it and to no one else, and one that is dropped on the way
/// leaves the next task to fetch.
pub(crate) struct TokenSource {
    url: String,
    app_id: String,
    app_secret: String,
    resource: String,
    scope: String,
    timeout: Duration,
    current: RwLock<Option<Token>>,
    /// How many fetches have come to an end.
    finished: AtomicU64,
    fetching: tokio::sync::Mutex<LastFailure>,
}

struct Token {
    bearer: Bearer,
    good_until: Instant,
}

/// The last fetch that failed, and which it was.
#[derive(Default)]
struct LastFailure {
    fetch: u64,
    failure: Option<AuthFailure>,
}

impl TokenSource {
    pub(crate) fn new(
        endpoint: &Endpoint,
        app_id: String,
        app_secret: String,
        resource: Option<String>,
        scope: Option<String>,
        timeout: Duration,
    ) -> Result<Self> {
        if app_id.trim().is_empty() {
            return Err(Error::config(
                "the app id is empty: copy it from the machine-to-machine application's page",
            ));
        }
        if app_secret.trim().is_empty() {
            return Err(Error::config(
                "the app secret is empty: copy it from the machine-to-machine application's page",
            ));
        }
        Ok(Self {
            url: format!("{}/oidc/token", endpoint.base),
            app_id,
            app_secret,
            resource: resource.unwrap_or_else(|| endpoint.default_resource()),
            scope: scope.unwrap_or_else(|| "all".to_owned()),
            timeout,
            current: RwLock::new(None),
            finished: AtomicU64::new(0),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    async fn token(&self, http: &reqwest::Client) -> Result<Bearer> {
        if let Some(bearer) = self.cached() {
            return Ok(bearer);
        }
        let finished_before = self.finished.load(Ordering::Acquire);
        let mut last = self.fetching.lock().await;
        if let Some(bearer) = self.cached() {
            return Ok(bearer);
        }
        if last.fetch > finished_before
            && let Some(failure) = &last.failure
        {
            return Err(Error::auth(failure.clone()));
        }
        let outcome = self.fetch(http).await;
        let fetch = self.finished.fetch_add(1, Ordering::AcqRel) + 1;
        match outcome {
            Ok(token) => {
                let bearer = token.bearer.clone();
                self.store(Some(token));
                Ok(bearer)
            }
            Err(failure) => {
                *last = LastFailure { fetch, failure: Some(failure.clone()) };
                Err(Error::auth(failure))
            }
        }
    }

    fn cached(&self) -> Option<Bearer> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let token = current.as_ref()?;
        (Instant::now() < token.good_until).then(|| token.bearer.clone())
    }

    fn store(&self, token: Option<Token>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    fn discard(&self, refused: &Bearer) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|token| token.bearer.0 == refused.0) {
            *current = None;
        }
    }

    async fn fetch(&self, http: &reqwest::Client) -> Result<Token, AuthFailure> {
        let asked_at = Instant::now();
        let response = http
            .post(&self.url)
            .timeout(self.timeout)
            .basic_auth(form_encoded(&self.app_id), Some(form_encoded(&self.app_secret)))
            .form(&[
                ("grant_type", "client_credentials"),
                ("resource", &self.resource),
                ("scope", &self.scope),
            ])
            .send()
            .await
            .map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        let mut body = serde_json::from_slice::<Map<String, Value>>(&body).unwrap_or_default();
        if !status.is_success() {
            return Err(AuthFailure {
                problem: format!("the token endpoint answered {}", status.as_u16()),
                code: text(&mut body, &["error", "code"]),
                message: text(&mut body, &["error_description", "message"]),
                source: None,
            });
        }
        let bearer = text(&mut body, &["access_token"])
            .and_then(|token| Bearer::new(&token).ok())
            .ok_or_else(|| AuthFailure {
                problem: format!("the token endpoint answered {} without a token", status.as_u16()),
                code: None,
                message: None,
                source: None,
            })?;
        Ok(Token { bearer, good_until: asked_at + usable_for(body.get("expires_in")) })
    }
}

/// How long a token is used: its life less a leeway, which is shorter for short lives.
fn usable_for(expires_in: Option<&Value>) -> Duration {
    let life = match expires_in.and_then(Value::as_f64) {
        // A year is for ever, and keeps the sum with "now" in range.
        Some(seconds) if seconds >= 0.0 => Duration::from_secs_f64(seconds.min(31_536_000.0)),
        _ => UNTOLD_LIFE,
    };
    life - LEEWAY.min(life / 5)
}

fn unreachable(error: reqwest::Error) -> AuthFailure {
    AuthFailure {
        problem: "the token endpoint gave no answer".to_owned(),
        code: None,
        message: None,
        source: Some(Arc::new(error.without_url())),
    }
}

/// RFC 6749 has the id and the secret form-encoded before they are joined for Basic.
fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("app_id", &self.app_id)
            .field("app_secret", &"[redacted]")
            .field("resource", &self.resource)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_dropped_before_it_expires() {
        assert_eq!(usable_for(Some(&json!(3600))), Duration::from_secs(3540));
        assert_eq!(usable_for(Some(&json!(10))), Duration::from_secs(8));
        assert_eq!(usable_for(Some(&json!(0))), Duration::ZERO);
        assert_eq!(usable_for(Some(&json!("3600"))), Duration::from_secs(240));
        assert_eq!(usable_for(None), Duration::from_secs(240));
        assert!(usable_for(Some(&json!(1e300))) < Duration::from_secs(31_536_000));
    }

    #[test]
    fn basic_auth_survives_any_secret() {
        assert_eq!(form_encoded("aZ09-._"), "aZ09-._");
        assert_eq!(form_encoded("a:b+c d%é"), "a%3Ab%2Bc%20d%25%C3%A9");
    }

    #[test]
    fn a_bearer_is_never_shown() {
        let bearer = Bearer::new(" hunter2 ").unwrap();
        assert_eq!(bearer.0, "Bearer hunter2");
        assert!(!format!("{bearer:?}{:?}", bearer.0).contains("hunter2"));
        for bad in ["", "  ", "a\nb"] {
            let error = Bearer::new(bad).unwrap_err();
            assert!(error.is_invalid_request());
        }
    }
}
