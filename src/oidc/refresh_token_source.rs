//! A user's tokens as a source of a client's token cache.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering},
};

use super::grant::{Grant, Target, lock, nothing_to_renew_with};
use crate::{
    auth::{Bearer, Fetched, Pending, TokenSource},
    error::AuthFailure,
    http::retry::Retries,
};

/// A user's tokens, refreshed as long as the user's session lasts.
pub(super) struct RefreshTokenSource {
    grant: Arc<Grant>,
    target: Target,
    /// The token that was returned last.
    handed: Mutex<Option<Bearer>>,
}

impl RefreshTokenSource {
    pub(super) fn new(grant: Arc<Grant>, target: Target) -> Self {
        Self { grant, target, handed: Mutex::default() }
    }

    /// The newest token, if it is valid and was not returned before.
    fn unused(&self) -> Option<Fetched> {
        if !self.target.is_default() {
            return None;
        }
        let newest = self.grant.newest();
        let fetched = newest.fetched(self.grant.client.clock().wall_time()).ok()?;
        let is_new = self.handed().as_ref() != Some(&fetched.bearer);
        let is_over = fetched.lifetime.is_none_or(|lifetime| lifetime.is_zero());
        (is_new && !is_over).then_some(fetched)
    }

    fn handed(&self) -> MutexGuard<'_, Option<Bearer>> {
        lock(&self.handed)
    }
}

impl TokenSource for RefreshTokenSource {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(async {
            let fetched = match self.unused() {
                Some(fetched) => fetched,
                None => {
                    let handed = self.handed().clone();
                    self.grant.attempts(&self.target, handed.as_ref()).await?.token
                }
            };
            *self.handed() = Some(fetched.bearer.clone());
            Ok(fetched)
        })
    }

    /// The grant retries by itself, and knows until when it may.
    fn fetch<'a>(&'a self, _: &'a Retries) -> Pending<'a, Result<Fetched, AuthFailure>> {
        self.fetch_once()
    }

    fn renews(&self) -> bool {
        self.grant.newest().refresh_token.is_some()
    }

    /// While the outcome of a refresh is unknown, the existing tokens are worth more than another
    /// attempt.
    fn renews_early(&self) -> bool {
        lock(&self.grant.sent).is_none()
    }

    fn ended(&self) -> Option<AuthFailure> {
        self.grant.revoked.load(Ordering::SeqCst).then(nothing_to_renew_with)
    }
}

impl fmt::Debug for RefreshTokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokenSource")
            .field("client_id", &self.grant.newest().client_id)
            .finish()
    }
}
