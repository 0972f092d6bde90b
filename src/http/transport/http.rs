//! The settings of reqwest's clients.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::redirect;

use crate::{Error, Result, error::NO_CLIENT};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Node, which Logto runs on, closes a connection that was idle for 5 seconds (and tells so by
/// `Keep-Alive: timeout=5`), whatever is on its way to it by then.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

type Configure = Box<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

/// Settings of the HTTP clients that are made.
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) pool_idle_timeout: Option<Duration>,
    /// Whether the proxies that the environment names are used.
    pub(crate) system_proxies: bool,
    configure: Option<Configure>,
    /// For how long the server says that it keeps connections, less what is to be on the safe
    /// side, in milliseconds.
    announced: AtomicU64,
}

impl HttpSettings {
    /// Takes what changes further settings, each time that a client is made.
    pub(crate) fn configure(
        &mut self,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder
        + Clone
        + Send
        + 'static,
    ) {
        let configure = Mutex::new(configure);
        self.configure = Some(Box::new(move |builder| {
            let configure = configure.lock().unwrap_or_else(PoisonError::into_inner).clone();
            configure(builder)
        }));
    }

    /// How long a connection may take to be made.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.unwrap_or(CONNECT_TIMEOUT)
    }

    /// Whether anything was set that an HTTP client of the caller's would not know.
    pub(crate) fn is_set(&self) -> bool {
        let timeouts = self.connect_timeout.or(self.pool_idle_timeout);
        timeouts.is_some() || self.configure.is_some() || self.system_proxies
    }

    fn idle_timeout(&self) -> Duration {
        let announced = Duration::from_millis(self.announced.load(Ordering::Relaxed));
        self.pool_idle_timeout.unwrap_or(POOL_IDLE_TIMEOUT.min(announced))
    }

    /// Takes note of how long the server says that it keeps connections. Whether that changes how
    /// long they are kept: what the caller has set is not changed.
    pub(super) fn is_kept_within(&self, announced: Duration) -> bool {
        let before = self.idle_timeout();
        let safe = u64::try_from(announced.as_millis()).unwrap_or(u64::MAX) / 5 * 4;
        self.announced.fetch_min(safe, Ordering::Relaxed);
        self.idle_timeout() < before
    }

    pub(super) fn client(&self) -> Result<reqwest::Client> {
        let usual = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout())
            .pool_idle_timeout(self.idle_timeout())
            // Refused HTTP/2 streams are retried by this crate's policy. With 0, reqwest does not
            // even copy the request.
            .retry(reqwest::retry::never().max_retries_per_request(0));
        // Without a word, reqwest takes the system's library as soon as any crate enables it.
        #[cfg(feature = "rustls")]
        let usual = usual.tls_backend_rustls();
        let usual = if self.system_proxies { usual } else { usual.no_proxy() };
        let configured = match &self.configure {
            Some(configure) => configure(usual),
            None => usual,
        };
        configured.redirect(redirect::Policy::none()).build().map_err(|_| Error::config(NO_CLIENT))
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: None,
            pool_idle_timeout: None,
            system_proxies: false,
            configure: None,
            announced: AtomicU64::new(u64::MAX),
        }
    }
}
