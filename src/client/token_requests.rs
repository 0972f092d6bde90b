//! Requests to the token endpoint and those beside it, which are no calls of an operation.

use crate::{Client, Error, Result, auth::attempts, error::AuthFailure};
#[cfg(feature = "sign-in")]
use crate::{
    auth::{Granted, TokenEndpoint},
    http::trace,
};

impl Client {
    /// Where an application that users sign in to gets their tokens.
    #[cfg(feature = "sign-in")]
    pub(crate) fn token_endpoint_of(
        &self,
        app_id: String,
        app_secret: Option<String>,
    ) -> Result<TokenEndpoint> {
        Ok(TokenEndpoint {
            transport: self.transport().clone(),
            url: self.target().join("/oidc/token")?,
            app_id,
            app_secret,
            user_agent: self.user_agent().clone(),
            timeout: self.attempt_timeout(),
        })
    }

    /// Asks within the time that a call may take, again as the client's policy allows. What is not
    /// `idempotent` is only asked for again if nothing was sent.
    pub(crate) async fn ask<T, F>(
        &self,
        idempotent: bool,
        ask: impl Fn() -> F,
    ) -> Result<T, AuthFailure>
    where
        F: Future<Output = Result<T, AuthFailure>>,
    {
        let deadline = self.clock().now().checked_add(self.timeout());
        attempts(self.retries(), idempotent, deadline, ask).await
    }

    /// What the token endpoint responded with for a user, which is traced.
    #[cfg(feature = "sign-in")]
    pub(crate) fn obtained(&self, outcome: Result<Granted, AuthFailure>) -> Result<Granted> {
        trace::token(outcome.as_ref().map(|granted| granted.token.lifetime));
        outcome.map_err(|failure| self.auth_error(&failure))
    }

    /// The error of a failure that has just happened.
    pub(crate) fn auth_error(&self, failure: &AuthFailure) -> Error {
        failure.to_error(self.clock().wall_time())
    }
}
