//! Tokens that users of this crate get by themselves.

use crate::error::{AuthFailure, Cause, Details};
use std::{error::Error as StdError, fmt};

use super::{
    AccessToken, Bearer,
    source::{Fetched, Pending, TokenSource},
};

/// Gives the client its tokens: from a vault, a sidecar, a session of your own.
///
/// A token that says how long it is good ([`AccessToken::expires_in`]) is kept for that long and
/// renewed ahead of its end, like those that the client fetches itself. For one that does not, the
/// provider is asked at every call, and does well to keep it; calls that ask at the same time share
/// the answer. When the server refuses a token with 401, the provider is asked once more and the
/// call repeated.
///
/// What the provider reports as an error becomes an [`Error`](crate::Error) that
/// [`is_auth`](crate::Error::is_auth). Its text is not printed, as it may hold a secret: it is the
/// error's [`source`](StdError::source).
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
    /// A token that is good now.
    fn token(
        &self,
    ) -> impl Future<Output = Result<AccessToken, Box<dyn StdError + Send + Sync>>> + Send;
}

/// The provider as a source, whatever its type.
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
                    "the token provider gave a token that is empty or has characters that no \
                     token has",
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
