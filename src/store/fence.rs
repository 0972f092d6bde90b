//! Whether a turn can still be somebody else's.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use tokio::time::Instant;

use super::slot::LEASE;

/// When a turn was last confirmed by the store. The others take it over a whole lease after that at
/// the earliest, so that it is this one's for half of one: whatever is sent by then is sent well before
/// anything of theirs.
#[derive(Clone)]
pub(crate) struct Fence(Arc<Mutex<Moment>>);

/// A time by both clocks: one of the two goes on where a machine is suspended.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    at: Instant,
    wall: SystemTime,
}

impl Moment {
    #[allow(clippy::disallowed_methods, reason = "as of the others, by this machine's own clock")]
    pub(super) fn now() -> Self {
        Self { at: Instant::now(), wall: SystemTime::now() }
    }

    /// Whether it was within half a lease.
    pub(super) fn is_recent(&self) -> bool {
        let now = Self::now();
        let by_wall = now.wall.duration_since(self.wall).unwrap_or_default();
        (now.at - self.at).max(by_wall) < LEASE / 2
    }
}

impl Fence {
    pub(super) fn new(confirmed: Moment) -> Self {
        Self(Arc::new(Mutex::new(confirmed)))
    }

    /// The store has confirmed the turn after this moment.
    pub(super) fn confirm(&self, moment: Moment) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    /// Whether the turn is this one's.
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    pub(crate) fn holds(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_recent()
    }
}
