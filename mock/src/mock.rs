use std::{fmt, time::Duration};

use crate::{
    builder::MockBuilder,
    requests::Requests,
    rules::{
        apps::{App, POST_LOGOUT_REDIRECT_URI, REDIRECT_URI, RESOURCE},
        formats,
    },
    server::Server,
    state::{
        Store,
        keys::Algorithm,
        user::{Password, User},
    },
};

/// A running mock of Logto. Dropping it closes its port and connections.
///
/// Methods that name a user or an operation which does not exist panic, so that a test fails where
/// the mistake is.
pub struct Mock {
    pub(crate) store: Store,
    pub(crate) endpoint: String,
    pub(crate) m2m: App,
    pub(crate) web: App,
    pub(crate) spa: App,
    pub(crate) third_party: App,
    pub(crate) native: App,
    pub(crate) device: App,
    pub(crate) server: Server,
}

impl Mock {
    /// Starts a mock on a free loopback port.
    ///
    /// # Errors
    ///
    /// When the operating system gives no port, thread or randomness.
    pub async fn start() -> std::io::Result<Self> {
        Self::builder().start().await
    }

    /// Settings for a mock: what it holds at the start, its port, its release.
    pub fn builder() -> MockBuilder {
        MockBuilder::default()
    }

    /// The id of the user with this username.
    #[must_use]
    pub fn user_id(&self, username: &str) -> Option<String> {
        self.store.lock().users.find_by("username", username).map(|user| user.id.clone())
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The id of a machine-to-machine application that may use the whole Management API.
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.m2m.id
    }

    /// The secret of the machine-to-machine application.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        self.m2m.secret()
    }

    /// The resource indicator of the Management API.
    #[must_use]
    pub fn resource(&self) -> &'static str {
        RESOURCE
    }

    /// The id of a traditional web application: it authenticates with
    /// [`web_app_secret`](Self::web_app_secret); PKCE is optional.
    #[must_use]
    pub fn web_app_id(&self) -> &str {
        &self.web.id
    }

    /// The secret of the traditional web application.
    #[must_use]
    pub fn web_app_secret(&self) -> &str {
        self.web.secret()
    }

    /// The id of a single-page application: it has no secret and must use PKCE.
    #[must_use]
    pub fn spa_app_id(&self) -> &str {
        &self.spa.id
    }

    /// The id of a third party's web application: its users are asked at `/consent` what it may
    /// learn of them, for which all scopes of users are enabled. It authenticates with
    /// [`third_party_app_secret`](Self::third_party_app_secret).
    #[must_use]
    pub fn third_party_app_id(&self) -> &str {
        &self.third_party.id
    }

    /// The secret of the third party's application.
    #[must_use]
    pub fn third_party_app_secret(&self) -> &str {
        self.third_party.secret()
    }

    /// The id of a native application: it has no secret and must use PKCE. It may take users to
    /// `http://localhost/callback` and `http://127.0.0.1/callback`, on any port.
    #[must_use]
    pub fn native_app_id(&self) -> &str {
        &self.native.id
    }

    /// The id of a native application that signs users in by device codes (RFC 8628).
    #[must_use]
    pub fn device_app_id(&self) -> &str {
        &self.device.id
    }

    /// Where the applications that sign users in may take them after signing out.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> &'static str {
        POST_LOGOUT_REDIRECT_URI
    }

    /// The redirect URI registered for the applications that sign users in.
    #[must_use]
    pub fn redirect_uri(&self) -> &'static str {
        REDIRECT_URI
    }

    /// Adds a user who can sign in with this username and password, and returns the ID.
    ///
    /// # Panics
    ///
    /// When the username is invalid, or another user has it.
    #[track_caller]
    pub fn add_user(&self, username: &str, password: &str) -> String {
        let mut state = self.store.lock();
        assert!(
            formats::is_username(username),
            "{username:?} is no username: give letters, digits and underscores, no digit first"
        );
        assert!(
            state.users.find_by("username", username).is_none(),
            "there is a user {username:?} already: `user_id` gives the id"
        );
        let id = state.ids.user();
        let mut user = User::new(&id);
        user.set("username", username.into());
        user.password = Some(Password::Plain(password.to_owned()));
        state.users.add(user);
        id
    }

    /// How many requests the token endpoint has had, refused ones included.
    #[must_use]
    pub fn token_requests(&self) -> usize {
        self.store.lock().token_requests
    }

    /// The requests so far, in order of arrival: the newest 5,000 at least, refused ones included.
    #[must_use]
    pub fn requests(&self) -> Requests {
        Requests::new(self.store.lock().requests.clone())
    }

    /// Makes every access token issued so far invalid; refresh tokens stay good.
    pub fn revoke_tokens(&self) {
        self.store.lock().tokens.revoke_access();
    }

    /// Signs tokens with another key from now on. `/oidc/jwks` goes on to show the key before it, as
    /// a real server does: after two rotations, what the first key signed can no longer be checked.
    pub fn rotate_signing_key(&self) {
        let mut state = self.store.lock();
        let id = state.ids.standard();
        state.keys.rotate(&id, Algorithm::Ec);
    }

    /// Signs tokens with an RSA key from now on (RS256), as a server does after a rotation to RSA.
    pub fn rotate_to_rsa_signing_key(&self) {
        let mut state = self.store.lock();
        let id = state.ids.standard();
        state.keys.rotate(&id, Algorithm::Rsa);
    }

    /// Shows only the newest key at `/oidc/jwks`: tokens that others have signed cannot be
    /// checked any more.
    pub fn forget_old_signing_keys(&self) {
        self.store.lock().keys.forget_old();
    }

    /// How long access tokens issued from now on are good for (an hour at first).
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.store.lock().tokens.lifetime = lifetime;
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
