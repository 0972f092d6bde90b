//! Settings of a client's connections.

use std::time::Duration;

use reqwest::{Request, Response};

use crate::{
    Client, ClientBuilder, Error, Result,
    http::{endpoint::Endpoint, transport::Transport},
};

/// How requests are sent.
impl ClientBuilder {
    /// The timeout for making a connection: 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.http.connect_timeout = Some(timeout);
        self
    }

    /// How long an idle connection is kept open: 4 seconds by default, because Logto closes its
    /// side after 5; less if the server announces that it closes it earlier
    /// (`Keep-Alive: timeout=3`), unless this is set.
    ///
    /// A request that is sent while the server closes the connection fails, and a POST is not
    /// retried then, because it may have arrived. Close idle connections before the server does. If
    /// a gateway in front of Logto keeps them for a minute, 55 seconds save connections; if it
    /// drops them after 2 seconds, set 1.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.http.pool_idle_timeout = Some(timeout);
        self
    }

    /// Sends the requests with your own HTTP client.
    ///
    /// Its connect timeout, idle timeout, proxies, redirects and retries are up to you:
    ///
    /// - Close idle connections before the server does
    ///   ([`pool_idle_timeout`](reqwest::ClientBuilder::pool_idle_timeout)).
    /// - Disable reqwest's own retries (`retry(reqwest::retry::never())`): it would resend a
    ///   request whose stream an HTTP/2 server refused, regardless of the
    ///   [`RetryPolicy`](crate::RetryPolicy).
    /// - Disable redirects ([`redirect::Policy::none`](reqwest::redirect::Policy::none)): some of
    ///   Logto's responses are redirects meant for a browser, and sign-ins do not work if they are
    ///   followed. A client that may follow redirects sends no body along, and calls with custom
    ///   headers are rejected; but the target of a redirect still learns the path and query
    ///   (`Referer`).
    /// - Use it on one tokio runtime only, because its connections do not work on another.
    ///
    /// To change single settings, use [`configure_http`](Self::configure_http); to share
    /// connections between clients, [`share_connections`](Self::share_connections).
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.transport = Some(Ok(Transport::custom(client)));
        self
    }

    /// Sends the requests over the connections of another client: thousands of tenants can share
    /// them.
    pub fn share_connections(mut self, client: &Client) -> Self {
        self.transport = Some(Ok(client.transport().clone()));
        self
    }

    /// Sends the requests with any service: a rate limiter, a recorder, a stack of middleware, or a
    /// server in the same process. It also gets requests for tokens and keys.
    ///
    /// Requests contain all headers, including secrets, and must not be sent elsewhere: disable
    /// redirects, which cannot be detected here. An error of the service is transient, and the
    /// [`source`](std::error::Error::source) of the call's error. Timeouts apply to the service; a
    /// `reqwest::Error` is handled as if there were no service.
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
    /// called for each new connection pool: for each tokio runtime on which the client is used, and
    /// to replace a pool after a connection broke.
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

    /// Sends the requests to an `http` endpoint through the proxy of the environment
    /// (`HTTP_PROXY`), which can read their secrets and tokens. By default, the environment's
    /// proxies are used only for `https` endpoints, where they cannot. Loopback addresses never use
    /// a proxy.
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
                "`connect_timeout`, `pool_idle_timeout`, `configure_http` and `use_system_proxy` \
                 have no effect on an HTTP client or a transport of your own: configure them there",
            ));
        }
        http.system_proxies = endpoint.may_be_proxied(http.system_proxies);
        let proxied = http.system_proxies;
        match given.transpose()? {
            None => Transport::reqwest(http),
            Some(given) if given.uses_system_proxies() && !proxied => Err(Error::config(
                "the other client's connections use the environment's proxies, which would see the \
                 secrets of an `http` endpoint: share the connections of a client with such an \
                 endpoint",
            )),
            Some(given) => Ok(given),
        }
    }
}
