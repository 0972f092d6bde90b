//! How a client is put together.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{header::HeaderValue, redirect};

use crate::{
    Client, Clock, Error, Result, RetryPolicy,
    auth::{
        Bearer, ClientCredentials, Credentials, Provided, Source, TokenCache, TokenEndpoint,
        TokenProvider, Wanted,
    },
    budget::RetryBudget,
    client::Inner,
    clock::SharedClock,
    cookies::Cookies,
    endpoint::Endpoint,
    retry::Retries,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Node, which Logto runs on, closes a connection that was idle for 5 seconds (and tells so by
/// `Keep-Alive: timeout=5`), whatever is on its way to it by then.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(60);
const RETRY_BUDGET: u32 = 100;

type ConfigureHttp = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// Settings of a [`Client`] that is to be built.
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    endpoint: Result<String>,
    app: Option<(String, String)>,
    bearer_token: Option<String>,
    token_provider: Option<Box<dyn Source>>,
    resource: Option<String>,
    scope: Option<String>,
    fewer_scopes: bool,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    pool_idle_timeout: Option<Duration>,
    retry: RetryPolicy,
    retry_budget: u32,
    user_agent_suffix: Option<String>,
    cookie_store: bool,
    http_client: Option<reqwest::Client>,
    configure_http: Option<ConfigureHttp>,
    allow_insecure_http: bool,
    clock: SharedClock,
}

impl ClientBuilder {
    pub(crate) fn new(endpoint: Result<String>) -> Self {
        Self {
            endpoint,
            app: None,
            bearer_token: None,
            token_provider: None,
            resource: None,
            scope: None,
            fewer_scopes: false,
            timeout: None,
            attempt_timeout: None,
            connect_timeout: None,
            pool_idle_timeout: None,
            retry: RetryPolicy::new(),
            retry_budget: RETRY_BUDGET,
            user_agent_suffix: None,
            cookie_store: false,
            http_client: None,
            configure_http: None,
            allow_insecure_http: false,
            clock: SharedClock::default(),
        }
    }

    /// The id and secret of a machine-to-machine application, for the Management API. The token
    /// is fetched on the first call, kept, and renewed when it is due.
    pub fn client_credentials(
        mut self,
        app_id: impl Into<String>,
        app_secret: impl Into<String>,
    ) -> Self {
        self.app = Some((app_id.into(), app_secret.into()));
        self
    }

    /// A token that you have already: a user's for the Account API, or an application's for the
    /// Management API. It is sent to either, and never renewed.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.bearer_token = Some(token.into());
        self
    }

    /// Something of yours that gives the client its tokens. They go to the Management and to the
    /// Account API.
    pub fn token_provider(mut self, provider: impl TokenProvider) -> Self {
        self.token_provider = Some(Box::new(Provided(provider)));
        self
    }

    /// The resource indicator to get tokens for. By default it is `https://<tenant>.logto.app/api`
    /// on Logto Cloud, and `https://default.logto.app/api` elsewhere.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// The scope to get tokens with: permissions, with spaces between them. For the Management API
    /// it is `all` by default, its one permission; for an API of your own, name what the token is
    /// to be good for, or nothing (`""`) for a token without any permission. A token that lacks
    /// what was asked for is refused with an error that
    /// [`is_insufficient_scope`](Error::is_insufficient_scope).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Takes tokens that lack some or all of what was asked for;
    /// [`AccessToken::scope`](crate::AccessToken::scope) tells what was granted.
    pub fn allow_fewer_scopes(mut self) -> Self {
        self.fewer_scopes = true;
        self
    }

    /// How long a call may take with all its attempts and the waits between them, to the last byte
    /// of its answer: 60 seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long one attempt at a call may take, 30 seconds by default. Uploads and downloads may
    /// take all the time that the call has.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// When and how often calls are repeated: see [`RetryPolicy`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many attempts the client and its clones may repeat before some calls succeed, 100 by
    /// default. Five calls that succeed earn one more, up to that number: when the server is gone,
    /// it is not asked three times as often as usual.
    pub fn retry_budget(mut self, retries: u32) -> Self {
        self.retry_budget = retries;
        self
    }

    /// How long making a connection may take: 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long a connection is kept open for the next request: 4 seconds by default, as Logto
    /// closes its side after 5.
    ///
    /// A request that is sent while the server closes the connection fails, and a POST is not
    /// retried then: nobody can tell whether it arrived. Keep connections for less time than the
    /// server does. If a gateway in front of Logto keeps them for a minute, 55 seconds save you
    /// connections; if one drops them after 2 seconds, give it 1.
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.pool_idle_timeout = Some(timeout);
        self
    }

    /// Added to the user agent, `logto-api/<version>`, after a space: your program's name and
    /// version.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// Keeps the cookies that the server sets, and sends them back.
    ///
    /// The Experience API needs them: they are what its interaction lives in. Off by default, as
    /// all calls of a client share them: give every user who signs in a client of their own by
    /// [`Client::with_cookie_store`], or hand on their browser's by
    /// [`Client::with_browser_cookies`].
    pub fn cookie_store(mut self, keep: bool) -> Self {
        self.cookie_store = keep;
        self
    }

    /// An HTTP client of your own, or one that other clients use too: thousands of tenants can
    /// share the connections of one.
    ///
    /// Its connect timeout, idle timeout, redirects and retries are its own matter. Have it close
    /// idle connections before the server does
    /// ([`pool_idle_timeout`](reqwest::ClientBuilder::pool_idle_timeout)) and retry nothing by itself
    /// (`retry(reqwest::retry::never())`): reqwest would send a request that an HTTP/2 server refused
    /// again and again, whatever the [`RetryPolicy`] says. Have it follow no redirects
    /// ([`redirect::Policy::none`](reqwest::redirect::Policy::none)): some of Logto's answers are
    /// redirects that are meant for a browser. To change single settings only, use
    /// [`configure_http`](Self::configure_http).
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Changes settings of the HTTP client: proxies, root certificates, DNS, the TLS backend.
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
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.configure_http = Some(Box::new(configure));
        self
    }

    /// Allows an `http` endpoint on another machine. Secrets and tokens then cross the network in
    /// the clear: only for networks that are your own. Loopback needs no permission.
    pub fn allow_insecure_http(mut self) -> Self {
        self.allow_insecure_http = true;
        self
    }

    /// Another idea of time and chance, for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock(Arc::new(clock));
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the endpoint is not the address of a server (not a URL, with a path, a query or a
    /// password, `http` to another machine), when credentials are empty or of two kinds, and when
    /// a setting cannot have an effect.
    pub fn build(mut self) -> Result<Client> {
        let text = match &self.endpoint {
            Ok(endpoint) => endpoint,
            Err(error) => return Err(Error::config(error.to_string())),
        };
        let endpoint = Endpoint::parse(text, self.allow_insecure_http)?;
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let attempt_timeout = self.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT);
        let http = self.http()?;
        let user_agent = user_agent(self.user_agent_suffix.as_deref())?;
        let retries = Retries {
            policy: self.retry.clone(),
            budget: Arc::new(RetryBudget::new(self.retry_budget)),
            clock: self.clock.clone(),
        };
        Ok(Client::from_parts(Inner {
            cookies: if self.cookie_store { Cookies::Own(Arc::default()) } else { Cookies::None },
            timeout,
            attempt_timeout,
            credentials: Arc::new(self.credentials(
                &endpoint,
                &http,
                &user_agent,
                attempt_timeout,
                &retries,
            )?),
            retries,
            endpoint: Arc::new(endpoint),
            http,
            user_agent,
            #[cfg(feature = "sign-in")]
            jwks: Arc::default(),
        }))
    }

    fn http(&mut self) -> Result<reqwest::Client> {
        if let Some(client) = self.http_client.take() {
            let timeouts = self.connect_timeout.or(self.pool_idle_timeout);
            if timeouts.is_some() || self.configure_http.is_some() {
                return Err(Error::config(
                    "`connect_timeout`, `pool_idle_timeout` and `configure_http` have no effect on \
                     an HTTP client of your own: set them there",
                ));
            }
            return Ok(client);
        }
        let usual = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .pool_idle_timeout(self.pool_idle_timeout.unwrap_or(POOL_IDLE_TIMEOUT))
            // Refused HTTP/2 streams are retried by this crate's policy. With 0, reqwest does not
            // even copy the request.
            .retry(reqwest::retry::never().max_retries_per_request(0));
        // Without a word, reqwest takes the system's library as soon as any crate enables it.
        #[cfg(feature = "rustls")]
        let usual = usual.tls_backend_rustls();
        let configured = match self.configure_http.take() {
            Some(configure) => configure(usual),
            None => usual,
        };
        configured.redirect(redirect::Policy::none()).build().map_err(|_| {
            Error::config(
                "the HTTP client cannot be made: check its settings, the system's proxy settings \
                 and root certificates",
            )
        })
    }

    fn credentials(
        self,
        endpoint: &Endpoint,
        http: &reqwest::Client,
        user_agent: &HeaderValue,
        timeout: Duration,
        retries: &Retries,
    ) -> Result<Credentials> {
        if self.app.is_none() && (self.resource.is_some() || self.scope.is_some()) {
            return Err(Error::config(
                "`resource` and `scope` have no effect without `client_credentials`",
            ));
        }
        match (self.app, self.bearer_token, self.token_provider) {
            (Some(app), None, None) => {
                let (http, agent) = (http.clone(), user_agent.clone());
                let tokens = TokenEndpoint::new(endpoint, http, app, agent, timeout)?;
                let resource = self.resource.unwrap_or_else(|| endpoint.default_resource());
                let scope = self.scope.or_else(|| default_scope(&resource));
                let wanted = wanted(resource, scope, self.fewer_scopes);
                Ok(of_app(tokens, wanted, retries.clone()))
            }
            (None, Some(token), None) => Bearer::new(&token).map(Credentials::Fixed),
            (None, None, Some(provider)) => {
                Ok(Credentials::Anyone(TokenCache::of(provider, retries.clone())))
            }
            (None, None, None) => Ok(Credentials::None),
            _ => Err(Error::config(
                "more than one of `client_credentials`, `bearer_token` and `token_provider` is \
                 given: keep one, and give single calls another token with `token(…)`",
            )),
        }
    }
}

/// The one permission of the Management API, whose resource every tenant has by this address. No
/// other API is known to have it.
fn default_scope(resource: &str) -> Option<String> {
    let tenant = resource.strip_suffix("/api").and_then(|origin| origin.strip_suffix(".logto.app"));
    tenant.is_some().then(|| "all".to_owned())
}

fn wanted(resource: String, scope: Option<String>, or_less: bool) -> Wanted {
    let given = |value: String| Some(value).filter(|value| !value.trim().is_empty());
    let some = scope.is_none();
    Wanted { resource: given(resource), scope: scope.and_then(given), or_less, some }
}

fn of_app(endpoint: TokenEndpoint, wanted: Wanted, retries: Retries) -> Credentials {
    let endpoint = Arc::new(endpoint);
    let source = ClientCredentials { endpoint: endpoint.clone(), organization: None, wanted };
    Credentials::App { tokens: TokenCache::new(source, retries), endpoint }
}

fn user_agent(suffix: Option<&str>) -> Result<HeaderValue> {
    let name = concat!("logto-api/", env!("CARGO_PKG_VERSION"));
    match suffix {
        None => Ok(HeaderValue::from_static(name)),
        Some(suffix) => HeaderValue::try_from(format!("{name} {suffix}"))
            .map_err(|_| Error::config("the user agent's suffix has a line break or the like")),
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let app_id = self.app.as_ref().map(|(id, _)| id);
        let redacted = |secret: bool| secret.then_some("[redacted]");
        f.debug_struct("ClientBuilder")
            .field("app_id", &app_id)
            .field("app_secret", &redacted(self.app.is_some()))
            .field("bearer_token", &redacted(self.bearer_token.is_some()))
            .field("token_provider", &self.token_provider)
            .field("resource", &self.resource)
            .field("scope", &self.scope)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let builder = || Client::builder("https://acme.logto.app");
        for (builder, word) in [
            (builder().client_credentials("", "x"), "app id"),
            (builder().client_credentials("x", " "), "app secret"),
            (builder().bearer_token(""), "token is empty"),
            (builder().bearer_token("a").client_credentials("x", "y"), "more than one"),
            (builder().scope("all"), "no effect"),
            (builder().user_agent_suffix("a\r\nb"), "user agent"),
            (
                builder().http_client(reqwest::Client::new()).configure_http(|http| http),
                "no effect",
            ),
            (
                builder().http_client(reqwest::Client::new()).pool_idle_timeout(Duration::ZERO),
                "no effect",
            ),
            (Client::for_tenant("acme.evil"), "tenant"),
            (Client::for_tenant(""), "tenant"),
        ] {
            let error = builder.build().unwrap_err();
            assert!(error.is_invalid_request());
            assert!(error.to_string().contains(word), "{word}: {error}");
        }
        let client = Client::for_tenant("acme").build().unwrap();
        assert_eq!(client.endpoint(), "https://acme.logto.app");
    }

    #[test]
    fn secrets_are_not_shown() {
        let builder = Client::builder("https://acme.logto.app").client_credentials("id", "hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("hunter2"));
        let builder = Client::builder("https://acme.logto.app").bearer_token("hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("hunter2"));
    }
}
