//! The end of a session: from what Logto has accepted to the user's tokens.

use std::borrow::Cow;

use super::{
    ConsentRequest, UserTokens,
    interaction::{Authorization, Interaction},
    redirects::{self, RedirectTarget},
};
use crate::{Error, Result, oidc, reqwest::Url};

/// Logto has accepted what was submitted, or that the user consents.
#[derive(Clone)]
pub struct Completed {
    interaction: Interaction,
    redirect_to: String,
    /// Whether Logto goes on with the interaction that was begun: it opens another one to ask for
    /// consent.
    is_first: bool,
}

/// Where following Logto's redirects has led.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RedirectOutcome {
    /// Back to the application, with a code.
    Callback(Callback),
    /// To the user, who is to consent: the application is somebody else's.
    Consent(ConsentRequest),
}

impl Completed {
    pub(super) fn new(interaction: &Interaction, redirect_to: String) -> Self {
        let redirect_to = for_browser(interaction, redirect_to);
        Self { interaction: interaction.clone(), redirect_to, is_first: true }
    }

    pub(super) fn consented(interaction: &Interaction, redirect_to: String) -> Self {
        Self { is_first: false, ..Self::new(interaction, redirect_to) }
    }

    /// Where to send a browser that has the session's cookies: from there, Logto redirects it to
    /// the redirect URI.
    pub fn redirect_to(&self) -> &str {
        &self.redirect_to
    }

    /// Follows Logto's redirects, and gets the user's tokens for the code that they lead to.
    ///
    /// # Errors
    ///
    /// - When the cookies are another session's, and when Logto redirects to another origin.
    /// - When Logto asks for the user's consent, as it does for an application of somebody else's:
    ///   [`follow_redirects`](Self::follow_redirects) gives the question.
    /// - [`is_invalid_token`](Error::is_invalid_token): the ID token is not good.
    /// - When the session was attached without its authorization, so that nobody knows what the
    ///   code is for.
    pub async fn tokens(&self) -> Result<UserTokens> {
        match self.follow_redirects().await? {
            RedirectOutcome::Callback(callback) => callback.tokens().await,
            RedirectOutcome::Consent(_) => Err(Error::request(
                "Logto asks the user to consent to what the application wants: call `follow_redirects()`, \
                 show it to them, and `grant()` it",
            )),
        }
    }

    /// Follows Logto's redirects to the redirect URI, which nothing is sent to, or to the question
    /// for the user's consent.
    ///
    /// # Errors
    ///
    /// As those of [`tokens`](Self::tokens).
    pub async fn follow_redirects(&self) -> Result<RedirectOutcome> {
        let (interaction, start) = (&self.interaction, &self.redirect_to);
        let Some(known) = interaction.authorization() else {
            return Err(Error::request(
                "the session was attached without its authorization: send the browser to \
                 `redirect_to()`, or hand over what `pending()` gave by `InteractionHandle::authorization`",
            ));
        };
        if self.is_first {
            redirects::check_session(interaction.client(), &known.pending, start)?;
        }
        let arrival = redirects::follow(interaction.client(), &known.pending, start).await?;
        Ok(match arrival {
            RedirectTarget::Callback(url) => {
                RedirectOutcome::Callback(Callback { interaction: interaction.clone(), url })
            }
            RedirectTarget::Consent => {
                RedirectOutcome::Consent(ConsentRequest::load(interaction).await?)
            }
        })
    }
}

/// Logto names the address that it was asked at, which may not be one for browsers.
fn for_browser(interaction: &Interaction, redirect_to: String) -> String {
    let Ok(url) = Url::parse(&redirect_to) else {
        return redirect_to;
    };
    match interaction.client().target().public_url(&url) {
        Cow::Borrowed(_) => redirect_to,
        Cow::Owned(seen) => seen.into(),
    }
}

/// The way back to the application, with a code.
#[derive(Clone)]
pub struct Callback {
    interaction: Interaction,
    url: Url,
}

impl Callback {
    /// The redirect URI with the code and the state: a secret. Send a browser there if the
    /// application gets its tokens by itself.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Gets the user's tokens for the code. It is good once: a second use is refused, and Logto
    /// takes back the tokens that the first one gave.
    ///
    /// # Errors
    ///
    /// As those of [`Completed::tokens`].
    pub async fn tokens(&self) -> Result<UserTokens> {
        let Some(Authorization { app, pending }) = self.interaction.authorization() else {
            return Err(Error::request("the session was attached without its authorization"));
        };
        oidc::redeem(self.interaction.client(), app, pending, &self.url).await
    }
}

plain_debug!(Completed, Callback);
