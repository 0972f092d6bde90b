//! Resuming an interaction.

use std::fmt;

use reqwest::{Url, header::HeaderValue};

use super::{
    Completed, ConsentRequest, Identified, NextStep, SignInFlow,
    app_setters::app_setters,
    event::{Event, ForgotPassword, Register, SignIn, SignsIn},
    interaction::{Authorization, Interaction},
    next_step::Step,
};
use crate::{
    BrowserCookies, Client, Error, Result,
    models::InteractionEvent,
    oidc::{self, App, PendingAuthorization},
};

/// An interaction with Logto that cookies identify, from which a [`SignInFlow`] can be made.
///
/// [`Client::resume_interaction`] finds it in a browser's cookies,
/// [`authorize`](super::AuthorizationRequest::authorize) opens a new one.
///
/// ```no_run
/// # async fn run(
/// #     logto: logto_api::Client,
/// #     request: logto_api::reqwest::header::HeaderMap,
/// #     pending: logto_api::sign_in::PendingAuthorization,
/// # ) -> logto_api::Result<()> {
/// use logto_api::{BrowserCookies, sign_in::{Identifier, ResumedState}};
///
/// let cookies = BrowserCookies::from_headers(request.get_all("cookie"));
/// if let ResumedState::SignIn(flow) = logto.resume_interaction(&cookies).authorization(pending).resume().await? {
///     flow.password(Identifier::username("alice"), "pw").await?;
/// }
/// let set_cookies = cookies.set_cookies();
/// # Ok(())
/// # }
/// ```
///
/// Clones are the same interaction: keep one if beginning a flow may fail, for example because of a
/// captcha.
#[derive(Clone)]
#[must_use = "nothing is sent until a session is made of it"]
pub struct InteractionHandle {
    client: Client,
    pending: Option<PendingAuthorization>,
    /// Where Logto continues without asking for anything.
    completed: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) captcha_token: Option<String>,
    pub(super) origin: Option<String>,
}

/// The state of an interaction that was resumed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResumedState {
    /// The user is about to sign in.
    SignIn(SignInFlow<SignIn>),
    /// The user is about to register.
    Register(SignInFlow<Register>),
    /// The user is about to reset the password.
    ForgotPassword(SignInFlow<ForgotPassword>),
    /// Logto has identified the user, or did not have to ask ([`NextStep::Completed`]).
    Identified(NextStep),
}

impl Client {
    /// Resumes the interaction that a browser's cookies identify, on your own sign-in page.
    ///
    /// The browser got the cookies from Logto, or from your server, which began a flow with
    /// [`browser_cookies`](super::AuthorizationRequest::browser_cookies).
    pub fn resume_interaction(&self, cookies: &BrowserCookies) -> InteractionHandle {
        InteractionHandle::of(&self.with_browser_cookies(cookies))
    }
}

impl InteractionHandle {
    pub(super) fn of(client: &Client) -> Self {
        Self {
            client: client.clone(),
            pending: None,
            completed: None,
            client_secret: None,
            captcha_token: None,
            origin: None,
        }
    }

    /// The pending authorization request, if it was yours: with it, the flow can end in tokens.
    /// Without it, send the browser to [`Completed::redirect_to`] at the end.
    pub fn authorization(mut self, pending: PendingAuthorization) -> Self {
        self.pending = Some(pending);
        self
    }

    /// The pending authorization request, if it is yours.
    pub fn pending(&self) -> Option<&PendingAuthorization> {
        self.pending.as_ref()
    }

    /// The end of the flow, if Logto did not have to ask for anything: the browser's user is signed
    /// in at Logto already, and `prompt` does not include `login`.
    ///
    /// ```no_run
    /// # async fn run(
    /// #     logto: logto_api::Client,
    /// #     cookies: logto_api::BrowserCookies,
    /// # ) -> logto_api::Result<()> {
    /// let request = logto.sign_in("web-app-id", "https://acme.com/callback");
    /// let silent = request.client_secret("…").browser_cookies(&cookies).prompt("none");
    /// match silent.authorize().await {
    ///     Ok(opened) => {
    ///         if let Some(done) = opened.completed() {
    ///             let tokens = done.tokens().await?;
    ///         }
    ///     }
    ///     Err(error) if error.is_sign_in_refused() => println!("ask the user: {error}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn completed(&self) -> Option<Completed> {
        let redirect_to = self.completed.clone()?;
        let interaction = self.clone().any_interaction().ok()?;
        Some(Completed::new(&interaction, redirect_to))
    }

    /// All operations of the Experience API, with the cookies of the interaction.
    pub fn experience(&self) -> crate::experience::Experience {
        self.client.experience()
    }

    /// Begins a sign-in. Everything verified so far in the interaction is discarded.
    ///
    /// # Errors
    ///
    /// When the cookies identify no interaction ([`Error::is_session_ended`]), when they belong to
    /// another flow, and when the captcha token is rejected.
    pub async fn sign_in(self) -> Result<SignInFlow<SignIn>> {
        self.start().await
    }

    /// Begins a registration. Everything verified so far in the interaction is discarded.
    ///
    /// # Errors
    ///
    /// The same as [`sign_in`](Self::sign_in).
    pub async fn register(self) -> Result<SignInFlow<Register>> {
        self.start().await
    }

    /// Begins a password reset. Everything verified so far in the interaction is discarded.
    ///
    /// # Errors
    ///
    /// The same as [`sign_in`](Self::sign_in).
    pub async fn forgot_password(self) -> Result<SignInFlow<ForgotPassword>> {
        self.start().await
    }

    /// Resumes the interaction in its current state.
    ///
    /// # Errors
    ///
    /// When there is no interaction in the cookies, or none has been begun
    /// ([`Error::is_session_ended`]), and when they are those of another flow. A Logto older
    /// than 1.31 cannot be asked where an interaction is ([`Error::is_unsupported_operation`]): with it, go on
    /// from what you know, with [`flow`](Self::flow) or [`identified`](Self::identified).
    pub async fn resume(self) -> Result<ResumedState> {
        if let Some(completed) = self.completed() {
            return Ok(ResumedState::Identified(NextStep::Completed(completed)));
        }
        let interaction = self.interaction()?;
        let state = interaction.state().await?;
        if state.user_id.is_some() {
            return Ok(ResumedState::Identified(
                Step::new(&interaction, state.interaction_event).identified(),
            ));
        }
        Ok(match state.interaction_event {
            InteractionEvent::Register => ResumedState::Register(SignInFlow::new(interaction)),
            InteractionEvent::ForgotPassword => {
                ResumedState::ForgotPassword(SignInFlow::new(interaction))
            }
            InteractionEvent::SignIn => ResumedState::SignIn(SignInFlow::new(interaction)),
            InteractionEvent::Unknown(_) => {
                return Err(Error::request(
                    "the interaction's event is unknown to this version of the crate: call its \
                     operations directly",
                ));
            }
        })
    }

    /// A flow that has begun, as you know from an earlier request. Nothing is sent.
    ///
    /// ```no_run
    /// # async fn run(handle: logto_api::sign_in::InteractionHandle) -> logto_api::Result<()> {
    /// use logto_api::sign_in::{Identifier, SignIn};
    ///
    /// let flow = handle.flow::<SignIn>()?;
    /// flow.password(Identifier::username("alice"), "pw").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the cookies belong to another flow.
    pub fn flow<E: Event>(self) -> Result<SignInFlow<E>> {
        Ok(SignInFlow::new(self.interaction()?))
    }

    /// An identified user, as you know from an earlier request. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When the cookies belong to another flow.
    pub fn identified<E: SignsIn>(self) -> Result<Identified> {
        Ok(self.flow::<E>()?.known())
    }

    /// The request for the user's consent, for a page of your own. A flow of a third-party
    /// application leads to it.
    ///
    /// # Errors
    ///
    /// When Logto asks for no consent in the interaction that the cookies identify
    /// ([`Error::is_session_ended`]).
    pub async fn consent(self) -> Result<ConsentRequest> {
        // Logto asks in an interaction of its own, which the authorization does not know.
        ConsentRequest::load(&self.any_interaction()?).await
    }

    pub(super) async fn start<E: Event>(mut self) -> Result<SignInFlow<E>> {
        if self.completed.is_some() {
            return Err(signed_in_already());
        }
        let captcha_token = self.captcha_token.take();
        self.interaction()?.start(captcha_token).await
    }

    /// Handles the redirect of the authorization endpoint, which opened the interaction.
    pub(super) async fn arrive_at(&mut self, page: Option<&Url>) -> Result<()> {
        let Some(page) = page else {
            return Err(Error::request(
                "Logto did not respond to the authorization request with a sign-in page: check \
                 that the endpoint's address is Logto's. An HTTP client of your own must not \
                 follow redirects",
            ));
        };
        if let Some(pending) = &mut self.pending {
            if pending.is_callback(page) {
                // Either this fails with what Logto says, or the user has been signed in already.
                oidc::code(&self.client, pending, page).await?;
                self.completed = Some(page.to_string());
                return Ok(());
            }
            if self.client.target().path_of(page).is_none() {
                return Err(foreign_origin());
            }
            if page.path() == "/consent" {
                self.completed = Some(page.to_string());
            }
            if let Some(uid) = interaction_id(&self.client, pending.client_id()) {
                pending.set_interaction(uid);
            }
        }
        Ok(())
    }

    fn interaction(self) -> Result<Interaction> {
        if let Some(pending) = &self.pending {
            check_cookies(&self.client, pending)?;
        }
        self.any_interaction()
    }

    fn any_interaction(self) -> Result<Interaction> {
        let authorization = match self.pending {
            Some(pending) => {
                let app = App::new(pending.client_id().to_owned(), self.client_secret)?;
                Some(Authorization { app, pending })
            }
            None => None,
        };
        let client = match self.origin {
            None => self.client,
            Some(origin) => self.client.with_origin(header(&origin)?),
        };
        Ok(Interaction::new(client, authorization))
    }
}

pub(super) fn foreign_origin() -> Error {
    Error::callback(
        "Logto redirects to an origin other than the client's endpoint, where no cookies are sent: \
         build the client with the address that users see, or set that with `public_endpoint(…)`",
    )
}

fn signed_in_already() -> Error {
    Error::request(
        "the browser's user is signed in at Logto already, so no interaction is needed: get the \
         tokens with `authorize()` and its `completed()`, set the prompt `login consent` to have \
         the user sign in again, or send the browser to `url()`",
    )
}

/// Checks that a browser's cookies belong to the flow of the authorization request.
fn check_cookies(client: &Client, pending: &PendingAuthorization) -> Result<()> {
    let expected = pending.interaction();
    match interaction_id(client, pending.client_id()) {
        Some(found) if expected.is_some_and(|expected| expected != found) => {
            Err(super::mismatched_cookies())
        }
        _ => Ok(()),
    }
}

/// The id of an application's interaction, from the cookies.
fn interaction_id(client: &Client, client_id: &str) -> Option<String> {
    let url = client.target().public_join("/").ok()?;
    let value = client.cookies().get("_interaction", &url)?;
    let ids: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&value).ok()?;
    let id = ids.get(client_id).or_else(|| ids.get("_legacy"))?;
    Some(id.as_str()?.to_owned())
}

fn header(origin: &str) -> Result<HeaderValue> {
    let url = Url::parse(origin).ok().filter(|url| url.origin().is_tuple());
    let value = url.and_then(|url| HeaderValue::try_from(url.origin().ascii_serialization()).ok());
    value.ok_or_else(|| {
        Error::request(
            "the origin is not valid: it has to look like `https://acme.com`, without a path",
        )
    })
}

app_setters!(InteractionHandle);

impl fmt::Debug for InteractionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InteractionHandle")
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}
