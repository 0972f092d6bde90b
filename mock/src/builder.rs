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

/// Settings of a [`Mock`] before it starts: [`Mock::builder`].
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
    /// The address to listen at, by default `127.0.0.1`. At any other address, everybody who can
    /// reach it can read and change everything.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// The address at which others reach it, such as `http://logto:3001`: the issuer of its tokens,
    /// and where it redirects browsers. By default the address that it listens at. On a loopback
    /// address, browsers can use `localhost` and `127.0.0.1` alike: a sign-in stays on the host that
    /// it began on.
    pub fn endpoint(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.trim_end_matches('/').to_owned());
        self
    }

    /// Adds the control interface of the program `logto-mock`, for tests in other languages: JSON at
    /// `/__mock`. The guide `docs/testing.md` in the repository describes it.
    pub fn control(mut self) -> Self {
        self.has_control = true;
        self
    }

    /// The port to listen at, by default any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Opens no port and starts no thread: requests arrive through [`Mock::transport`], which
    /// [`Mock::client`] uses then. Webhooks are sent on the runtime of the request.
    #[cfg(feature = "client")]
    pub fn without_port(mut self) -> Self {
        self.is_without_port = true;
        self
    }

    /// The seed from which IDs, codes and opaque tokens are computed. The same requests in the same
    /// order get the same IDs in each run and on any port (requests that race get the same IDs, but
    /// not always the same one each). Give mocks that must not share IDs a seed each.
    pub fn id_seed(mut self, seed: &str) -> Self {
        self.id_seed = Some(seed.to_owned());
        self
    }

    /// What the tenant holds at the start. [`Mock::reset`] returns to it.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Responds as this release does, such as `1.38`: operations and fields that Logto introduced
    /// later are absent. Releases from 1.30 to 1.42 are known.
    pub fn release(mut self, release: &str) -> Self {
        self.release = Some(release.to_owned());
        self
    }

    /// Responds with 501 where it has nothing but an example.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Calls the observer with one line for each request: method, path, status and time, and a
    /// remark where the body was not read as JSON. Queries and bodies are left out, since they hold
    /// secrets.
    pub fn on_request(mut self, observer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Starts the mock.
    ///
    /// # Errors
    ///
    /// When the port is in use, when the operating system gives no thread or randomness, when an entry
    /// of the seed is wrong ([`io::ErrorKind::InvalidData`]; the error names the entry), and when the
    /// release is unknown or the endpoint is not a URL ([`io::ErrorKind::InvalidInput`]).
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
