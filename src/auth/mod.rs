//! Who is calling: credentials, and the token that is had for them.

mod attempts;
mod bearer;
mod cache;
mod endpoint;
mod failure;
mod grants;
pub(crate) mod jwt;
mod provider;
mod scope;
mod source;

use std::sync::Arc;

#[cfg(feature = "sign-in")]
pub(crate) use self::{
    attempts::attempts,
    endpoint::Granted,
    source::{Fetched, Pending},
};
pub use self::{bearer::AccessToken, provider::TokenProvider};
pub(crate) use self::{
    bearer::Bearer,
    cache::TokenCache,
    endpoint::TokenEndpoint,
    failure::{AuthFailure, Cause},
    grants::{ClientCredentials, Exchange, Impersonation, Wanted},
    provider::Provided,
    scope::INSUFFICIENT,
    source::Source,
};
use crate::{
    Error, Result,
    operation::{Api, Operation},
};

/// What the client was given to identify itself with.
#[derive(Debug)]
pub(crate) enum Credentials {
    None,
    Fixed(Bearer),
    /// The tokens of an application, which the Account API does not take.
    App {
        tokens: TokenCache,
        endpoint: Arc<TokenEndpoint>,
    },
    /// The tokens of an application in an organization.
    Organization(TokenCache),
    /// The tokens of a user, or of whoever a provider stands for.
    Anyone(TokenCache),
}

/// The token of one call.
#[derive(Debug)]
pub(crate) struct CallToken {
    pub(crate) bearer: Bearer,
    /// Another can be had when the server refuses it.
    pub(crate) cached: bool,
}

impl Credentials {
    /// The token to call this operation with, if it needs one.
    pub(crate) async fn token(&self, operation: &Operation) -> Result<Option<CallToken>> {
        if operation.public || matches!(operation.api, Api::Experience) {
            return Ok(None);
        }
        let tokens = match (self, operation.api) {
            (Self::Fixed(bearer), _) => {
                return Ok(Some(CallToken { bearer: bearer.clone(), cached: false }));
            }
            (_, Api::Other | Api::Experience) => return Ok(None),
            (Self::None, Api::Account) => {
                return Err(missing(
                    "the Account API needs a user's access token: give it with \
                     `bearer_token(…)` or, for one call, `token(…)`",
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
                     application's: give it with `bearer_token(…)` or, for one call, `token(…)`, \
                     or act for the user with `as_user(…)`",
                ));
            }
            (Self::App { tokens, .. } | Self::Organization(tokens), Api::Management) => tokens,
            (Self::Anyone(tokens), Api::Management | Api::Account) => tokens,
        };
        let token = tokens.token().await.map_err(Error::auth)?;
        Ok(Some(CallToken { bearer: token.bearer, cached: tokens.renews() }))
    }

    /// The token that calls are made with, for a call to somewhere else.
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
        let access_token = AccessToken::new(token.bearer.token());
        Ok(match tokens.remaining(&token) {
            life if life.is_zero() => access_token,
            life => access_token.expires_in(life),
        })
    }

    /// Forgets a token that the server refused, unless it has been replaced already.
    pub(crate) fn discard(&self, refused: &Bearer) {
        match self {
            Self::None | Self::Fixed(_) => {}
            Self::App { tokens, .. } | Self::Organization(tokens) | Self::Anyone(tokens) => {
                tokens.discard(refused);
            }
        }
    }
}

fn missing(problem: &str) -> Error {
    Error::auth(AuthFailure::new(problem))
}
