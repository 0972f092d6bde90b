//! The end of a flow: from Logto's acceptance to the user's tokens.

use std::borrow::Cow;

use super::{
    ConsentRequest, UserTokens,
    interaction::{Authorization, Interaction},
    redirects::{self, RedirectTarget},
};
use crate::{Error, Result, oidc, reqwest::Url};

/// Logto has accepted the sign-in, or the user's consent. Get the [`tokens`](Self::tokens) next.
#[derive(Clone)]
pub struct Completed {
    interaction: Interaction,
    redirect_to: String,
    /// Whether Logto continues with the interaction that was begun: it opens another one to ask for
    /// consent.
    is_first: bool,
}

/// Where following Logto's redirects has led.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RedirectOutcome {
    /// To the application's redirect URI, with an authorization code.
    Callback(Callback),
    /// To the consent page: a third-party application asks for the user's consent.
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

    /// Where to send a browser that has the flow's cookies. Logto redirects it to the application's
    /// redirect URI.
    pub fn redirect_to(&self) -> &str {
        &self.redirect_to
    }

    /// Follows Logto's redirects and exchanges the authorization code for the user's tokens.
    ///
    /// # Errors
    ///
    /// - When the cookies belong to another flow, and when Logto redirects to another origin.
    /// - When Logto asks for the user's consent, as it does for third-party applications:
    ///   [`follow_redirects`](Self::follow_redirects) returns the request.
    /// - [`is_invalid_token`](Error::is_invalid_token): the ID token is not valid.
    /// - When the interaction was resumed without its authorization request, which the code
    ///   exchange needs.
    pub async fn tokens(&self) -> Result<UserTokens> {
        match self.follow_redirects().await? {
            RedirectOutcome::Callback(callback) => callback.tokens().await,
            RedirectOutcome::Consent(_) => Err(Error::request(
                "Logto asks the user to consent to what the application requests: call \
                 `follow_redirects()`, show it to the user, and `grant()` it",
            )),
        }
    }

    /// Follows Logto's redirects up to the redirect URI, to which nothing is sent, or to the
    /// request for the user's consent.
    ///
    /// # Errors
    ///
    /// The same as [`tokens`](Self::tokens).
    pub async fn follow_redirects(&self) -> Result<RedirectOutcome> {
        let (interaction, start) = (&self.interaction, &self.redirect_to);
        let Some(known) = interaction.authorization() else {
            return Err(Error::request(
                "the interaction was resumed without its authorization request: send the browser \
                 to `redirect_to()`, or pass what `pending()` returned to \
                 `InteractionHandle::authorization`",
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

/// Logto uses the address of the request in its redirects, which may not be the one that browsers
/// use.
fn for_browser(interaction: &Interaction, redirect_to: String) -> String {
    let Ok(url) = Url::parse(&redirect_to) else {
        return redirect_to;
    };
    match interaction.client().target().public_url(&url) {
        Cow::Borrowed(_) => redirect_to,
        Cow::Owned(seen) => seen.into(),
    }
}

/// The redirect to the application, with an authorization code.
#[derive(Clone)]
pub struct Callback {
    interaction: Interaction,
    url: Url,
}

impl Callback {
    /// The redirect URI with code and state: a secret. Send a browser there if the application
    /// exchanges the code by itself.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Exchanges the authorization code for the user's tokens. It can be used once: Logto rejects a
    /// second use and revokes the tokens issued for the first.
    ///
    /// # Errors
    ///
    /// The same as [`Completed::tokens`].
    pub async fn tokens(&self) -> Result<UserTokens> {
        let Some(Authorization { app, pending }) = self.interaction.authorization() else {
            return Err(Error::request(
                "the interaction was resumed without its authorization request",
            ));
        };
        oidc::redeem(self.interaction.client(), app, pending, &self.url).await
    }
}

plain_debug!(Completed, Callback);
