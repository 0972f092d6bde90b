//! The settings of a client's transport.

use std::time::Duration;

use reqwest::{Request, Response};

use crate::{
    Client, ClientBuilder, Error, Result,
    http::{endpoint::Endpoint, transport::Transport},
};

/// How requests are sent.
impl ClientBuilder {
    /// How long making a connection may take: 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.http.connect_timeout = Some(timeout);
        self
    }

    /// How long a connection is kept open for the next request: 4 seconds by default, as Logto
    /// closes its side after 5; less where the server announces that it closes it sooner
    /// (`Keep-Alive: timeout=3`), unless this is set.
    ///
    /// A request that is sent while the server closes the connection fails, and a POST is not
    /// retried then: nobody can tell whether it arrived. Keep connections for less time than the
    /// server does. If a gateway in front of Logto keeps them for a minute, 55 seconds save you
    /// connections; if one drops them after 2 seconds, give it 1.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.http.pool_idle_timeout = Some(timeout);
        self
    }

    /// An HTTP client of your own.
    ///
    /// Its connect timeout, idle timeout, proxies, redirects and retries are its own matter. Have it
    /// close idle connections before the server does
    /// ([`pool_idle_timeout`](reqwest::ClientBuilder::pool_idle_timeout)), as a retry may meet the
    /// next one that the server has closed, and retry nothing by itself
    /// (`retry(reqwest::retry::never())`): reqwest would send a request that an HTTP/2 server refused
    /// again and again, whatever the [`RetryPolicy`](crate::RetryPolicy) says. Have it follow no redirects
    /// ([`redirect::Policy::none`](reqwest::redirect::Policy::none)): some of Logto's answers are
    /// redirects that are meant for a browser, and sign-ins do not work without them. One that may
    /// follow redirects takes no body along, and calls with headers of their own are refused; but
    /// another server that it is sent to is told the path and the query (`Referer`). Use it on one tokio runtime only: its
    /// connections are of no use on another.
    ///
    /// To change single settings, use [`configure_http`](Self::configure_http); to have many clients
    /// share their connections, [`share_connections`](Self::share_connections).
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.transport = Some(Ok(Transport::custom(client)));
        self
    }

    /// Sends the requests as another client does, by the same connections: thousands of tenants
    /// can share those of one.
    pub fn share_connections(mut self, client: &Client) -> Self {
        self.transport = Some(Ok(client.transport().clone()));
        self
    }

    /// Something else that answers the requests: a rate limiter, a recorder, a stack of
    /// middleware, or a server in the same process. It is asked for tokens and keys as well.
    ///
    /// Requests come with all their headers, secrets among them, and are never to be sent
    /// elsewhere: have what follows redirects follow none, as nobody here can tell whether it does.
    /// What the service reports as an error is
    /// the [`source`](std::error::Error::source) of the call's, which is transient. The time limits
    /// hold for it; a `reqwest::Error` is understood as if there were no service.
    ///
    /// ```
    /// # async fn run() -> logto_api::Result<()> {
    /// use logto_api::{Client, reqwest::{self, redirect}};
    /// use tower::{ServiceBuilder, limit::ConcurrencyLimitLayer};
    ///
    /// let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    /// let at_most_ten = ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(10)).service(http);
    /// let logto = Client::builder("https://acme.logto.app").transport(at_most_ten).build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `examples/transport.rs` has a server in the same process, and a record of what is sent.
    pub fn transport<S>(mut self, service: S) -> Self
    where
        S: tower_service::Service<Request, Response = Response> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send,
    {
        self.transport = Some(Transport::service(service));
        self
    }

    /// Changes settings of the HTTP client: proxies, root certificates, DNS, the TLS backend. It is
    /// asked each time that a pool of connections is made: for each tokio runtime that the client is
    /// used on, and in place of one in which a connection broke off.
    ///
    /// ```
    /// # fn main() -> logto_api::Result<()> {
    /// use logto_api::{Client, reqwest::Proxy};
    ///
    /// # let proxy = Proxy::all("http://localhost:3128").unwrap();
    /// let logto = Client::builder("https://acme.logto.app")
    ///     .configure_http(|http| http.proxy(proxy).pool_max_idle_per_host(4))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn configure_http(
        mut self,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder
        + Clone
        + Send
        + 'static,
    ) -> Self {
        self.http.configure(configure);
        self
    }

    /// Sends the requests to an `http` endpoint by the proxy that the environment names
    /// (`HTTP_PROXY`), which sees their secrets and tokens. Without this only `https` endpoints
    /// are reached by the environment's proxies, which see nothing then. Loopback has no use for
    /// a proxy, and none is used for it.
    pub fn use_system_proxy(mut self) -> Self {
        self.http.system_proxies = true;
        self
    }

    /// What carries the requests to this endpoint.
    pub(crate) fn transport_to(&mut self, endpoint: &Endpoint) -> Result<Transport> {
        let mut http = std::mem::take(&mut self.http);
        let given = self.transport.take();
        if given.is_some() && http.is_set() {
            return Err(Error::config(
                "`connect_timeout`, `pool_idle_timeout`, `configure_http` and `use_system_proxy` have \
                 no effect on an HTTP client or a transport that is given: set them there",
            ));
        }
        http.system_proxies = endpoint.may_be_proxied(http.system_proxies);
        let proxied = http.system_proxies;
        match given.transpose()? {
            None => Transport::reqwest(http),
            Some(given) if given.uses_system_proxies() && !proxied => Err(Error::config(
                "the connections of the other client go by the environment's proxies, which would \
                 see the secrets of an `http` endpoint: share those of a client with such an endpoint",
            )),
            Some(given) => Ok(given),
        }
    }
}
