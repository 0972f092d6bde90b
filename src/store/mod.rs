//! Where the processes of a fleet store the tokens that they share.

mod entry;
mod fence;
#[cfg(feature = "sign-in")]
mod kept;
mod lease;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod slot;

use std::{error::Error as StdError, pin::Pin, sync::Arc, time::Duration};

use tokio::time::timeout;

#[cfg(feature = "sign-in")]
pub(crate) use self::fence::Fence;
pub use self::memory::MemoryTokenStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisTokenStore;
pub(crate) use self::{
    lease::Lease,
    slot::{Begun, Slot, Wants},
};

/// The error of a store. It may contain secrets, so it is never printed: it is the
/// [`source`](StdError::source) of the error that a call returns.
pub type StoreError = Box<dyn StdError + Send + Sync>;

/// A store that takes longer is taken to be down.
const PATIENCE: Duration = Duration::from_secs(5);

/// Stores the tokens that the processes of a fleet share: users' (`sign_in::UserSessions`) and the
/// client's own ([`ClientBuilder::token_store`](crate::ClientBuilder::token_store)).
///
/// [`MemoryTokenStore`] is for a single process, `RedisTokenStore` (feature `redis`) for several.
/// Implement this trait for another store, such as a table of your database:
///
/// - `load`: `SELECT value FROM tokens WHERE key = $1 AND expires_at > now()`
/// - `compare_and_set`: `UPDATE tokens SET value = $3, expires_at = now() + $4 WHERE key = $1 AND
///   value = $2`, an `INSERT … ON CONFLICT DO NOTHING`, or a `DELETE`; and whether it changed a row.
///
/// Keys and values are strings. Values are JSON with a version (`v`), of some thousand bytes. They
/// contain tokens: whoever can read the store can act as its users, and its content is trusted.
/// Processes elect by `compare_and_set` alone which of them refreshes the tokens, so that their
/// clocks need not agree. It must see every write that succeeded before: read from the primary, not
/// from a replica.
///
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::Duration};
///
/// use logto_api::{StoreError, TokenStore};
///
/// #[derive(Default)]
/// struct Table(Mutex<HashMap<String, String>>);
///
/// impl TokenStore for Table {
///     async fn load(&self, key: &str) -> Result<Option<String>, StoreError> {
///         let rows = self.0.lock().map_err(|_| "poisoned")?;
///         Ok(rows.get(key).cloned())
///     }
///
///     async fn compare_and_set(
///         &self,
///         key: &str,
///         expected: Option<&str>,
///         new: Option<&str>,
///         _keep_for: Duration,
///     ) -> Result<bool, StoreError> {
///         let mut rows = self.0.lock().map_err(|_| "poisoned")?;
///         let is_expected = rows.get(key).map(String::as_str) == expected;
///         if is_expected {
///             match new {
///                 Some(new) => rows.insert(key.to_owned(), new.to_owned()),
///                 None => rows.remove(key),
///             };
///         }
///         Ok(is_expected)
///     }
/// }
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// The value of this key, if there is one.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn load(&self, key: &str) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Atomically replaces the value by `new` if it is `expected`; `None` stands for no value.
    /// Returns whether the value was the expected one.
    ///
    /// The new value may be deleted after `keep_for`.
    ///
    /// # Errors
    ///
    /// When it is unknown whether the value was replaced.
    fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&str>,
        new: Option<&str>,
        keep_for: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

impl<S: TokenStore> TokenStore for Arc<S> {
    fn load(&self, key: &str) -> impl Future<Output = Result<Option<String>, StoreError>> + Send {
        S::load(self, key)
    }

    fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&str>,
        new: Option<&str>,
        keep_for: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        S::compare_and_set(self, key, expected, new, keep_for)
    }
}

type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A store of any type, whose operations come to an end.
pub(crate) trait AnyStore: Send + Sync {
    fn load<'a>(&'a self, key: &'a str) -> Pending<'a, Option<String>>;

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a str>,
        new: Option<&'a str>,
        keep_for: Duration,
    ) -> Pending<'a, bool>;
}

impl<S: TokenStore> AnyStore for S {
    fn load<'a>(&'a self, key: &'a str) -> Pending<'a, Option<String>> {
        Box::pin(async move { timeout(PATIENCE, TokenStore::load(self, key)).await? })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a str>,
        new: Option<&'a str>,
        keep_for: Duration,
    ) -> Pending<'a, bool> {
        let done = TokenStore::compare_and_set(self, key, expected, new, keep_for);
        Box::pin(async move { timeout(PATIENCE, done).await? })
    }
}

/// A store of any type, as clients share it.
#[derive(Clone)]
pub(crate) struct SharedStore(pub(crate) Arc<dyn AnyStore>);

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenStore")
    }
}
