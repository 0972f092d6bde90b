//! The serializable form of a user's tokens.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{App, UserTokens, api_tokens::ApiToken, grant::Grant, id_token};
use crate::{
    Client, Result, Timestamp, auth::Fetched, error::AuthFailure, models::redacted::redacted_debug,
    store::Slot,
};

/// A user's tokens in serializable form, to store between requests: from [`UserTokens::to_stored`],
/// and back with [`restore`](Self::restore).
///
/// Put it in a session store that nobody else can read or write: whoever has it can act as the
/// user, and its content is trusted. `Debug` shows no tokens.
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
    /// The API resources of the authorization request, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resources: Option<Vec<String>>,
    /// Those for APIs and organizations, where processes share the session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) api_tokens: Vec<ApiToken>,
}

redacted_debug!(StoredTokens { client_id, expires_at, scope, resources } hides {
    access_token, refresh_token, id_token,
});

impl StoredTokens {
    /// Restores the tokens, to use and refresh them. Nothing is sent.
    ///
    /// `client_secret` is the secret of the application that the user signed in to; native and
    /// single-page applications have none. Restore stored tokens only once at a time: if two
    /// refresh the same refresh token more than three seconds apart, Logto ends the user's session.
    /// To share them between processes, use [`UserSessions`](crate::sign_in::UserSessions).
    ///
    /// # Errors
    ///
    /// When the secret is empty, and when the stored ID token cannot be read.
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

    /// The access token, as a source gives it.
    pub(super) fn fetched(&self, now: SystemTime) -> Result<Fetched, AuthFailure> {
        let scope = Some(self.scope.clone()).filter(|scope| !scope.is_empty());
        Fetched::kept(&self.access_token, self.expires_at.since(now), scope)
    }

    /// Whether it has a refresh token.
    pub(super) fn renews(&self) -> bool {
        self.refresh_token.is_some()
    }
}
