//! Whose turn it is to use a refresh token.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{runtime::Id, sync, time::timeout};

use crate::http::{clock::SharedClock, runtimes};

/// How long a turn that another runtime has is waited for: that one may never run again. It is less
/// than the time in which Logto takes a refresh token once more.
const PATIENCE: Duration = Duration::from_secs(1);

/// Given to one at a time, as far as that can be had.
#[derive(Default)]
pub(super) struct Queue {
    lock: sync::Mutex<()>,
    /// The runtime of the one whose turn it is, and since when it is.
    holder: Mutex<Option<(Id, Instant)>>,
}

/// The turn of one.
pub(super) enum Turn<'a> {
    Own {
        _guard: sync::MutexGuard<'a, ()>,
    },
    /// Another runtime has had it since then, and does not come to an end.
    LeftByOthers(Instant),
}

impl Queue {
    /// Waits for the turn, but not for ever where another runtime has it.
    pub(super) async fn take(&self, clock: &SharedClock) -> Turn<'_> {
        let own = runtimes::current();
        loop {
            let lock = self.lock.lock();
            if let Ok(guard) = timeout(PATIENCE, lock).await {
                *self.holder() = own.map(|own| (own, clock.now()));
                return Turn::Own { _guard: guard };
            }
            match *self.holder() {
                Some((other, since)) if Some(other) != own => return Turn::LeftByOthers(since),
                _ => {}
            }
        }
    }

    fn holder(&self) -> std::sync::MutexGuard<'_, Option<(Id, Instant)>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Since when another runtime has had the turn, and has left it at that.
    pub(super) fn left_by_others(&self) -> Option<Instant> {
        match self {
            Self::Own { .. } => None,
            Self::LeftByOthers(since) => Some(*since),
        }
    }
}
