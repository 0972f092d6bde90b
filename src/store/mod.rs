//! Where the processes of a fleet keep tokens that they share.

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

/// What a store reports when it fails. It may hold anything, so it is never printed: it is the
/// [`source`](StdError::source) of the error that a call gives.
pub type StoreError = Box<dyn StdError + Send + Sync>;

/// A store that takes longer is taken to be down.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the processes of a fleet keep tokens that they share: users' (`sign_in::UserSessions`) and
/// the client's own ([`ClientBuilder::token_store`](crate::ClientBuilder::token_store)).
///
/// [`MemoryTokenStore`] is for one process, `RedisTokenStore` (feature `redis`) for many. Implement
/// this for another, such as a table of your database:
///
/// - `load`: `SELECT value FROM tokens WHERE key = $1 AND expires_at > now()`
/// - `compare_and_set`: `UPDATE tokens SET value = $3, expires_at = now() + $4 WHERE key = $1 AND
///   value = $2`, an `INSERT … ON CONFLICT DO NOTHING`, or a `DELETE`; and whether it changed a row.
///
/// Keys and values are text. Values are JSON with a version (`v`), of some thousand bytes; they hold
/// tokens: whoever reads the store acts as its users, and what is in it is believed. Processes find
/// out by `compare_and_set` alone whose turn it is to renew, so that their clocks need not agree. It
/// must see every write that succeeded before: read from the primary, not from a replica.
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
    /// The value under this key, if there is one.
    ///
    /// # Errors
    ///
    /// When that cannot be known now.
    fn load(&self, key: &str) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// In one step: if the value is `expected`, where `None` is that there is none, puts `new` in its
    /// place, where `None` removes it. Whether the value was the expected one.
    ///
    /// The new value is of no use after `keep_for`, and may be dropped then.
    ///
    /// # Errors
    ///
    /// When it is not known whether that was done.
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
