//! Exclusive use of a refresh token.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{runtime::Id, sync, time::timeout};

use crate::{clock::SharedClock, http::runtimes};

/// How long to wait for a lock that another runtime holds, which may never run again. It is less
/// than the time during which Logto accepts a refresh token once more.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// A lock that one task holds at a time, unless another runtime abandons it.
#[derive(Default)]
pub(super) struct RefreshLock {
    lock: sync::Mutex<()>,
    /// The runtime that holds the lock, and since when.
    holder: Mutex<Option<(Id, Instant)>>,
}

/// The lock, as held by a task.
pub(super) enum RefreshGuard<'a> {
    Held {
        _guard: sync::MutexGuard<'a, ()>,
    },
    /// Another runtime has held it since then, and does not release it.
    Abandoned(Instant),
}

impl RefreshLock {
    /// Waits for the lock, but not indefinitely if another runtime holds it.
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
    /// Since when another runtime has held the lock without releasing it.
    pub(super) fn abandoned_since(&self) -> Option<Instant> {
        match self {
            Self::Held { .. } => None,
            Self::Abandoned(since) => Some(*since),
        }
    }
}
