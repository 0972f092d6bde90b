//! What the token cache works with: locks, tasks and time.
//!
//! The tests in `model` compile the cache a second time, with a scheduler's in place of these.

pub(super) use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(super) use tokio::{
    runtime::Id,
    time::{Instant, timeout_at},
};

pub(super) use crate::http::runtimes::current;

/// Has the runtime of the caller do the work in a task of its own.
pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}
