//! What a test does to the stand-in beside what users and tenants do: its time, its state, its
//! tokens.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    Mock,
    rules::devices,
    setup::check_user,
    state::{State, custom_claims::CustomClaims},
};

/// What a stand-in knew at some time, to go back to: [`Mock::snapshot`].
pub struct Snapshot(Box<State>);

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

impl Mock {
    /// Puts the stand-in's clock forward: codes, tokens and sessions get older by this much.
    pub fn advance(&self, time: Duration) {
        self.store.lock().advance(time);
    }

    /// Keeps all that the stand-in knows now, for [`restore`](Self::restore).
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Box::new(self.store.lock().clone()))
    }

    /// Goes back to what the stand-in knew, as if nothing had happened since: its clock, its ids
    /// and the requests that it has recorded, too. A snapshot of another stand-in is taken over
    /// but for the address. Tokens that applications have got for themselves stay good, so that a
    /// [`client`](Self::client) goes on; [`revoke_tokens`](Self::revoke_tokens) ends them.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.server.refuse(snapshot.0.faults.refuses);
        self.store.restore(&snapshot.0);
    }

    /// Goes back to what the stand-in knew when it was started, after its seed if it had one. As
    /// after [`restore`](Self::restore), the tokens that applications have got for themselves stay
    /// good.
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
