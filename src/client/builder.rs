//! Settings of a client.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    Clock, Result, RetryPolicy,
    auth::{ProviderSource, TokenProvider, TokenSource},
    clock::SharedClock,
    http::transport::{HttpSettings, Transport},
    setters::{IntoScope, IntoText},
    store::{SharedStore, TokenStore},
};

const RETRY_BUDGET: u32 = 100;
/// In bytes. Logto's longest responses, pages of 100 items, have some hundred thousand.
const MAX_RESPONSE_SIZE: usize = 32 * 1024 * 1024;

/// Builds a [`Client`](crate::Client).
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    pub(super) endpoint: Result<String>,
    pub(super) public_endpoint: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) app: Option<(String, String)>,
    pub(super) bearer_token: Option<String>,
    pub(super) token_provider: Option<Box<dyn TokenSource>>,
    pub(super) token_store: Option<SharedStore>,
    pub(super) resource: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) fewer_scopes: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) max_response_size: usize,
    pub(super) retry: RetryPolicy,
    pub(super) retry_budget: u32,
    pub(super) user_agent_suffix: Option<String>,
    pub(super) cookie_store: bool,
    pub(crate) http: HttpSettings,
    pub(crate) transport: Option<Result<Transport>>,
    pub(super) allow_insecure_http: bool,
    pub(super) clock: SharedClock,
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
    /// [`is_insufficient_scope`](crate::Error::is_insufficient_scope).
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
    /// larger one is an error that [`is_response_too_large`](crate::Error::is_response_too_large). A
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
    /// [`with_cookie_store`](crate::Client::with_cookie_store), or pass on their browser's cookies
    /// with [`with_browser_cookies`](crate::Client::with_browser_cookies).
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

    use crate::Client;

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
