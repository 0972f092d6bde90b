//! Who made a request, as an extractor of web frameworks.

use super::{AccessTokenClaims, BearerRejection, RequestHead, TokenVerifier};
use crate::Result;

/// The claims that a handler extracts from an access token, and the scopes that it requires.
///
/// ```
/// use logto_api::{
///     Result,
///     verify::{AccessTokenClaims, TokenClaims},
/// };
/// use serde::Deserialize;
///
/// /// Who may write orders, with a claim that a script for custom claims adds.
/// #[derive(Deserialize)]
/// struct Clerk {
///     sub: String,
///     plan: String,
/// }
///
/// impl TokenClaims for Clerk {
///     const SCOPES: &'static [&'static str] = &["read:orders", "write:orders"];
///
///     fn from_claims(claims: AccessTokenClaims) -> Result<Self> {
///         claims.custom()
///     }
/// }
/// ```
pub trait TokenClaims: Sized {
    /// The scopes that the token must have, all of them.
    const SCOPES: &'static [&'static str] = &[];

    /// Extracts the value from the claims.
    ///
    /// # Errors
    ///
    /// When a claim is missing or of another type: the token is rejected as invalid.
    fn from_claims(claims: AccessTokenClaims) -> Result<Self>;
}

impl TokenClaims for AccessTokenClaims {
    fn from_claims(claims: AccessTokenClaims) -> Result<Self> {
        Ok(claims)
    }
}

/// The claims of a request's access token, as an extractor of axum (feature `axum`) and actix-web
/// (feature `actix`). A type of your own instead of [`AccessTokenClaims`] can require scopes and
/// extract custom claims: see [`TokenClaims`].
///
/// If a request has no valid token, the response is a [`BearerRejection`]. For a different body,
/// extract a `Result<Authenticated, BearerRejection>`.
///
/// With axum, the router's state must hold a [`TokenVerifier`], or be one; with actix-web, it is
/// the application's data (`App::app_data`).
#[cfg_attr(
    feature = "axum",
    doc = "
```
use axum::{Router, routing::get};
use logto_api::verify::{Authenticated, BearerRejection, TokenVerifier};

async fn orders(caller: Authenticated) -> Result<String, BearerRejection> {
    let claims = caller.require(&[\"read:orders\"])?;
    Ok(format!(\"orders of {}\", claims.subject()))
}

fn app(verifier: TokenVerifier) -> Router {
    Router::new().route(\"/orders\", get(orders)).with_state(verifier)
}
```"
)]
#[derive(Clone, Debug)]
pub struct Authenticated<Claims = AccessTokenClaims>(pub Claims);

impl Authenticated {
    /// The claims, if all of these scopes were granted.
    ///
    /// # Errors
    ///
    /// A rejection with status 403 that names the scopes.
    pub fn require(&self, scopes: &[&str]) -> Result<&AccessTokenClaims, BearerRejection> {
        self.0.require(scopes).map(|()| &self.0)
    }
}

impl<Claims: TokenClaims> Authenticated<Claims> {
    pub(super) async fn of(
        verifier: &TokenVerifier,
        head: RequestHead<'_>,
    ) -> Result<Self, BearerRejection> {
        let claims = verifier.authenticate(head, Claims::SCOPES).await?;
        Claims::from_claims(claims).map(Self).map_err(|_| BearerRejection::InvalidToken)
    }
}
