//! Sources of tokens.

use std::{
    fmt,
    pin::Pin,
    time::{Duration, SystemTime},
};

use super::{Bearer, attempts::attempts};
use crate::{Timestamp, error::AuthFailure, http::retry::Retries};

pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A source of tokens.
pub(crate) trait TokenSource: Send + Sync + fmt::Debug {
    /// Requests a token, in one attempt.
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>>;

    /// Requests a token, with retries: requesting one changes nothing.
    fn fetch<'a>(&'a self, retries: &'a Retries) -> Pending<'a, Result<Fetched, AuthFailure>> {
        Box::pin(attempts(retries, true, None, || self.fetch_once()))
    }

    /// Whether it can be requested again.
    fn renews(&self) -> bool {
        true
    }

    /// Whether it can be requested while a token is still valid.
    fn renews_early(&self) -> bool {
        true
    }

    /// Why its tokens must not be used any more.
    fn ended(&self) -> Option<AuthFailure> {
        None
    }
}

/// A new token.
pub(crate) struct Fetched {
    pub(crate) bearer: Bearer,
    /// Its lifetime since it was requested. Without one, it is only used by those who wait for it,
    /// and not cached.
    pub(crate) lifetime: Option<Duration>,
    /// Its scope, if known.
    pub(crate) scope: Option<String>,
}

impl Fetched {
    /// A token that was kept, with its remaining lifetime.
    pub(crate) fn kept(
        access_token: &str,
        lifetime: Duration,
        scope: Option<String>,
    ) -> Result<Self, AuthFailure> {
        let bearer = Bearer::new(access_token).map_err(|_| {
            AuthFailure::new("the token store returned a token that cannot be sent")
        })?;
        Ok(Self { bearer, lifetime: Some(lifetime), scope })
    }

    /// When it expires, if it was requested at this time.
    pub(crate) fn expires_at(&self, asked_at: SystemTime) -> Timestamp {
        asked_at.checked_add(self.lifetime.unwrap_or_default()).unwrap_or(asked_at).into()
    }
}
