//! An application's tokens that the processes of a fleet share.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    Bearer,
    source::{Fetched, Pending, TokenSource},
};
use crate::{
    Timestamp,
    clock::SharedClock,
    error::AuthFailure,
    http::{retry::Retries, trace},
    store::{Begun, Lease, SharedStore, Slot, Wants},
};

/// A token that ends sooner is not taken from the others.
const LEEWAY: Duration = Duration::from_secs(30);

/// A token as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    access_token: String,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// A source whose tokens are fetched by one process for all.
pub(crate) struct Shared {
    source: Box<dyn TokenSource>,
    slot: Slot<Kept>,
    clock: SharedClock,
    /// The token that was handed out last: whoever asks again wants another.
    handed: Mutex<Option<String>>,
}

impl Shared {
    /// `key` tells apart what has other tokens.
    pub(crate) fn new(
        source: impl TokenSource + 'static,
        store: SharedStore,
        key: String,
        clock: SharedClock,
    ) -> Self {
        // Whatever clock says when a token ends, a day is longer than any lives.
        let slot = Slot::new(store, key, |_| Duration::from_secs(86_400));
        Self { source: Box::new(source), slot, clock, handed: Mutex::default() }
    }

    fn is_of_use(&self, kept: &Kept) -> bool {
        let handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = handed.as_ref() != Some(&kept.access_token);
        is_other && self.lifetime(kept) > LEEWAY && Bearer::new(&kept.access_token).is_ok()
    }

    fn lifetime(&self, kept: &Kept) -> Duration {
        kept.expires_at.since(self.clock.wall_time())
    }

    fn found(&self, kept: &Kept) -> Result<Fetched, AuthFailure> {
        Fetched::kept(&kept.access_token, self.lifetime(kept), kept.scope.clone())
    }

    /// Fetches a token for all. What others got in the meantime counts as much.
    async fn fetch_for_all(
        &self,
        retries: &Retries,
        lease: Lease<'_, Kept>,
    ) -> Result<Fetched, AuthFailure> {
        let asked_at = self.clock.wall_time();
        let outcome = lease.during(self.source.fetch(retries)).await;
        let kept = outcome.as_ref().ok().map(|fetched| Kept {
            access_token: fetched.bearer.token().to_owned(),
            expires_at: fetched.expires_at(asked_at),
            scope: fetched.scope.clone(),
        });
        let value = kept.or_else(|| lease.value.clone());
        if lease.finish(value, false, |_, own, _| own).await.is_err() {
            trace::token_store_failed();
        }
        outcome
    }
}

impl TokenSource for Shared {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        self.source.fetch_once()
    }

    /// A token that is fetched twice does no harm: where the store fails, each fetches its own.
    fn fetch<'a>(&'a self, retries: &'a Retries) -> Pending<'a, Result<Fetched, AuthFailure>> {
        Box::pin(async {
            let takes = |kept: &Kept| self.is_of_use(kept);
            let begun = self.slot.begin(Wants { takes, begins: true, dares: true }).await;
            let fetched = match begun {
                Ok(Begun::Found(kept) | Begun::InDoubt(kept)) => self.found(&kept),
                Ok(Begun::Turn(lease)) => self.fetch_for_all(retries, lease).await,
                Ok(Begun::Gone) => self.source.fetch(retries).await,
                Err(_) => {
                    trace::token_store_failed();
                    self.source.fetch(retries).await
                }
            }?;
            let token = fetched.bearer.token().to_owned();
            *self.handed.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
            Ok(fetched)
        })
    }

    fn renews(&self) -> bool {
        self.source.renews()
    }

    fn renews_early(&self) -> bool {
        self.source.renews_early()
    }

    fn ended(&self) -> Option<AuthFailure> {
        self.source.ended()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
