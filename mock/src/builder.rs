//! How a mock is to be.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use crate::{
    Mock, Seed,
    rules::{apps::Apps, documents},
    server::Server,
    state::{Observer, Store},
};

/// Where it seems to be when it has no port.
const WITHOUT_PORT: &str = "http://localhost";

/// How a stand-in is to be: [`Mock::builder`].
#[must_use = "nothing runs before it is started"]
pub struct MockBuilder {
    host: IpAddr,
    port: u16,
    endpoint: Option<String>,
    has_control: bool,
    is_without_port: bool,
    id_seed: Option<String>,
    seed: Seed,
    release: Option<String>,
    strict: bool,
    observer: Option<Observer>,
}

impl Default for MockBuilder {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            endpoint: None,
            has_control: false,
            is_without_port: false,
            id_seed: None,
            seed: Seed::default(),
            release: None,
            strict: false,
            observer: None,
        }
    }
}

impl MockBuilder {
    /// The address to listen at; without it, `127.0.0.1`. Whoever reaches another one may do
    /// everything: it hands out tokens to anybody who asks in a test's way.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// What it calls itself, such as `http://logto:3001`: the issuer of its tokens and where it
    /// sends browsers. Without it, it is the address that it listens at. On one's own machine,
    /// browsers may call it `localhost` and `127.0.0.1` alike.
    pub fn endpoint(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.trim_end_matches('/').to_owned());
        self
    }

    /// Lets tests in other languages control it by requests to `/__mock`, as the program
    /// `logto-mock` does; see the guide `docs/testing.md` in the repository.
    pub fn control(mut self) -> Self {
        self.has_control = true;
        self
    }

    /// The port; without it, any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Listens on no port: requests come in by [`Mock::transport`] alone, which
    /// [`Mock::client`] uses then. Webhooks are sent from the runtime that requests are made on.
    #[cfg(feature = "client")]
    pub fn without_port(mut self) -> Self {
        self.is_without_port = true;
        self
    }

    /// What its ids, codes and opaque tokens are computed from. The same requests get the same
    /// ids in each run and on any port; where a test has several stand-ins that must not know
    /// each other's ids, each gets a seed of its own.
    pub fn id_seed(mut self, seed: &str) -> Self {
        self.id_seed = Some(seed.to_owned());
        self
    }

    /// What it holds when it starts. [`Mock::reset`] goes back to it.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// The release whose answers it gives, such as `1.38`: operations and fields that came later
    /// are absent. Those from 1.30 to 1.42 are known.
    pub fn release(mut self, release: &str) -> Self {
        self.release = Some(release.to_owned());
        self
    }

    /// Refuses what it has only examples of, with 501.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Tells of each request that was answered: method, path, status and time. Queries and bodies
    /// are left out, since they hold secrets.
    pub fn on_request(mut self, observer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// When the port is taken, when no thread or randomness can be had from the operating system,
    /// when the seed cannot be made ([`io::ErrorKind::InvalidData`]), and when the release is not
    /// one that is known or the endpoint is no address ([`io::ErrorKind::InvalidInput`]).
    pub async fn start(self) -> io::Result<Mock> {
        check_release(self.release.as_deref())?;
        let (listener, address) = match self.is_without_port {
            true => (None, WITHOUT_PORT.to_owned()),
            false => {
                let (own, address) = Server::listen(self.host, self.port)?;
                (Some(own), address)
            }
        };
        let endpoint = self.endpoint.unwrap_or(address);
        check_endpoint(&endpoint)?;
        let store = Store::new(&endpoint, self.id_seed.as_deref().unwrap_or("logto-mock"))?;
        let Apps { m2m, web, spa, third_party, native, device } = {
            let mut state = store.lock();
            let apps = Apps::add_to(&mut state);
            self.seed.sow(&mut state)?;
            state.release = self.release;
            state.strict = self.strict;
            state.has_control = self.has_control;
            state.observer = self.observer;
            apps
        };
        let server = match listener {
            Some(listener) => Server::run(listener, store.clone())?,
            None => Server::default(),
        };
        store.begin();
        Ok(Mock { store, endpoint, m2m, web, spa, third_party, native, device, server })
    }
}

fn check_endpoint(endpoint: &str) -> io::Result<()> {
    let rest = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
    match rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '?', '#', ' '])) {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{endpoint:?} is no endpoint: give it like `http://logto:3001`, without a path"
            ),
        )),
    }
}

fn check_release(release: Option<&str>) -> io::Result<()> {
    match release.and_then(documents::objection) {
        Some(why) => Err(io::Error::new(io::ErrorKind::InvalidInput, why)),
        None => Ok(()),
    }
}

impl fmt::Debug for MockBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockBuilder").field("port", &self.port).finish_non_exhaustive()
    }
}
