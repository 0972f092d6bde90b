//! Revoking a user's tokens (RFC 7009).

use super::grant::Grant;
use crate::{Result, auth::attempts, error::AuthFailure, http::runtimes};

impl Grant {
    /// Revokes the refresh token and everything issued for it, or the access token if there is
    /// none.
    pub(super) async fn revoke(&self) -> Result<()> {
        runtimes::check()?;
        let _guard = self.refresh_lock.acquire(self.client.clock()).await;
        let outcome = match &self.shared {
            None => self.revoke_newest().await,
            Some(slot) => {
                let lease = self.begin_revoking(slot).await;
                match lease.map_err(|failure| self.client.auth_error(&failure))? {
                    None => self.revoke_newest().await,
                    Some(lease) => {
                        let outcome = lease.during(self.revoke_newest()).await;
                        let done = self.finish_revoking(slot, lease, outcome.is_ok()).await;
                        outcome.and(done)
                    }
                }
            }
        };
        outcome.map_err(|failure| self.client.auth_error(&failure))
    }

    async fn revoke_newest(&self) -> Result<(), AuthFailure> {
        let (token, hint) = {
            let newest = self.newest();
            match &newest.refresh_token {
                Some(token) => (token.clone(), "refresh_token"),
                None => (newest.access_token.clone(), "access_token"),
            }
        };
        let form = [("token", token.as_str()), ("token_type_hint", hint)];
        attempts(self.client.retries(), true, None, || self.endpoint.revoke(&form)).await?;
        self.end();
        Ok(())
    }
}
