//! Whose turn it is to use a refresh token.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{runtime::Id, sync, time::timeout};

use crate::http::{clock::SharedClock, runtimes};

/// How long a turn that another runtime has is waited for: that one may never run again. It is less
/// than the time in which Logto takes a refresh token once more.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// Given to one at a time, as far as that can be had.
#[derive(Default)]
pub(super) struct RefreshLock {
    lock: sync::Mutex<()>,
    /// The runtime of the one whose turn it is, and since when it is.
    holder: Mutex<Option<(Id, Instant)>>,
}

/// The turn of one.
pub(super) enum RefreshGuard<'a> {
    Held {
        _guard: sync::MutexGuard<'a, ()>,
    },
    /// Another runtime has had it since then, and does not come to an end.
    Abandoned(Instant),
}

impl RefreshLock {
    /// Waits for the turn, but not for ever where another runtime has it.
    pub(super) async fn acquire(&self, clock: &SharedClock) -> RefreshGuard<'_> {
        let own = runtimes::current();
        loop {
            let lock = self.lock.lock();
            if let Ok(guard) = timeout(LOCK_TIMEOUT, lock).await {
                *self.holder() = own.map(|own| (own, clock.now()));
                return RefreshGuard::Held { _guard: guard };
            }
            match *self.holder() {
                Some((other, since)) if Some(other) != own => {
                    return RefreshGuard::Abandoned(since);
                }
                _ => {}
            }
        }
    }

    fn holder(&self) -> std::sync::MutexGuard<'_, Option<(Id, Instant)>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RefreshGuard<'_> {
    /// Since when another runtime has had the turn, and has left it at that.
    pub(super) fn abandoned_since(&self) -> Option<Instant> {
        match self {
            Self::Held { .. } => None,
            Self::Abandoned(since) => Some(*since),
        }
    }
}
