//! The authorization request that a session begins with.

use std::{fmt, marker::PhantomData, time::Duration};

use reqwest::{Method, Url, header::LOCATION};

use super::{
    InteractionHandle, SignInFlow,
    event::{Event, ForgotPassword, Register, SignIn},
};
use crate::{
    BrowserCookies, Client, Error, Result,
    models::{self, values::open_enum},
    oidc::{App, PendingAuthorization, RequestedAuthorization},
    setters::{IntoScope, IntoText},
};

/// What Logto's own SDKs ask for as well: a refresh token and the user's profile.
pub(super) const DEFAULT_SCOPE: &str = "openid offline_access profile";

/// What has a method of its own, or is not for the caller to choose.
const RESERVED: [&str; 6] = ["scope", "prompt", "nonce", "response_mode", "request", "request_uri"];

open_enum! {
    /// The page that Logto begins with.
    pub enum FirstScreen {
        /// Sign in by whatever the tenant allows.
        SignIn = "sign_in",
        /// Make an account.
        Register = "register",
        /// Set a new password.
        ResetPassword = "reset_password",
        /// Sign in by certain identifiers.
        IdentifierSignIn = "identifier:sign_in",
        /// Make an account with certain identifiers.
        IdentifierRegister = "identifier:register",
        /// Sign in at the user's company.
        SingleSignOn = "single_sign_on",
    }
}

/// An OpenID Connect authorization request, with PKCE, `state` and `nonce`: the way into a
/// [`SignInFlow`].
///
/// Made by [`Client::sign_in`], [`Client::register`] and [`Client::forgot_password`]. What is set
/// here follows the names of OpenID Connect and of Logto's own parameters.
///
/// ```no_run
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// let session = logto
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
    /// Starts to sign someone in to the application with this id, which has this redirect URI.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::sign_in::Identifier;
    ///
    /// let session = logto.sign_in("web-app-id", "https://acme.com/callback").begin().await?;
    /// let alice = Identifier::username("alice");
    /// let tokens = session.password(alice, "pw").await?.submit().await?.tokens().await?;
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

    /// Starts to make an account for someone, who is then signed in.
    pub fn register(
        &self,
        client_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> AuthorizationRequest<Register> {
        AuthorizationRequest::new(self, client_id.into_text(), redirect_uri.into_text())
    }

    /// Starts to set a new password for someone who has forgotten theirs.
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

    /// The application's secret, if it has one: traditional web applications do, native and
    /// single-page ones do not.
    pub fn client_secret(mut self, secret: impl IntoText) -> Self {
        self.client_secret = Some(secret.into_text());
        self
    }

    /// The scope to ask for, in place of `openid offline_access profile`: names with spaces
    /// between. Without `openid` there is no ID token, without `offline_access` no refresh token.
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.scope = scope.into_scope();
        self
    }

    /// An API resource whose tokens will be wanted, by its indicator. There may be several.
    pub fn resource(self, indicator: impl IntoText) -> Self {
        self.parameter("resource", indicator)
    }

    /// What Logto must ask the user for: `login`, `consent`, `none`, or several with spaces
    /// between.
    ///
    /// It is `consent` by default, without which Logto drops the scope `offline_access` and gives
    /// no refresh token, without a word, and `login consent`
    /// with [`browser_cookies`](Self::browser_cookies): whoever is signed in at Logto already is
    /// asked again.
    pub fn prompt(mut self, prompt: impl IntoText) -> Self {
        self.prompt = Some(prompt.into_text());
        self
    }

    /// The page that Logto would begin with; a tenant's own pages are told it too.
    pub fn first_screen(self, screen: impl Into<FirstScreen>) -> Self {
        let screen = screen.into();
        self.parameter("first_screen", screen.as_str())
    }

    /// By what the user can identify themselves on the first screen.
    pub fn identifiers(
        self,
        identifiers: impl IntoIterator<Item = impl Into<models::SignInIdentifierType>>,
    ) -> Self {
        let types: Vec<models::SignInIdentifierType> =
            identifiers.into_iter().map(Into::into).collect();
        let names: Vec<_> = types.iter().map(|name| name.as_str()).collect();
        self.parameter("identifier", names.join(" "))
    }

    /// The user's e-mail address, phone number or username, if it is known already.
    pub fn login_hint(self, hint: impl IntoText) -> Self {
        self.parameter("login_hint", hint)
    }

    /// Goes to a connector at once: `social:<target>` or `sso:<connector id>`.
    pub fn direct_sign_in(self, method: impl IntoText) -> Self {
        self.parameter("direct_sign_in", method)
    }

    /// A one-time token from a link that was sent to this e-mail address. Verify it with
    /// [`SignInFlow::one_time_token`].
    pub fn one_time_token(self, token: impl IntoText, email: impl IntoText) -> Self {
        self.parameter("one_time_token", token).login_hint(email)
    }

    /// The organization that the user signs in to.
    pub fn organization_id(self, id: impl IntoText) -> Self {
        self.parameter("organization_id", id)
    }

    /// The longest time since the user last authenticated, after which Logto asks them again. The
    /// ID token then says when that was ([`auth_time`](super::IdTokenClaims::auth_time)), which is
    /// checked when the code is redeemed.
    pub fn max_age(self, age: Duration) -> Self {
        self.parameter("max_age", age.as_secs().to_string())
    }

    /// Any other parameter of the authorization request. One that was set before is replaced, but
    /// for `resource`, which there may be several of.
    ///
    /// What the session sets by itself cannot be set here, nor can `response_mode`: the answer is
    /// read from the callback's query.
    pub fn parameter(mut self, name: impl IntoText, value: impl IntoText) -> Self {
        let name = name.into_text();
        self.parameters.retain(|(set, _)| *set != name || set == "resource");
        self.parameters.push((name, value.into_text()));
        self
    }

    /// What the captcha's widget gave, where the tenant uses one.
    pub fn captcha_token(mut self, token: impl IntoText) -> Self {
        self.captcha_token = Some(token.into_text());
        self
    }

    /// The origin of the page that asks the browser for passkeys, such as `https://acme.com`: it
    /// is Logto's own by default.
    pub fn origin(mut self, origin: impl IntoText) -> Self {
        self.origin = Some(origin.into_text());
        self
    }

    /// Keeps the session in a browser's cookies, in place of a store of its own. Hand what Logto
    /// sets back to the browser, and go on with [`Client::resume_interaction`] at its next request.
    pub fn browser_cookies(mut self, cookies: &BrowserCookies) -> Self {
        self.cookies = Some(cookies.clone());
        self
    }

    /// The URL to send a browser to, for a sign-in on Logto's own pages, and what to keep until it
    /// comes back to the redirect URI.
    ///
    /// # Errors
    ///
    /// As those of [`begin`](Self::begin), as far as they are found before anything is sent.
    pub fn url(self) -> Result<(Url, PendingAuthorization)> {
        self.prepare()
    }

    /// Sends the request and begins the session.
    ///
    /// # Errors
    ///
    /// Before anything is sent: the redirect URI is none, or has a fragment; the client id or the
    /// secret is empty. From Logto: it does not know the application or the redirect URI, or does
    /// not allow the event. Besides, when the browser's user is signed in already and `prompt` does
    /// not ask for `login`: [`authorize`](Self::authorize) gives what there is then.
    pub async fn begin(self) -> Result<SignInFlow<E>> {
        self.authorize().await?.start().await
    }

    /// Sends the request, and begins nothing yet: there are cookies, and no interaction in them.
    /// Where the browser's user is signed in already, Logto may have nothing to ask:
    /// [`InteractionHandle::completed`].
    ///
    /// # Errors
    ///
    /// As those of [`begin`](Self::begin), but for a user who is signed in already. With the prompt
    /// `none`, an error that [`is_sign_in_refused`](Error::is_sign_in_refused) where Logto would
    /// have to ask.
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

    /// Checks all that can be checked before anything is sent.
    pub(super) fn prepare(&self) -> Result<(Url, PendingAuthorization)> {
        self.app()?;
        let asked = self.asked()?;
        let pending = PendingAuthorization::new(&self.client_id, &self.redirect_uri, asked)?;
        Ok((self.url_for(&pending)?, pending))
    }

    pub(super) fn app(&self) -> Result<App> {
        App::new(self.client_id.clone(), self.client_secret.clone())
    }

    /// What the answer will be held against.
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
                "the parameter `{name}` is the session's own: it cannot be set besides"
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
