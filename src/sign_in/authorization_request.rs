//! The authorization request that begins a flow.

use std::{fmt, marker::PhantomData, time::Duration};

use reqwest::{Method, Url, header::LOCATION};

use super::{
    InteractionHandle, SignInFlow,
    app_setters::app_setters,
    event::{Event, ForgotPassword, Register, SignIn},
};
use crate::{
    BrowserCookies, Client, Error, Result,
    models::{self, open_enum::open_enum},
    oidc::{App, PendingAuthorization, RequestedAuthorization},
    setters::{IntoScope, IntoText},
};

/// The scope that Logto's own SDKs request as well: a refresh token and the user's profile.
pub(super) const DEFAULT_SCOPE: &str = "openid offline_access profile";

/// Parameters that have their own method, or that the caller cannot choose.
const RESERVED: [&str; 6] = ["scope", "prompt", "nonce", "response_mode", "request", "request_uri"];

open_enum! {
    /// The first page that Logto shows.
    pub enum FirstScreen {
        /// Sign in with any method that the tenant allows.
        SignIn = "sign_in",
        /// Register an account.
        Register = "register",
        /// Reset the password.
        ResetPassword = "reset_password",
        /// Sign in with certain identifiers.
        IdentifierSignIn = "identifier:sign_in",
        /// Register with certain identifiers.
        IdentifierRegister = "identifier:register",
        /// Sign in with an enterprise identity provider.
        SingleSignOn = "single_sign_on",
    }
}

/// An OpenID Connect authorization request, with PKCE, `state` and `nonce`. It begins a
/// [`SignInFlow`].
///
/// It is created by [`Client::sign_in`], [`Client::register`] and [`Client::forgot_password`]. Its
/// setters are named like the parameters of OpenID Connect and Logto.
///
/// ```no_run
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// let flow = logto
///     .sign_in("web-app-id", "https://acme.com/callback")
///     .client_secret("web-app-secret")
///     .scope("openid offline_access profile email")
///     .begin()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until `begin` is called"]
pub struct AuthorizationRequest<E> {
    pub(super) client: Client,
    client_id: String,
    pub(super) redirect_uri: String,
    client_secret: Option<String>,
    scope: String,
    prompt: Option<String>,
    parameters: Vec<(String, String)>,
    captcha_token: Option<String>,
    origin: Option<String>,
    cookies: Option<BrowserCookies>,
    event: PhantomData<E>,
}

impl Client {
    /// Begins a sign-in to the application with this id and redirect URI.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::sign_in::Identifier;
    ///
    /// let flow = logto.sign_in("web-app-id", "https://acme.com/callback").begin().await?;
    /// let alice = Identifier::username("alice");
    /// let tokens = flow.password(alice, "pw").await?.submit().await?.tokens().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sign_in(
        &self,
        client_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> AuthorizationRequest<SignIn> {
        AuthorizationRequest::new(self, client_id.into_text(), redirect_uri.into_text())
    }

    /// Begins a registration, after which the user is signed in.
    pub fn register(
        &self,
        client_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> AuthorizationRequest<Register> {
        AuthorizationRequest::new(self, client_id.into_text(), redirect_uri.into_text())
    }

    /// Begins a password reset.
    pub fn forgot_password(
        &self,
        client_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> AuthorizationRequest<ForgotPassword> {
        AuthorizationRequest::new(self, client_id.into_text(), redirect_uri.into_text())
    }
}

impl<E: Event> AuthorizationRequest<E> {
    fn new(client: &Client, client_id: String, redirect_uri: String) -> Self {
        let mut request = Self {
            client: client.clone(),
            client_id,
            redirect_uri,
            client_secret: None,
            scope: DEFAULT_SCOPE.to_owned(),
            prompt: None,
            parameters: Vec::new(),
            captcha_token: None,
            origin: None,
            cookies: None,
            event: PhantomData,
        };
        if let Some(screen) = E::FIRST_SCREEN {
            request = request.first_screen(screen);
        }
        request
    }

    /// The scopes to request, separated by spaces, instead of `openid offline_access profile`.
    /// Without `openid` there is no ID token, without `offline_access` no refresh token.
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.scope = scope.into_scope();
        self
    }

    /// An API resource, by its indicator, for which tokens will be requested. It can be called
    /// several times.
    pub fn resource(self, indicator: impl IntoText) -> Self {
        self.parameter("resource", indicator)
    }

    /// The prompts that Logto must show: `login`, `consent`, `none`, or several separated by
    /// spaces.
    ///
    /// The default is `consent`, without which Logto silently drops the scope `offline_access` and
    /// issues no refresh token. With [`browser_cookies`](Self::browser_cookies) it is
    /// `login consent`, so that users who are signed in at Logto are asked again.
    pub fn prompt(mut self, prompt: impl IntoText) -> Self {
        self.prompt = Some(prompt.into_text());
        self
    }

    /// The first page that Logto shows. Logto passes it on to a tenant's own pages.
    pub fn first_screen(self, screen: impl Into<FirstScreen>) -> Self {
        let screen = screen.into();
        self.parameter("first_screen", screen.as_str())
    }

    /// The identifiers that the first page accepts.
    pub fn identifiers(
        self,
        identifiers: impl IntoIterator<Item = impl Into<models::SignInIdentifierType>>,
    ) -> Self {
        let types: Vec<models::SignInIdentifierType> =
            identifiers.into_iter().map(Into::into).collect();
        let names: Vec<_> = types.iter().map(|name| name.as_str()).collect();
        self.parameter("identifier", names.join(" "))
    }

    /// The user's e-mail address, phone number or username, if it is known.
    pub fn login_hint(self, hint: impl IntoText) -> Self {
        self.parameter("login_hint", hint)
    }

    /// Redirects to a connector immediately: `social:<target>` or `sso:<connector id>`.
    pub fn direct_sign_in(self, method: impl IntoText) -> Self {
        self.parameter("direct_sign_in", method)
    }

    /// A one-time token from a link that was sent to this e-mail address. Verify it with
    /// [`SignInFlow::one_time_token`].
    pub fn one_time_token(self, token: impl IntoText, email: impl IntoText) -> Self {
        self.parameter("one_time_token", token).login_hint(email)
    }

    /// The organization to sign in to.
    pub fn organization_id(self, id: impl IntoText) -> Self {
        self.parameter("organization_id", id)
    }

    /// The maximum time since the user last authenticated, after which Logto asks the user again.
    /// The ID token then has the time of authentication
    /// ([`auth_time`](super::IdTokenClaims::auth_time)), which is validated when the code is
    /// exchanged.
    pub fn max_age(self, age: Duration) -> Self {
        self.parameter("max_age", age.as_secs().to_string())
    }

    /// Any other parameter of the authorization request. It replaces an earlier value, except for
    /// `resource`, which can occur several times.
    ///
    /// Parameters that the flow itself sets cannot be set here, nor can `response_mode`: the
    /// response is read from the query of the callback.
    pub fn parameter(mut self, name: impl IntoText, value: impl IntoText) -> Self {
        let name = name.into_text();
        self.parameters.retain(|(set, _)| *set != name || set == "resource");
        self.parameters.push((name, value.into_text()));
        self
    }

    /// Keeps the flow in a browser's cookies instead of a cookie store of its own. Pass Logto's
    /// cookies on to the browser, and continue with [`Client::resume_interaction`] at its next
    /// request.
    pub fn browser_cookies(mut self, cookies: &BrowserCookies) -> Self {
        self.cookies = Some(cookies.clone());
        self
    }

    /// The URL to send a browser to, for a sign-in on Logto's own pages, and what to store until it
    /// returns to the redirect URI.
    ///
    /// # Errors
    ///
    /// The same as [`begin`](Self::begin), as far as they are detected before anything is sent.
    pub fn url(self) -> Result<(Url, PendingAuthorization)> {
        self.prepare()
    }

    /// Sends the request and begins the flow.
    ///
    /// # Errors
    ///
    /// Before anything is sent: when the redirect URI is invalid or has a fragment, and when the
    /// client id or secret is empty. From Logto: when it does not know the application or the
    /// redirect URI, or does not allow the event. When the browser's user is signed in already and
    /// `prompt` does not include `login`: use [`authorize`](Self::authorize) in that case.
    pub async fn begin(self) -> Result<SignInFlow<E>> {
        self.authorize().await?.start().await
    }

    /// Sends the request without beginning an event. If the browser's user is signed in already,
    /// Logto may not have to ask for anything: see [`InteractionHandle::completed`].
    ///
    /// # Errors
    ///
    /// The same as [`begin`](Self::begin), except for a user who is signed in already. With the
    /// prompt `none`, an error that [`is_sign_in_refused`](Error::is_sign_in_refused) if Logto
    /// would have to ask.
    pub async fn authorize(self) -> Result<InteractionHandle> {
        let (url, pending) = self.prepare()?;
        let client = match &self.cookies {
            Some(cookies) => self.client.with_browser_cookies(cookies),
            None => self.client.with_cookie_store(),
        };
        let mut opened = InteractionHandle::of(&client).authorization(pending);
        opened.client_secret = self.client_secret;
        opened.captcha_token = self.captcha_token;
        opened.origin = self.origin;
        let path = client.target().path_of(&url).unwrap_or_default();
        let response = client.request(Method::GET, path).unauthenticated().send().await?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let page = location.and_then(|location| url.join(location).ok());
        opened.arrive_at(page.as_ref()).await?;
        Ok(opened)
    }

    /// Validates everything that can be validated before anything is sent.
    pub(super) fn prepare(&self) -> Result<(Url, PendingAuthorization)> {
        self.app()?;
        let asked = self.asked()?;
        let pending = PendingAuthorization::new(&self.client_id, &self.redirect_uri, asked)?;
        Ok((self.url_for(&pending)?, pending))
    }

    pub(super) fn app(&self) -> Result<App> {
        App::new(self.client_id.clone(), self.client_secret.clone())
    }

    /// The parts of the request that the response is validated against.
    fn asked(&self) -> Result<RequestedAuthorization> {
        let all = |wanted: &'static str| {
            let of_name = self.parameters.iter().filter(move |(name, _)| name == wanted);
            of_name.map(|(_, value)| value.as_str())
        };
        let max_age = all("max_age").next().map(str::parse).transpose();
        let max_age = max_age.map_err(|_| {
            Error::request("`max_age` is not a number of seconds: set it with `max_age(…)`")
        })?;
        let at = self.client.clock().wall_time().into();
        // Logto takes several in one parameter.
        let resources = all("resource").flat_map(|value| value.split(','));
        let resources = resources.map(|resource| resource.trim().to_owned()).collect();
        Ok(RequestedAuthorization { at, scope: self.scope.clone(), resources, max_age })
    }

    fn url_for(&self, pending: &PendingAuthorization) -> Result<Url> {
        let mut url = self.client.target().public_join("/oidc/auth")?;
        let prompt = match (&self.prompt, &self.cookies) {
            (Some(prompt), _) => prompt,
            (None, Some(_)) => "login consent",
            (None, None) => "consent",
        };
        let own = pending.parameters();
        if let Some((name, _)) = self.parameters.iter().find(|(name, _)| {
            let name = name.as_str();
            own.iter().any(|(taken, _)| *taken == name) || RESERVED.contains(&name)
        }) {
            return Err(Error::request(format!(
                "the sign-in sets the parameter `{name}` itself: it cannot be set in addition"
            )));
        }
        let mut query = url.query_pairs_mut();
        query.extend_pairs(own).append_pair("scope", &self.scope);
        if !prompt.is_empty() {
            query.append_pair("prompt", prompt);
        }
        query.extend_pairs(&self.parameters).finish();
        drop(query);
        Ok(url)
    }
}

app_setters!(AuthorizationRequest<E: Event>);

impl<E> fmt::Debug for AuthorizationRequest<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .field("parameters", &names)
            .finish_non_exhaustive()
    }
}
