//! A store on Redis, or what speaks its protocol.

use std::{fmt, time::Duration};

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};

use super::{StoreError, TokenStore};

/// Before each key, unless it is set.
const PREFIX: &str = "logto:";
/// A server that takes longer is taken to be down.
const PATIENCE: Duration = Duration::from_secs(3);

/// One step, for a key of its own: it works on a cluster, too.
const COMPARE_AND_SET: &str = "
local found = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
  if found ~= ARGV[2] then return 0 end
elseif found then
  return 0
end
if ARGV[3] == '1' then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
else
  redis.call('DEL', KEYS[1])
end
return 1";

/// A [`TokenStore`] on Redis (2.6 or later) or a server that speaks its protocol, such as Valkey.
///
/// Set `maxmemory-policy` to `noeviction`, or to a `volatile` policy that evicts by age: a session
/// whose value is evicted has ended. A replica that takes over without the last writes has refresh
/// tokens that were already replaced, which ends their sessions. Cloning is cheap.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// use logto_api::RedisTokenStore;
///
/// let store = RedisTokenStore::connect("redis://127.0.0.1:6379").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisTokenStore<C = ConnectionManager> {
    connection: C,
    prefix: String,
}

impl RedisTokenStore {
    /// Connects to the server at this address, and reconnects whenever the connection breaks:
    /// `redis://user:password@host:port/database`, or `redis+unix:///path`.
    ///
    /// For TLS, a cluster or sentinels, add the crate `redis` with the corresponding features, and
    /// pass your own connection to [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// When the address is invalid, and when the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(2);
        let client = redis::Client::open(url)?;
        Ok(Self::new(ConnectionManager::new_with_config(client, config).await?))
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> RedisTokenStore<C> {
    /// A store on your own connection, which must reconnect automatically.
    pub fn new(connection: C) -> Self {
        Self { connection, prefix: PREFIX.to_owned() }
    }

    /// The prefix of all keys; `logto:` by default.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> TokenStore for RedisTokenStore<C> {
    async fn load(&self, key: &str) -> Result<Option<String>, StoreError> {
        let mut connection = self.connection.clone();
        Ok(redis::cmd("GET").arg(self.key(key)).query_async(&mut connection).await?)
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&str>,
        new: Option<&str>,
        keep_for: Duration,
    ) -> Result<bool, StoreError> {
        let mut connection = self.connection.clone();
        let milliseconds = u64::try_from(keep_for.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut command = redis::cmd("EVAL");
        command.arg(COMPARE_AND_SET).arg(1).arg(self.key(key));
        command.arg(u8::from(expected.is_some())).arg(expected.unwrap_or_default());
        command.arg(u8::from(new.is_some())).arg(new.unwrap_or_default()).arg(milliseconds);
        let done: u8 = command.query_async(&mut connection).await?;
        Ok(done == 1)
    }
}

impl<C> fmt::Debug for RedisTokenStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTokenStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
