//! Who is calling: credentials, the tokens obtained with them, and the keys of those that others
//! show.
//!
//! Uses `http` and `error`; `client` and what is above it use it.

mod attempts;
mod bearer;
mod cache;
mod endpoint;
mod grants;
mod hints;
#[cfg(feature = "jwks")]
mod jwks;
pub(crate) mod jwt;
#[cfg(test)]
mod model;
mod provider;
mod scope;
#[cfg(feature = "sign-in")]
mod send_condition;
mod shared;
mod source;
mod tasks;
mod token;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

#[cfg(any(feature = "sign-in", feature = "verify"))]
pub(crate) use self::attempts::attempts;
#[cfg(feature = "sign-in")]
pub(crate) use self::endpoint::Granted;
#[cfg(feature = "jwks")]
pub(crate) use self::jwks::{Jwks, NamedKey};
#[cfg(feature = "sign-in")]
pub(crate) use self::send_condition::SendCondition;
pub use self::{bearer::AccessToken, provider::TokenProvider};
pub(crate) use self::{
    bearer::Bearer,
    cache::TokenCache,
    endpoint::TokenEndpoint,
    grants::{
        ACCESS_TOKEN, ClientCredentials, PersonalAccessToken, Secret, SubjectTokenExchange,
        TokenExchange, TokenParameters,
    },
    provider::ProviderSource,
    source::{Fetched, Pending, TokenSource},
};
use crate::{
    Error, Result,
    error::AuthFailure,
    http::operation::{Api, Operation},
    store::SharedStore,
};

/// The credentials of a client.
#[derive(Debug)]
pub(crate) enum Credentials {
    None,
    Fixed(Bearer),
    /// The tokens of an application, which the Account API does not accept.
    App {
        tokens: TokenCache,
        endpoint: Arc<TokenEndpoint>,
        /// Where other processes share its tokens.
        store: Option<SharedStore>,
    },
    /// The tokens of an application in an organization.
    Organization(TokenCache),
    /// The tokens of a user, or of a token provider.
    Anyone(TokenCache),
}

/// The token of a call.
#[derive(Debug)]
pub(crate) struct CallToken {
    pub(crate) bearer: Bearer,
    /// Whether the server has accepted it, if it can be replaced.
    pub(crate) accepted: Option<Arc<AtomicBool>>,
}

impl CallToken {
    /// A token that cannot be replaced.
    pub(crate) fn only(bearer: Bearer) -> Self {
        Self { bearer, accepted: None }
    }

    /// Whether another one can be obtained when the server rejects it.
    pub(crate) fn is_replaceable(&self) -> bool {
        self.accepted.is_some()
    }

    /// Records that the server has accepted it.
    pub(crate) fn accept(&self) {
        if let Some(accepted) = &self.accepted {
            accepted.store(true, Ordering::Relaxed);
        }
    }
}

impl Credentials {
    /// The token for a call of this operation, if it needs one.
    pub(crate) async fn token(&self, operation: &Operation) -> Result<Option<CallToken>> {
        if operation.unauthenticated || matches!(operation.api, Api::Experience) {
            return Ok(None);
        }
        let tokens = match (self, operation.api) {
            (Self::Fixed(bearer), _) => {
                return Ok(Some(CallToken::only(bearer.clone())));
            }
            (_, Api::Other | Api::Experience) => return Ok(None),
            (Self::None, Api::Account) => {
                return Err(missing(
                    "the Account API needs a user's access token: pass it with `bearer_token(…)` \
                     or, for one call, `token(…)`",
                ));
            }
            (Self::None, Api::Management) => {
                return Err(missing(
                    "the Management API needs credentials: build the client with \
                     `client_credentials(…)` or `bearer_token(…)`",
                ));
            }
            (Self::App { .. } | Self::Organization(_), Api::Account) => {
                return Err(missing(
                    "the Account API acts for a user and takes that user's access token, not an \
                     application's: pass it with `bearer_token(…)` or, for one call, `token(…)`, \
                     or act for the user with `as_user(…)`",
                ));
            }
            (Self::App { tokens, .. } | Self::Organization(tokens), Api::Management) => tokens,
            (Self::Anyone(tokens), Api::Management | Api::Account) => tokens,
        };
        let token = tokens.token().await.map_err(Error::auth)?;
        let accepted = tokens.renews().then_some(token.accepted);
        Ok(Some(CallToken { bearer: token.bearer, accepted }))
    }

    /// The token for calls to other services.
    pub(crate) async fn access_token(&self) -> Result<AccessToken> {
        let tokens = match self {
            Self::None => {
                return Err(missing(
                    "the client has no credentials to get a token with: build it with \
                     `client_credentials(…)`, `bearer_token(…)` or `token_provider(…)`",
                ));
            }
            Self::Fixed(bearer) => return Ok(AccessToken::new(bearer.token())),
            Self::App { tokens, .. } | Self::Organization(tokens) | Self::Anyone(tokens) => tokens,
        };
        let token = tokens.token().await.map_err(Error::auth)?;
        let access_token = AccessToken::new(token.bearer.token()).of_scope(token.scope.as_deref());
        Ok(match tokens.remaining(&token) {
            lifetime if lifetime.is_zero() => access_token,
            lifetime => access_token.expires_in(lifetime),
        })
    }

    /// Where the application gets tokens, if the client was given one's credentials.
    #[cfg(feature = "verify")]
    pub(crate) fn application(&self) -> Option<&Arc<TokenEndpoint>> {
        match self {
            Self::App { endpoint, .. } => Some(endpoint),
            Self::None | Self::Fixed(_) | Self::Organization(_) | Self::Anyone(_) => None,
        }
    }

    /// Whether another token can be obtained when the server rejects one.
    pub(crate) fn renews(&self) -> bool {
        match self {
            Self::None | Self::Fixed(_) => false,
            Self::App { tokens, .. } | Self::Organization(tokens) | Self::Anyone(tokens) => {
                tokens.renews()
            }
        }
    }

    /// Discards a token that the server rejected, unless it has been replaced already. Whether
    /// another one can be obtained.
    pub(crate) fn discard(&self, refused: &Bearer) -> bool {
        match self {
            Self::None | Self::Fixed(_) => false,
            Self::App { tokens, .. } | Self::Organization(tokens) | Self::Anyone(tokens) => {
                tokens.discard(refused)
            }
        }
    }
}

fn missing(problem: &str) -> Error {
    Error::auth(AuthFailure::new(problem))
}
