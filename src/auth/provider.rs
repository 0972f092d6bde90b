//! Access tokens from users of this crate.

use crate::error::{AuthFailure, Cause, Details};
use std::{error::Error as StdError, fmt};

use super::{
    AccessToken, Bearer,
    source::{Fetched, Pending, TokenSource},
};

/// A source of access tokens for the client: a vault, a sidecar, a session of your own.
///
/// A token with a lifetime ([`AccessToken::expires_in`]) is cached and renewed before it expires,
/// like those that the client fetches itself. Without one, the provider is called for every
/// request, and should cache the token; concurrent requests share a call. When the server rejects a
/// token with 401, the provider is called once more and the request is retried.
///
/// An error of the provider becomes an [`Error`](crate::Error) that
/// [`is_auth`](crate::Error::is_auth). Its message is not printed, because it may contain a secret:
/// it is the error's [`source`](StdError::source).
///
/// ```no_run
/// use std::{error::Error, time::Duration};
///
/// use logto_api::{AccessToken, Client, TokenProvider};
///
/// struct FromFile;
///
/// impl TokenProvider for FromFile {
///     async fn token(&self) -> Result<AccessToken, Box<dyn Error + Send + Sync>> {
///         let token = tokio::fs::read_to_string("/run/secrets/logto").await?;
///         Ok(AccessToken::new(token).expires_in(Duration::from_secs(600)))
///     }
/// }
///
/// # fn main() -> logto_api::Result<()> {
/// let logto = Client::builder("https://acme.logto.app").token_provider(FromFile).build()?;
/// # Ok(())
/// # }
/// ```
pub trait TokenProvider: Send + Sync + 'static {
    /// Returns a valid token.
    fn token(
        &self,
    ) -> impl Future<Output = Result<AccessToken, Box<dyn StdError + Send + Sync>>> + Send;
}

/// A provider as a token source.
pub(crate) struct ProviderSource<P>(pub(crate) P);

impl<P: TokenProvider> TokenSource for ProviderSource<P> {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(async {
            let token = self.0.token().await.map_err(|error| {
                AuthFailure::from(Details {
                    problem: "the token provider failed".to_owned(),
                    cause: Cause::Provider(error),
                    ..Details::default()
                })
            })?;
            let bearer = Bearer::new(token.secret()).map_err(|_| {
                AuthFailure::new(
                    "the token provider returned a token that is empty or contains a character \
                     that tokens cannot have",
                )
            })?;
            Ok(Fetched { bearer, lifetime: token.lifetime(), scope: None })
        })
    }
}

impl<P> fmt::Debug for ProviderSource<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenProvider")
    }
}
