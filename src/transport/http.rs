//! reqwest, with a pool of connections for each runtime.
//!
//! A connection lives in a task of the runtime that it was made on. Another runtime that takes it
//! from the pool would wait for that task, which may never run again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect;
use tokio::runtime::Handle;

use super::SendFailure;
use crate::{Error, Result, error::NO_CLIENT, runtimes::PerRuntime};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Node, which Logto runs on, closes a connection that was idle for 5 seconds (and tells so by
/// `Keep-Alive: timeout=5`), whatever is on its way to it by then.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

type Configure = Box<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

/// Settings of the HTTP clients that are made.
#[derive(Default)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) pool_idle_timeout: Option<Duration>,
    /// Whether the proxies that the environment names are used.
    pub(crate) system_proxies: bool,
    configure: Option<Configure>,
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

    /// Whether anything was set that an HTTP client of the caller's would not know.
    pub(crate) fn is_set(&self) -> bool {
        let timeouts = self.connect_timeout.or(self.pool_idle_timeout);
        timeouts.is_some() || self.configure.is_some() || self.system_proxies
    }

    pub(super) fn client(&self) -> Result<reqwest::Client> {
        let usual = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .pool_idle_timeout(self.pool_idle_timeout.unwrap_or(POOL_IDLE_TIMEOUT))
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

/// An HTTP client for each runtime.
pub(super) struct Pools {
    settings: HttpSettings,
    clients: PerRuntime<reqwest::Client>,
    /// One that was made ahead, for the first.
    spare: Mutex<Option<reqwest::Client>>,
}

impl Pools {
    pub(super) fn new(settings: HttpSettings, spare: reqwest::Client) -> Self {
        Self { settings, clients: PerRuntime::default(), spare: Mutex::new(Some(spare)) }
    }

    pub(super) fn client(&self, runtime: &Handle) -> Result<reqwest::Client, SendFailure> {
        self.clients.value(runtime, || {
            let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
            match spare {
                Some(spare) => Ok(spare),
                None => self.settings.client().map_err(|_| SendFailure::NoClient),
            }
        })
    }

    pub(super) fn use_system_proxies(&self) -> bool {
        self.settings.system_proxies
    }
}
