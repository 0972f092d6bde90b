//! A store within one process.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{StoreError, TokenStore};

/// How often what has expired is dropped, in writes.
const SWEEP: u32 = 1024;

/// A [`TokenStore`] in the memory of one process. Clones share the values.
#[derive(Clone, Default)]
pub struct MemoryTokenStore(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    values: HashMap<String, Value>,
    writes: u32,
}

struct Value {
    text: String,
    /// Without, it is for ever.
    until: Option<Instant>,
}

impl Value {
    fn is_good(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl MemoryTokenStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn text(&self, key: &str, now: Instant) -> Option<&str> {
        let value = self.values.get(key).filter(|value| value.is_good(now))?;
        Some(&value.text)
    }

    fn sweep(&mut self, now: Instant) {
        self.writes += 1;
        if self.writes >= SWEEP {
            self.writes = 0;
            self.values.retain(|_, value| value.is_good(now));
        }
    }
}

impl TokenStore for MemoryTokenStore {
    #[allow(clippy::disallowed_methods, reason = "a store has no client, and so no clock of one")]
    async fn load(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.kept().text(key, Instant::now()).map(str::to_owned))
    }

    #[allow(clippy::disallowed_methods, reason = "a store has no client, and so no clock of one")]
    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&str>,
        new: Option<&str>,
        keep_for: Duration,
    ) -> Result<bool, StoreError> {
        let (mut kept, now) = (self.kept(), Instant::now());
        if kept.text(key, now) != expected {
            return Ok(false);
        }
        kept.sweep(now);
        match new {
            Some(new) => {
                let value = Value { text: new.to_owned(), until: now.checked_add(keep_for) };
                kept.values.insert(key.to_owned(), value);
            }
            None => drop(kept.values.remove(key)),
        }
        Ok(true)
    }
}

impl fmt::Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTokenStore").field("values", &self.kept().values.len()).finish()
    }
}
