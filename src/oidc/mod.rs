//! The OpenID Connect ends of a user's sign-in: the authorization request and its answer, the code
//! that is redeemed, the ID token that is checked, the tokens that are renewed.

mod app;
mod callback;
mod claims;
mod pending;
mod pkce;
mod random;
mod token_request;
mod token_set;
mod tokens;

use reqwest::Url;

pub(crate) use self::{app::App, random::token as random_text};
pub use self::{
    claims::{IdTokenClaims, UserInfo},
    pending::PendingAuthorization,
    token_request::TokenRequest,
    token_set::TokenSet,
    tokens::Tokens,
};
use crate::{Client, Error, Result};

/// Takes the answer to an authorization request, and redeems its code for tokens.
pub(crate) async fn redeem(
    client: &Client,
    app: &App,
    pending: &PendingAuthorization,
    callback: &Url,
) -> Result<Tokens> {
    let _code = callback::code(pending, &issuer(client), callback)?;
    let _ = (app, pending.code_verifier(), pending.nonce());
    Err(Error::config("not there yet"))
}

/// The code of the answer to an authorization request.
pub(crate) fn code(
    client: &Client,
    pending: &PendingAuthorization,
    callback: &Url,
) -> Result<String> {
    callback::code(pending, &issuer(client), callback)
}

/// Who signs this Logto's tokens.
fn issuer(client: &Client) -> String {
    format!("{}/oidc", client.endpoint())
}
