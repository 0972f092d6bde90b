//! Sessions of users that the processes of a fleet share.

use std::{fmt, sync::Arc, time::Duration};

use super::{StoredTokens, UserTokens};
use crate::{
    Client, Error, Result, TokenStore,
    error::AuthFailure,
    setters::IntoText,
    store::{SharedStore, Slot, StoreError},
};

/// Before each key.
const PREFIX: &str = "user:";
/// No refresh token of Logto's lives longer than 180 days.
const LONGEST: Duration = Duration::from_secs(180 * 86_400);

/// Sessions of users, whose tokens are kept in a [`TokenStore`] and shared by the processes of a
/// fleet: each session is renewed by one of them, and no refresh token is used that another has
/// replaced.
///
/// Sessions have ids of your own, such as those of a cookie. What comes of
/// [`insert`](Self::insert) and [`get`](Self::get) are [`UserTokens`] as others are: their clients,
/// [`refresh`](UserTokens::refresh) and [`for_resource`](UserTokens::for_resource) wait for each other across
/// processes, and [`revoke`](UserTokens::revoke) removes the session. Get them at each request, or keep
/// them: what another process has renewed is found when a renewal is due.
///
/// Tokens for APIs and organizations are kept with the session, at most 32: what one process has got,
/// the others use until it expires.
///
/// - A process that crashes in the middle of a renewal holds up the others for five seconds. They go
///   on with the tokens that there are; once these have expired, the next renewal is a try, as after a
///   response that was lost.
/// - A process that stands still, and goes on when others have renewed, sends no refresh token: its turn
///   is checked when the body of the request is written.
/// - While the store is down, tokens that are good go on, and nothing is renewed: such an error
///   [`is_auth`](Error::is_auth) and [`is_transient`](Error::is_transient). Tokens that were
///   renewed and could not be kept are kept at the next renewal.
///
/// ```no_run
/// # async fn run(logto: logto_api::Client, tokens: logto_api::sign_in::UserTokens) -> logto_api::Result<()> {
/// use logto_api::{MemoryTokenStore, sign_in::UserSessions};
///
/// let sessions = UserSessions::new(&logto, MemoryTokenStore::new()).client_secret("web-app-secret");
/// sessions.insert("session-id", &tokens).await?; // when the user has signed in
///
/// if let Some(tokens) = sessions.get("session-id").await? { // at each request
///     println!("{:?}", tokens.user_info().await?.username);
///     tokens.revoke().await?; // at the end
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct UserSessions {
    client: Client,
    store: SharedStore,
    client_secret: Option<String>,
}

impl UserSessions {
    /// Sessions that are kept in this store.
    pub fn new(client: &Client, store: impl TokenStore) -> Self {
        let store = SharedStore(Arc::new(store));
        Self { client: client.clone(), store, client_secret: None }
    }

    /// The secret of the application that users sign in to; native and single-page applications have
    /// none.
    #[must_use]
    pub fn client_secret(mut self, secret: impl IntoText) -> Self {
        self.client_secret = Some(secret.into_text());
        self
    }

    /// Keeps the tokens of a user who has just signed in under this id, in place of any that it had.
    /// Go on with the tokens that it returns: those that were given do not know of the store.
    ///
    /// # Errors
    ///
    /// When the store fails ([`Error::is_auth`]), and as those of [`StoredTokens::restore`].
    pub async fn insert(&self, id: &str, tokens: &UserTokens) -> Result<UserTokens> {
        let (slot, set) = (self.slot(id)?, tokens.to_stored());
        slot.put(&set).await.map_err(|error| self.failed("the session was not kept", error))?;
        self.tokens(slot, set)
    }

    /// The tokens of this session, if it goes on.
    ///
    /// # Errors
    ///
    /// As those of [`insert`](Self::insert).
    pub async fn get(&self, id: &str) -> Result<Option<UserTokens>> {
        let slot = self.slot(id)?;
        let set = slot.load().await.map_err(|error| self.failed("the session is not known", error));
        set?.map(|set| self.tokens(slot, set)).transpose()
    }

    /// Removes this session, and whether there was one. Its tokens stay good: to sign a user out,
    /// [revoke](UserTokens::revoke) them, which removes the session as well.
    ///
    /// # Errors
    ///
    /// When the store fails ([`Error::is_auth`]).
    pub async fn remove(&self, id: &str) -> Result<bool> {
        let removed = self.slot(id)?.remove().await;
        removed.map_err(|error| self.failed("the session was not removed", error))
    }

    fn slot(&self, id: &str) -> Result<Slot<StoredTokens>> {
        match id.is_empty() {
            true => Err(Error::request("the session's id is empty")),
            false => Ok(Slot::new(self.store.clone(), format!("{PREFIX}{id}"), |_| LONGEST)),
        }
    }

    fn tokens(&self, slot: Slot<StoredTokens>, set: StoredTokens) -> Result<UserTokens> {
        set.restore_shared(&self.client, self.client_secret.as_deref(), Some(slot))
    }

    fn failed(&self, what: &str, error: StoreError) -> Error {
        let failure = AuthFailure::of_store(&format!("the token store failed: {what}"), error);
        self.client.auth_error(&failure)
    }
}

impl fmt::Debug for UserSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSessions").field("store", &self.store).finish_non_exhaustive()
    }
}
