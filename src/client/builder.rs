//! Settings of a client.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::header::HeaderValue;

use crate::{
    Client, Clock, Error, Result, RetryPolicy,
    auth::{
        Bearer, ClientCredentials, Credentials, ProviderSource, TokenCache, TokenEndpoint,
        TokenParameters, TokenProvider, TokenSource,
    },
    client::Inner,
    clock::SharedClock,
    http::{
        cookies::Cookies,
        endpoint::Endpoint,
        retry::{Retries, budget::RetryBudget},
        transport::{HttpSettings, Transport},
    },
    setters::{IntoScope, IntoText},
    store::{SharedStore, TokenStore},
};

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(60);
const RETRY_BUDGET: u32 = 100;
/// In bytes. Logto's longest responses, pages of 100 items, have some hundred thousand.
const MAX_RESPONSE_SIZE: usize = 32 * 1024 * 1024;

/// Builds a [`Client`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    endpoint: Result<String>,
    public_endpoint: Option<String>,
    tenant: Option<String>,
    app: Option<(String, String)>,
    bearer_token: Option<String>,
    token_provider: Option<Box<dyn TokenSource>>,
    token_store: Option<SharedStore>,
    resource: Option<String>,
    scope: Option<String>,
    fewer_scopes: bool,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    max_response_size: usize,
    retry: RetryPolicy,
    retry_budget: u32,
    user_agent_suffix: Option<String>,
    cookie_store: bool,
    pub(crate) http: HttpSettings,
    pub(crate) transport: Option<Result<Transport>>,
    allow_insecure_http: bool,
    clock: SharedClock,
}

impl ClientBuilder {
    pub(crate) fn new(endpoint: Result<String>) -> Self {
        Self {
            endpoint,
            public_endpoint: None,
            tenant: None,
            app: None,
            bearer_token: None,
            token_provider: None,
            token_store: None,
            resource: None,
            scope: None,
            fewer_scopes: false,
            timeout: None,
            attempt_timeout: None,
            max_response_size: MAX_RESPONSE_SIZE,
            retry: RetryPolicy::new(),
            retry_budget: RETRY_BUDGET,
            user_agent_suffix: None,
            cookie_store: false,
            http: HttpSettings::default(),
            transport: None,
            allow_insecure_http: false,
            clock: SharedClock::default(),
        }
    }

    /// The id and secret of a machine-to-machine application, for the Management API. The access
    /// token is fetched on the first call, cached, and renewed before it expires.
    pub fn client_credentials(mut self, app_id: impl IntoText, app_secret: impl IntoText) -> Self {
        self.app = Some((app_id.into_text(), app_secret.into_text()));
        self
    }

    /// An access token that you already have: a user's for the Account API, or an application's for
    /// the Management API. It is sent to both, and never renewed.
    pub fn bearer_token(mut self, token: impl IntoText) -> Self {
        self.bearer_token = Some(token.into_text());
        self
    }

    /// Your own source of access tokens, for the Management API and the Account API.
    pub fn token_provider(mut self, provider: impl TokenProvider) -> Self {
        self.token_provider = Some(Box::new(ProviderSource(provider)));
        self
    }

    /// Where the processes of a fleet share the application's tokens, also those for organizations:
    /// one of them fetches each, and all use it. While the store is down, each fetches its own.
    ///
    /// ```
    /// # fn main() -> logto_api::Result<()> {
    /// # let store = logto_api::MemoryTokenStore::new();
    /// let logto = logto_api::Client::builder("https://acme.logto.app")
    ///     .client_credentials("app-id", "app-secret")
    ///     .token_store(store)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.token_store = Some(SharedStore(Arc::new(store)));
        self
    }

    /// The tenant id on Logto Cloud, if the endpoint is a custom domain: `abc123` in
    /// `https://abc123.logto.app`. The Management API keeps the resource indicator
    /// `https://abc123.logto.app/api` then.
    ///
    /// ```
    /// # fn main() -> logto_api::Result<()> {
    /// let logto = logto_api::Client::builder("https://id.acme.com")
    ///     .tenant("abc123")
    ///     .client_credentials("app-id", "app-secret")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tenant(mut self, id: impl IntoText) -> Self {
        self.tenant = Some(id.into_text());
        self
    }

    /// The address at which users reach Logto, if this program reaches it at another one: the
    /// `ENDPOINT` that Logto is configured with.
    ///
    /// All requests are sent to the endpoint that the client was built with. Sign-ins use the
    /// public one: it is the issuer of the tokens, the origin of the pages, and the address that
    /// browsers are redirected to. Redirects to either are followed by requests to the endpoint;
    /// others are not followed.
    ///
    /// ```
    /// # fn main() -> logto_api::Result<()> {
    /// let logto = logto_api::Client::builder("http://logto:3001")
    ///     .allow_insecure_http()
    ///     .public_endpoint("https://id.acme.com")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn public_endpoint(mut self, url: impl IntoText) -> Self {
        self.public_endpoint = Some(url.into_text());
        self
    }

    /// The resource indicator to request tokens for. The default is
    /// `https://<tenant>.logto.app/api` on Logto Cloud, and `https://default.logto.app/api`
    /// elsewhere.
    pub fn resource(mut self, resource: impl IntoText) -> Self {
        self.resource = Some(resource.into_text());
        self
    }

    /// The scopes to request, separated by spaces. The default for the Management API is `all`, its
    /// only permission. For an API of your own, list the permissions, or pass `""` for a token
    /// without any. A token that lacks a requested scope is rejected with an error that
    /// [`is_insufficient_scope`](Error::is_insufficient_scope).
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.scope = Some(scope.into_scope());
        self
    }

    /// Accepts tokens that lack some or all of the requested scopes;
    /// [`AccessToken::scope`](crate::AccessToken::scope) has the granted ones.
    pub fn allow_fewer_scopes(mut self) -> Self {
        self.fewer_scopes = true;
        self
    }

    /// The timeout of a call with all attempts and delays, up to the last byte of its response: 60
    /// seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The timeout of each attempt, 30 seconds by default. Uploads and downloads may take as long
    /// as the call.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// The retry policy: see [`RetryPolicy`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many retries the client and its clones may make before calls succeed again, 100 by
    /// default. Five successful calls earn one retry, up to that number: an unavailable server does
    /// not get three times the usual load.
    pub fn retry_budget(mut self, retries: u32) -> Self {
        self.retry_budget = retries;
        self
    }

    /// The maximum size of a buffered response in bytes, after decompression: 32 MiB by default. A
    /// larger one is an error that [`is_response_too_large`](Error::is_response_too_large). A
    /// streamed [`Download`](crate::Download) has no limit; key sets have a limit of 1 MiB.
    pub fn max_response_size(mut self, bytes: usize) -> Self {
        self.max_response_size = bytes;
        self
    }

    /// Appended to the user agent, `logto-api/<version>`, after a space: your program's name and
    /// version.
    pub fn user_agent_suffix(mut self, suffix: impl IntoText) -> Self {
        self.user_agent_suffix = Some(suffix.into_text());
        self
    }

    /// Stores the cookies that the server sets, and sends them back.
    ///
    /// The Experience API identifies its interaction by cookies. Off by default, because all calls
    /// of a client share them: give every user who signs in a client of their own with
    /// [`Client::with_cookie_store`], or pass on their browser's cookies with
    /// [`Client::with_browser_cookies`].
    pub fn cookie_store(mut self, keep: bool) -> Self {
        self.cookie_store = keep;
        self
    }

    /// Allows an `http` endpoint on another machine. Secrets and tokens are then sent in plaintext:
    /// use it only in networks that you trust. Loopback addresses need no permission.
    pub fn allow_insecure_http(mut self) -> Self {
        self.allow_insecure_http = true;
        self
    }

    /// Another source of time and randomness, for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock(Arc::new(clock));
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When an endpoint is not the address of a server (not a URL, with a path, query or password,
    /// `http` to another machine), when credentials are empty or of two kinds, and when a setting
    /// would have no effect.
    pub fn build(mut self) -> Result<Client> {
        let text = match &self.endpoint {
            Ok(endpoint) => endpoint,
            Err(error) => return Err(Error::config(error.to_string())),
        };
        let mut endpoint = Endpoint::parse(text, self.allow_insecure_http)?;
        if let Some(public) = &self.public_endpoint {
            endpoint = endpoint.with_public(public)?;
        }
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let attempt_timeout = self.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT);
        let transport = self.transport_to(&endpoint)?;
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
            max_response_size: self.max_response_size,
            credentials: Arc::new(self.credentials(
                &endpoint,
                &transport,
                &user_agent,
                attempt_timeout,
                &retries,
            )?),
            retries,
            endpoint: Arc::new(endpoint),
            transport,
            user_agent,
            #[cfg(feature = "jwks")]
            jwks: Arc::default(),
        }))
    }

    fn credentials(
        self,
        endpoint: &Endpoint,
        transport: &Transport,
        user_agent: &HeaderValue,
        timeout: Duration,
        retries: &Retries,
    ) -> Result<Credentials> {
        let settings = [&self.resource, &self.scope, &self.tenant];
        let has_settings = settings.iter().any(|setting| setting.is_some());
        if self.app.is_none() && (has_settings || self.token_store.is_some()) {
            return Err(Error::config(
                "`tenant`, `resource`, `scope` and `token_store` have no effect without \
                 `client_credentials`",
            ));
        }
        match (self.app, self.bearer_token, self.token_provider) {
            (Some(app), None, None) => {
                let (transport, agent) = (transport.clone(), user_agent.clone());
                let tokens = TokenEndpoint::new(endpoint, transport, app, agent, timeout)?;
                let resource = endpoint.resource(self.resource, self.tenant.as_deref())?;
                let wanted = TokenParameters::of_app(resource, self.scope, self.fewer_scopes);
                Ok(of_app(tokens, wanted, self.token_store, retries.clone()))
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

fn of_app(
    endpoint: TokenEndpoint,
    wanted: TokenParameters,
    store: Option<SharedStore>,
    retries: Retries,
) -> Credentials {
    let endpoint = Arc::new(endpoint);
    let source = ClientCredentials { endpoint: endpoint.clone(), organization: None, wanted };
    Credentials::App { tokens: source.cached(store.clone(), retries), endpoint, store }
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
