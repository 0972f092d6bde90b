//! Tokens that several processes share, and whose turn it is to renew them.
//!
//! Who renews writes its name beside the tokens before it sends anything, and counts up while it
//! waits for the response. The others wait for what comes of it. One that stands still for long has
//! crashed, as far as can be seen from here, by this process's own clock: what it has sent nobody
//! knows.

use std::{fmt, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

use super::{
    Lease, SharedStore, StoreError,
    entry::{Entry, Renewal},
    fence::{Fence, Moment},
};

/// For how long a renewal may stand still before its holder is taken to be gone.
pub(super) const LEASE: Duration = Duration::from_secs(5);
/// How often the others look, at least.
const GLANCE: Duration = Duration::from_millis(50);

/// Tokens under a key of a store.
pub(crate) struct Slot<T> {
    pub(super) store: SharedStore,
    pub(super) key: String,
    /// This one's name, which no other has.
    pub(super) own: String,
    /// For how long tokens are kept.
    pub(super) keep_for: fn(&T) -> Duration,
}

/// What there is for one that wants other tokens than it has.
pub(crate) enum Begun<'a, T> {
    /// Others have renewed them.
    Found(T),
    /// It is this one's turn to renew these, if there are any.
    Turn(Lease<'a, T>),
    /// They are not there any more.
    Gone,
    /// Nobody knows what became of the renewal of these.
    InDoubt(T),
}

/// What one wants of the tokens that are kept.
pub(crate) struct Wants<F> {
    /// Takes these in place of its own.
    pub(crate) takes: F,
    /// Begins where there are none.
    pub(crate) begins: bool,
    /// Goes on where nobody knows what became of the last renewal.
    pub(crate) dares: bool,
}

impl<T: Clone + Serialize + DeserializeOwned> Slot<T> {
    pub(crate) fn new(store: SharedStore, key: String, keep_for: fn(&T) -> Duration) -> Self {
        let own = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        Self { store, key, own, keep_for }
    }

    pub(super) async fn read(&self) -> Result<Option<(String, Entry<T>)>, StoreError> {
        match self.store.0.load(&self.key).await? {
            Some(text) => Entry::read(&text).map(|entry| Some((text, entry))),
            None => Ok(None),
        }
    }

    /// Puts an entry in place of a text. What it is then, if it was that text.
    pub(super) async fn write(
        &self,
        before: Option<&str>,
        entry: &Entry<T>,
    ) -> Result<Option<String>, StoreError> {
        let text = entry.write()?;
        let keep_for = entry.value.as_ref().map_or(2 * LEASE, self.keep_for);
        let done = self.store.0.compare_and_set(&self.key, before, Some(&text), keep_for).await?;
        Ok(done.then_some(text))
    }

    /// Waits until others have renewed the tokens, or it is this one's turn.
    pub(crate) async fn begin<F: Fn(&T) -> bool>(
        &self,
        wants: Wants<F>,
    ) -> Result<Begun<'_, T>, StoreError> {
        let mut watched = None;
        loop {
            let found = self.read().await?;
            let (before, entry) = match found {
                Some((before, entry)) => (Some(before), entry),
                None if wants.begins => (None, Entry::new(None, None)),
                None => return Ok(Begun::Gone),
            };
            match &entry.value {
                Some(value) if (wants.takes)(value) => return Ok(Begun::Found(value.clone())),
                None if !wants.begins => return Ok(Begun::Gone),
                _ => {}
            }
            let theirs = entry.renewal.as_ref().filter(|renewal| renewal.by != self.own);
            if theirs.is_some_and(|renewal| !renewal.lost) && !stands_still(&mut watched, &before) {
                sleep(GLANCE + GLANCE.mul_f64(fastrand::f64())).await;
                continue;
            }
            match &entry.value {
                Some(value) if theirs.is_some() && !wants.dares => {
                    return Ok(Begun::InDoubt(value.clone()));
                }
                _ => {}
            }
            if let Some(lease) = self.take(before.as_deref(), entry.value).await? {
                return Ok(Begun::Turn(lease));
            }
        }
    }

    /// Takes the turn, unless somebody was faster.
    async fn take(
        &self,
        before: Option<&str>,
        value: Option<T>,
    ) -> Result<Option<Lease<'_, T>>, StoreError> {
        let since = Moment::now();
        let renewal = Renewal::new(&self.own);
        let entry = Entry::new(value, Some(renewal.clone()));
        let Some(text) = self.write(before, &entry).await? else {
            return Ok(None);
        };
        // Where that took long, the others may have given this one up already.
        let lease = || Lease::new(self, (text, entry.value), renewal, Fence::new(since));
        Ok(since.is_recent().then(lease))
    }
}

/// Whether this is what was seen for a whole lease.
fn stands_still(watched: &mut Option<(String, Instant)>, found: &Option<String>) -> bool {
    let Some(found) = found else { return false };
    match watched {
        Some((seen, since)) if seen == found => since.elapsed() >= LEASE,
        _ => {
            *watched = Some((found.clone(), Instant::now()));
            false
        }
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}
