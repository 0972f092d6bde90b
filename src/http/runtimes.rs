//! The tokio runtimes that a client is used on.
//!
//! What is bound to a runtime, such as a connection or a task, is of no use on another: its own may
//! be gone, or never run again.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{PoisonError, RwLock},
    task::Poll,
};

use tokio::{
    runtime::{Handle, Id},
    task::AbortHandle,
};

/// The runtime that polls this.
pub(crate) fn current() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

/// An error where there is no runtime.
#[cfg(feature = "sign-in")]
pub(crate) fn check() -> crate::Result<()> {
    current().map(drop).ok_or_else(|| crate::Error::request(crate::error::NO_RUNTIME))
}

/// Does the work while it is polled on a runtime; elsewhere it ends with what `absent` says.
///
/// The work is pinned already: a future that is handed on takes its room in each that it passes.
pub(crate) fn within<T, E>(
    mut work: Pin<&mut impl Future<Output = Result<T, E>>>,
    absent: impl Fn() -> E,
) -> impl Future<Output = Result<T, E>> {
    poll_fn(move |context| match Handle::try_current() {
        Ok(_) => work.as_mut().poll(context),
        Err(_) => Poll::Ready(Err(absent())),
    })
}

/// A value for each runtime, for as long as the runtime lives.
pub(crate) struct PerRuntime<T>(RwLock<Vec<Entry<T>>>);

struct Entry<T> {
    runtime: Id,
    sentinel: Sentinel,
    value: T,
}

/// A task that does nothing, and ends with its runtime.
struct Sentinel(AbortHandle);

impl<T: Clone> PerRuntime<T> {
    /// The value of this runtime, which is made where there is none yet.
    pub(crate) fn value<E>(
        &self,
        runtime: &Handle,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let id = runtime.id();
        let of_this = |entry: &&Entry<T>| entry.runtime == id;
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.iter().find(of_this) {
            return Ok(entry.value.clone());
        }
        drop(entries);
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Someone else may have been faster.
        if let Some(entry) = entries.iter().find(of_this) {
            return Ok(entry.value.clone());
        }
        let value = make()?;
        let sentinel = Sentinel(runtime.spawn(std::future::pending::<()>()).abort_handle());
        entries.retain(|entry| !entry.sentinel.0.is_finished());
        entries.push(Entry { runtime: id, sentinel, value: value.clone() });
        Ok(value)
    }

    /// Forgets the values of which this holds, and whether there were any.
    pub(crate) fn remove(&self, which: impl Fn(&T) -> bool) -> bool {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = entries.len();
        entries.retain(|entry| !which(&entry.value));
        entries.len() < before
    }
}

impl<T> Default for PerRuntime<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{convert::Infallible, sync::Arc};

    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn a_value_lives_as_long_as_its_runtime() {
        let values = PerRuntime::default();
        let one = Builder::new_current_thread().build().unwrap();
        let two = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let value = |handle: &Handle, number: u8| {
            values.value(handle, || Ok::<_, Infallible>(Arc::new(number))).unwrap()
        };
        let first = Arc::downgrade(&value(one.handle(), 1));
        assert_eq!((*value(two.handle(), 2), *value(one.handle(), 3)), (2, 1));
        drop(one);
        let three = Builder::new_current_thread().build().unwrap();
        assert_eq!((*value(three.handle(), 4), *value(two.handle(), 5)), (4, 2));
        assert!(first.upgrade().is_none());
    }

    #[test]
    fn a_value_that_cannot_be_made_is_not_kept() {
        let values = PerRuntime::default();
        let runtime = Builder::new_current_thread().build().unwrap();
        assert_eq!(values.value(runtime.handle(), || Err::<u8, _>("no")), Err("no"));
        assert_eq!(values.value(runtime.handle(), || Ok::<_, &str>(1)), Ok(1));
    }
}
