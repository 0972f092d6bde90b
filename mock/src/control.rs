//! What a test does to the mock beside what users and tenants do: time, state, devices.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    Mock,
    rules::devices,
    setup::check_user,
    state::{State, custom_claims::CustomClaims},
};

/// The state of a mock at some time: [`Mock::snapshot`].
pub struct Snapshot(Box<State>);

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

impl Mock {
    /// Moves the clock of the mock forward: codes, tokens and sessions age by this much.
    pub fn advance(&self, time: Duration) {
        self.store.lock().advance(time);
    }

    /// Saves the whole state, for [`restore`](Self::restore).
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Box::new(self.store.lock().clone()))
    }

    /// Returns to a state, including the clock, IDs and recorded requests. A snapshot of another mock
    /// is taken over except for the endpoint. Tokens that applications got for themselves (client
    /// credentials) stay valid, so that a client outlives it; [`revoke_tokens`](Self::revoke_tokens)
    /// ends them.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.server.refuse(snapshot.0.faults.refuses);
        self.store.restore(&snapshot.0);
    }

    /// Returns to the state at the start, with the seed. As with [`restore`](Self::restore), tokens
    /// that applications got for themselves stay valid.
    pub fn reset(&self) {
        self.store.reset();
        self.server.refuse(self.store.lock().faults.refuses);
    }

    /// Has a closure do what a tenant's script for custom claims does: it is given `token` and
    /// `context` (`application`, and `user` and `organization` where there are such), and says
    /// what is added to each access token from now on, or that there is to be none. The operation
    /// that tries a script asks it, too; which kind of token it is about is in `token.kind`.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// use logto_mock::CustomClaims;
    /// use serde_json::json;
    ///
    /// let mock = logto_mock::Mock::start().await?;
    /// mock.set_custom_claims(|told| {
    ///     let name = told["context"]["user"]["username"].clone();
    ///     CustomClaims::Add([("login".to_owned(), json!({ "name": name }))].into_iter().collect())
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_custom_claims(
        &self,
        claims: impl Fn(&Value) -> CustomClaims + Send + Sync + 'static,
    ) {
        self.store.lock().custom_claims = Some(Arc::new(claims));
    }

    /// Does what a user does at `/device`: lets the device with this code act for them. Says
    /// whether there was such a code, and nobody had answered it.
    ///
    /// # Panics
    ///
    /// When there is no user of this id.
    #[track_caller]
    pub fn approve_device(&self, user_code: &str, user_id: &str) -> bool {
        let state = &mut *self.store.lock();
        check_user(state, user_id);
        devices::answer(state, user_code, Some(user_id))
    }

    /// Does what a user does at `/device` who does not know the device. Says whether there was
    /// such a code, and nobody had answered it.
    pub fn deny_device(&self, user_code: &str) -> bool {
        devices::answer(&mut self.store.lock(), user_code, None)
    }

    /// Makes a device's code too old. Says whether there was such a code, and nobody had answered
    /// it.
    pub fn expire_device(&self, user_code: &str) -> bool {
        devices::expire(&mut self.store.lock(), user_code)
    }
}
