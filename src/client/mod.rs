//! The client, how to build one, and clients that act for others.
//!
//! Uses `auth`, `http` and `error`; what makes calls uses it.

mod build;
pub(crate) mod builder;
mod connections;
pub(crate) mod delegation;
mod impersonation;
#[cfg(any(feature = "sign-in", feature = "verify"))]
mod token_requests;

use std::{fmt, sync::Arc, time::Duration};

use reqwest::header::HeaderValue;

#[cfg(feature = "jwks")]
use crate::auth::Jwks;
use crate::{
    BrowserCookies, ClientBuilder, Error, Result,
    auth::Credentials,
    clock::SharedClock,
    http::{
        cookies::Cookies,
        endpoint::{self, Endpoint},
        retry::Retries,
        transport::Transport,
    },
    setters::IntoText,
};

/// A client for a Logto server or tenant.
///
/// Cloning is cheap; clones share the connections, the token and the cookies. Operations are called
/// through groups, such as `logto.users()`; endpoints that the contract does not know through
/// [`request`](Self::request).
///
/// ```no_run
/// # fn main() -> logto_api::Result<()> {
/// use logto_api::Client;
///
/// let logto = Client::builder("https://acme.logto.app")
///     .client_credentials("app-id", "app-secret")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

/// What clones of a client share. Derived clients share all but their own settings.
#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) transport: Transport,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) cookies: Cookies,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    /// In bytes.
    pub(crate) max_response_size: usize,
    pub(crate) retries: Retries,
    /// What Logto signs users' tokens with.
    #[cfg(feature = "jwks")]
    pub(crate) jwks: Arc<Jwks>,
}

/// The releases of the contract, from `build.rs`.
#[cfg(feature = "operations")]
const RELEASES: &[&str] = include!(concat!(env!("OUT_DIR"), "/supported.rs"));

impl Client {
    /// Builds a client for the server at this address, such as `https://acme.logto.app` or
    /// `http://localhost:3001`.
    pub fn builder(endpoint: impl IntoText) -> ClientBuilder {
        ClientBuilder::new(Ok(endpoint.into_text()))
    }

    /// Builds a client for a tenant of Logto Cloud: `acme` means `https://acme.logto.app`.
    pub fn for_tenant(tenant: &str) -> ClientBuilder {
        ClientBuilder::new(endpoint::of_tenant(tenant))
    }

    /// Builds a client from the environment variables `LOGTO_ENDPOINT`, `LOGTO_APP_ID`,
    /// `LOGTO_APP_SECRET` and, optionally, `LOGTO_TENANT`, `LOGTO_RESOURCE`, `LOGTO_SCOPE` and
    /// `LOGTO_PUBLIC_ENDPOINT`, like the settings of these names.
    ///
    /// # Errors
    ///
    /// When a required variable is not set, and the errors of [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        #[allow(clippy::disallowed_methods, reason = "the environment is asked here")]
        from_variables(|name| std::env::var(name).ok())
    }

    /// The releases of Logto from whose documents the contract was made, oldest first; `next` is
    /// the upcoming one.
    ///
    /// Releases in between are supported as well. A response field that one of the releases does
    /// not send is optional. The documentation of each operation, field and value says which
    /// release added or removed it.
    ///
    /// ```
    /// assert_eq!(logto_api::Client::supported_releases().first(), Some(&"1.30.1"));
    /// ```
    #[cfg(feature = "operations")]
    pub fn supported_releases() -> &'static [&'static str] {
        RELEASES
    }

    /// The address of the server, without a trailing slash.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint.base
    }

    /// The address at which users reach the server, without a trailing slash: the
    /// [`public_endpoint`](ClientBuilder::public_endpoint) setting, or else the
    /// [`endpoint`](Self::endpoint).
    pub fn public_endpoint(&self) -> &str {
        self.0.endpoint.public_base()
    }

    /// The same client with the cookies of a browser, for a server between the browser and Logto.
    pub fn with_browser_cookies(&self, cookies: &BrowserCookies) -> Self {
        self.with_cookies(Cookies::Browser(cookies.clone()))
    }

    /// The same client with its own, initially empty cookie store. Create one for each user who
    /// signs in; they share the connections.
    pub fn with_cookie_store(&self) -> Self {
        self.with_cookies(Cookies::Own(Arc::default()))
    }

    fn with_cookies(&self, cookies: Cookies) -> Self {
        Self::from_parts(Inner { cookies, ..Inner::clone(&self.0) })
    }

    /// The HTTP client that builds the requests: the one set with
    /// [`http_client`](ClientBuilder::http_client), or one with the same settings.
    ///
    /// To share connections between clients, use [`ClientBuilder::share_connections`].
    pub fn http_client(&self) -> &reqwest::Client {
        self.0.transport.writer()
    }

    pub(crate) fn from_parts(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The same client with other credentials.
    pub(crate) fn with_credentials(&self, credentials: Credentials) -> Self {
        Self::from_parts(Inner { credentials: Arc::new(credentials), ..Inner::clone(&self.0) })
    }

    /// The same client, whose requests have this origin.
    #[cfg(feature = "sign-in")]
    pub(crate) fn with_origin(&self, origin: HeaderValue) -> Self {
        let mut endpoint = Endpoint::clone(&self.0.endpoint);
        endpoint.origin = origin;
        Self::from_parts(Inner { endpoint: Arc::new(endpoint), ..Inner::clone(&self.0) })
    }

    /// The same client without credentials.
    #[cfg(feature = "jwks")]
    pub(crate) fn anonymous(&self) -> Self {
        self.with_credentials(Credentials::None).with_cookies(Cookies::None)
    }

    #[cfg(feature = "jwks")]
    pub(crate) fn jwks(&self) -> &Jwks {
        &self.0.jwks
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.0.retries.clock
    }

    pub(crate) fn target(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// What requests are written with.
    pub(crate) fn http(&self) -> &reqwest::Client {
        self.0.transport.writer()
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(crate) fn max_response_size(&self) -> usize {
        self.0.max_response_size
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    pub(crate) fn user_agent(&self) -> &HeaderValue {
        &self.0.user_agent
    }

    pub(crate) fn cookies(&self) -> &Cookies {
        &self.0.cookies
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.0.timeout
    }

    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.0.attempt_timeout
    }

    pub(crate) fn retries(&self) -> &Retries {
        &self.0.retries
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint.base)
            .field("credentials", &self.0.credentials)
            .field("timeout", &self.0.timeout)
            .finish_non_exhaustive()
    }
}

type Setter = fn(ClientBuilder, String) -> ClientBuilder;

fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Client> {
    let needed = |name: &str| {
        get(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
            Error::config(format!(
                "the environment variable {name} is not set: LOGTO_ENDPOINT, LOGTO_APP_ID \
                     and LOGTO_APP_SECRET are needed"
            ))
        })
    };
    let mut builder = Client::builder(needed("LOGTO_ENDPOINT")?)
        .client_credentials(needed("LOGTO_APP_ID")?, needed("LOGTO_APP_SECRET")?);
    let optional: [(&str, Setter); 4] = [
        ("LOGTO_TENANT", ClientBuilder::tenant),
        ("LOGTO_RESOURCE", ClientBuilder::resource),
        ("LOGTO_SCOPE", ClientBuilder::scope),
        ("LOGTO_PUBLIC_ENDPOINT", ClientBuilder::public_endpoint),
    ];
    for (name, set) in optional {
        if let Some(value) = get(name).filter(|value| !value.is_empty()) {
            builder = set(builder, value);
        }
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn is_shared<T: Clone + Send + Sync>() {}

    #[test]
    fn a_client_goes_everywhere() {
        is_shared::<Client>();
    }

    #[test]
    fn a_missing_variable_is_named() {
        let all = |name: &str| match name {
            "LOGTO_ENDPOINT" => Some("https://acme.logto.app".to_owned()),
            "LOGTO_APP_ID" => Some("id".to_owned()),
            "LOGTO_APP_SECRET" => Some("secret".to_owned()),
            _ => None,
        };
        let client = from_variables(all).unwrap();
        assert_eq!(client.endpoint(), "https://acme.logto.app");
        for missing in ["LOGTO_ENDPOINT", "LOGTO_APP_ID", "LOGTO_APP_SECRET"] {
            let error = from_variables(|name| all(name).filter(|_| name != missing)).unwrap_err();
            let text = format!("the environment variable {missing} is not set");
            assert!(error.to_string().starts_with(&text), "{error}");
        }
        for (optional, value, word) in [
            ("LOGTO_TENANT", "id.acme.com", "tenant"),
            ("LOGTO_PUBLIC_ENDPOINT", "https://id.acme.com/oidc", "public"),
        ] {
            let with = |value: &'static str| {
                let value = move || Some(value.to_owned());
                from_variables(move |name| if name == optional { value() } else { all(name) })
            };
            with("").unwrap();
            let error = with(value).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
