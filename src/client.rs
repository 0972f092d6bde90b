//! The client, and how to build one.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{Method, header::HeaderValue, redirect};

use crate::{
    Error, Request, Result,
    auth::{Bearer, Credentials, TokenSource},
    endpoint::{self, Endpoint},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of one Logto server or tenant.
///
/// Cloning is cheap, and clones share the connections, the token and the cookies. All operations
/// are reached through groups, such as `logto.users()`; whatever the contract does not know yet
/// through [`request`](Self::request).
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

struct Inner {
    endpoint: Endpoint,
    http: reqwest::Client,
    credentials: Credentials,
    user_agent: HeaderValue,
    timeout: Duration,
}

impl Client {
    /// Starts building a client for the server at this address, such as `https://acme.logto.app`
    /// or `http://localhost:3001`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(Ok(endpoint.into()))
    }

    /// Starts building a client for a tenant of Logto Cloud: `acme` is short for
    /// `https://acme.logto.app`.
    pub fn for_tenant(tenant: &str) -> ClientBuilder {
        ClientBuilder::new(endpoint::of_tenant(tenant))
    }

    /// A client made from the environment: `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET`
    /// and, where the defaults do not fit, `LOGTO_RESOURCE` and `LOGTO_SCOPE`.
    ///
    /// # Errors
    ///
    /// A variable that is needed and not set is named; so is everything that
    /// [`ClientBuilder::build`] refuses.
    pub fn from_env() -> Result<Self> {
        from_variables(|name| std::env::var(name).ok())
    }

    /// The address of the server, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint.base
    }

    /// A request to any path of the server, with the token, the headers and the errors of every
    /// other call: for what the contract does not know.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::Method;
    ///
    /// let answer = logto.request(Method::GET, "/api/users").query(&[("page", 2)]).send().await?;
    /// let users: serde_json::Value = answer.json()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self, method, path)
    }

    pub(crate) fn target(&self) -> &Endpoint {
        &self.0.endpoint
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    pub(crate) fn user_agent(&self) -> &HeaderValue {
        &self.0.user_agent
    }

    pub(crate) fn default_timeout(&self) -> Duration {
        self.0.timeout
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
    if let Some(resource) = get("LOGTO_RESOURCE").filter(|value| !value.is_empty()) {
        builder = builder.resource(resource);
    }
    if let Some(scope) = get("LOGTO_SCOPE").filter(|value| !value.is_empty()) {
        builder = builder.scope(scope);
    }
    builder.build()
}

/// Settings of a [`Client`] that is to be built.
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    endpoint: Result<String>,
    app: Option<(String, String)>,
    bearer_token: Option<String>,
    resource: Option<String>,
    scope: Option<String>,
    timeout: Option<Duration>,
    connect_timeout: Option<Duration>,
    user_agent_suffix: Option<String>,
    cookie_store: Option<bool>,
    http_client: Option<reqwest::Client>,
    allow_insecure_http: bool,
}

impl ClientBuilder {
    fn new(endpoint: Result<String>) -> Self {
        Self {
            endpoint,
            app: None,
            bearer_token: None,
            resource: None,
            scope: None,
            timeout: None,
            connect_timeout: None,
            user_agent_suffix: None,
            cookie_store: None,
            http_client: None,
            allow_insecure_http: false,
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

    /// The resource indicator to get tokens for. By default it is `https://<tenant>.logto.app/api`
    /// on Logto Cloud, and `https://default.logto.app/api` elsewhere.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// The scope to get tokens with, `all` by default.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// How long a request may take, to the last byte of its answer: 30 seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long making a connection may take: 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
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
    /// all calls of a client share them: give every user who signs in a client of their own.
    pub fn cookie_store(mut self, keep: bool) -> Self {
        self.cookie_store = Some(keep);
        self
    }

    /// An HTTP client of your own, for proxies, root certificates and the like.
    ///
    /// Its connect timeout, cookies and redirects are its own matter. Have it follow no redirects
    /// ([`redirect::Policy::none`](reqwest::redirect::Policy::none)): some of Logto's answers are
    /// redirects that are meant for a browser.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Allows an `http` endpoint on another machine. Secrets and tokens then cross the network in
    /// the clear: only for networks that are your own. Loopback needs no permission.
    pub fn allow_insecure_http(mut self) -> Self {
        self.allow_insecure_http = true;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When the endpoint is not the address of a server (not a URL, with a path, a query or a
    /// password, `http` to another machine), when credentials are empty or of two kinds, and when
    /// a setting cannot have an effect.
    pub fn build(self) -> Result<Client> {
        let text = match &self.endpoint {
            Ok(endpoint) => endpoint,
            Err(error) => return Err(Error::config(error.to_string())),
        };
        let endpoint = Endpoint::parse(text, self.allow_insecure_http)?;
        let user_agent = user_agent(self.user_agent_suffix.as_deref())?;
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let http = self.http()?;
        Ok(Client(Arc::new(Inner {
            credentials: self.credentials(&endpoint, timeout)?,
            endpoint,
            http,
            user_agent,
            timeout,
        })))
    }

    fn http(&self) -> Result<reqwest::Client> {
        if let Some(client) = &self.http_client {
            if self.connect_timeout.is_some() || self.cookie_store.is_some() {
                return Err(Error::config(
                    "`connect_timeout` and `cookie_store` have no effect on an HTTP client of \
                     your own: set them there",
                ));
            }
            return Ok(client.clone());
        }
        reqwest::Client::builder()
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .redirect(redirect::Policy::none())
            .cookie_store(self.cookie_store.unwrap_or_default())
            .build()
            .map_err(|_| {
                Error::config(
                    "the HTTP client cannot be made: check the system's proxy settings and root \
                     certificates",
                )
            })
    }

    fn credentials(self, endpoint: &Endpoint, timeout: Duration) -> Result<Credentials> {
        match (self.app, self.bearer_token) {
            (Some(_), Some(_)) => Err(Error::config(
                "both `client_credentials` and `bearer_token` are given: keep one, and give \
                 single calls another token with `token(…)`",
            )),
            (Some((id, secret)), None) => {
                let (resource, scope) = (self.resource, self.scope);
                let source = TokenSource::new(endpoint, id, secret, resource, scope, timeout)?;
                Ok(Credentials::App(Box::new(source)))
            }
            (None, token) if self.resource.is_some() || self.scope.is_some() => {
                drop(token);
                Err(Error::config(
                    "`resource` and `scope` have no effect without `client_credentials`",
                ))
            }
            (None, Some(token)) => Bearer::new(&token).map(Credentials::Fixed),
            (None, None) => Ok(Credentials::None),
        }
    }
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
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let builder = || Client::builder("https://acme.logto.app");
        for (builder, word) in [
            (builder().client_credentials("", "x"), "app id"),
            (builder().client_credentials("x", " "), "app secret"),
            (builder().bearer_token(""), "token is empty"),
            (builder().bearer_token("a").client_credentials("x", "y"), "both"),
            (builder().scope("all"), "no effect"),
            (builder().user_agent_suffix("a\r\nb"), "user agent"),
            (builder().http_client(reqwest::Client::new()).cookie_store(true), "no effect"),
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
