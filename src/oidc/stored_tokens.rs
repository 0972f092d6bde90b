//! Tokens as they are kept.

use serde::{Deserialize, Serialize};

use super::{App, UserTokens, grant::Grant, id_token};
use crate::{Client, Result, Timestamp, models::values::redacted_debug, store::Slot};

/// The tokens of a user as they are kept between requests: by
/// [`UserTokens::to_stored`], and back by [`restore`](Self::restore).
///
/// It can be serialized: put it in a session store that nobody else reads or writes, for whoever
/// has it acts as the user, and what is in it is believed. `Debug` shows no tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTokens {
    pub(super) client_id: String,
    pub(super) access_token: String,
    pub(super) expires_at: Timestamp,
    pub(super) scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
    /// The API resources that the authorization request named, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resources: Option<Vec<String>>,
}

redacted_debug!(StoredTokens { client_id, expires_at, scope, resources } hides {
    access_token, refresh_token, id_token,
});

impl StoredTokens {
    /// The tokens, to be used and renewed again. Nothing is sent.
    ///
    /// `client_secret` is that of the application that the user signed in to; native and
    /// single-page applications have none. Restore a set once at a time: of two that renew the same
    /// refresh token, the one that comes more than three seconds later ends the user's session, as
    /// far as Logto has replaced it. Where several processes have it,
    /// [`UserSessions`](crate::sign_in::UserSessions) sees to that.
    ///
    /// # Errors
    ///
    /// When the secret is empty, and when the ID token in the set cannot be read.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client, kept: String) -> Result<(), Box<dyn std::error::Error>> {
    /// use logto_api::sign_in::StoredTokens;
    ///
    /// let kept: StoredTokens = serde_json::from_str(&kept)?;
    /// let tokens = kept.clone().restore(&logto, Some("client-secret"))?;
    /// println!("{}", tokens.user_info().await?.sub);
    /// if tokens.to_stored() != kept {
    ///     // They were renewed: keep these in place of the others.
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn restore(self, client: &Client, client_secret: Option<&str>) -> Result<UserTokens> {
        self.restore_shared(client, client_secret, None)
    }

    /// The tokens, which other processes may share.
    pub(crate) fn restore_shared(
        self,
        client: &Client,
        client_secret: Option<&str>,
        shared: Option<Slot<Self>>,
    ) -> Result<UserTokens> {
        let app = App::new(self.client_id.clone(), client_secret.map(str::to_owned))?;
        let claims = self.id_token.as_deref().map(id_token::read_again).transpose()?;
        Ok(UserTokens::first(Grant::shared(client, &app, self, shared)?, claims))
    }

    /// Whether it has a refresh token.
    pub(super) fn renews(&self) -> bool {
        self.refresh_token.is_some()
    }
}
