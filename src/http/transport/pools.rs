//! A pool of connections for each runtime.
//!
//! A connection lives in a task of the runtime that it was made on. Another runtime that takes it
//! from the pool would wait for that task, which may never run again.
//!
//! A connection that breaks off under a request says that those beside it are no better: the server
//! was restarted, or closes idle ones sooner than is known. The pool is given up then, so that no
//! further attempt, and no other call, meets the next of them.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Request, Response, Version, header::HeaderName};
use tokio::runtime::Handle;

use super::HttpSettings;
use crate::{
    error::{SendFailure, connection},
    http::runtimes::PerRuntime,
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// Pools are only given up this often, as it takes milliseconds to make one …
const RENEWALS: usize = 10;
/// … within this time.
const RENEWAL_PERIOD: Duration = Duration::from_secs(10);

/// An HTTP client for each runtime.
pub(super) struct Pools {
    settings: HttpSettings,
    pools: PerRuntime<Pool>,
    /// How many were made.
    made: AtomicU64,
    /// One that was made ahead, for the first.
    spare: Mutex<Option<reqwest::Client>>,
    /// When pools were given up lately.
    given_up: Mutex<Vec<Instant>>,
}

#[derive(Clone)]
struct Pool {
    number: u64,
    client: reqwest::Client,
}

impl Pools {
    /// How long a connection may take to be made.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.settings.connect_timeout()
    }

    pub(super) fn new(settings: HttpSettings, spare: reqwest::Client) -> Self {
        Self {
            settings,
            pools: PerRuntime::default(),
            made: AtomicU64::default(),
            spare: Mutex::new(Some(spare)),
            given_up: Mutex::default(),
        }
    }

    pub(super) async fn send(&self, request: Request) -> Result<Response, SendFailure> {
        let runtime = Handle::try_current().map_err(|_| SendFailure::NoRuntime)?;
        let pool = self.pool(&runtime)?;
        let outcome = pool.client.execute(request).await;
        match &outcome {
            Ok(response) => self.observe_keep_alive(response),
            Err(error) if connection::broke_off(error) => self.give_up(pool.number),
            Err(_) => {}
        }
        outcome.map_err(SendFailure::Http)
    }

    fn pool(&self, runtime: &Handle) -> Result<Pool, SendFailure> {
        self.pools.value(runtime, || {
            let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
            let client = match spare {
                Some(spare) => spare,
                None => self.settings.client().map_err(|_| SendFailure::NoClient)?,
            };
            Ok(Pool { number: self.made.fetch_add(1, Ordering::Relaxed), client })
        })
    }

    /// Has whoever comes next make a pool in place of this one.
    fn give_up(&self, number: u64) {
        #[allow(
            clippy::disallowed_methods,
            reason = "connections are as old as they are, whatever a test says"
        )]
        let now = Instant::now();
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.retain(|at| now.duration_since(*at) < RENEWAL_PERIOD);
        // Requests that were under way together break off together.
        if given_up.len() < RENEWALS && self.pools.remove(|pool| pool.number == number) {
            given_up.push(now);
        }
    }

    /// Keeps connections for less time than the server says that it does.
    fn observe_keep_alive(&self, response: &Response) {
        let Some(value) = response.headers().get(KEEP_ALIVE) else { return };
        let announced = value.to_str().ok().and_then(timeout);
        if announced.is_some_and(|announced| self.settings.is_kept_within(announced))
            && response.version() <= Version::HTTP_11
        {
            self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.pools.remove(|_| true);
        }
    }

    pub(super) fn use_system_proxies(&self) -> bool {
        self.settings.system_proxies
    }
}

/// The `timeout` of a `Keep-Alive` header: `timeout=5, max=100`.
fn timeout(value: &str) -> Option<Duration> {
    let parameters = value.split(',').filter_map(|parameter| parameter.split_once('='));
    let mut named = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"));
    named.next()?.1.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_told_in_seconds() {
        for (value, seconds) in [
            ("timeout=5", Some(5)),
            ("max=100, Timeout = 60", Some(60)),
            ("timeout=0", Some(0)),
            ("max=5", None),
            ("timeout=-1", None),
            ("timeout=soon", None),
            ("5", None),
        ] {
            assert_eq!(timeout(value), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
