//! OpenID Connect for users' sign-ins: authorization requests and their responses, the code
//! exchange, ID tokens, refresh tokens.

#[cfg(feature = "sign-in")]
mod api_tokens;
#[cfg(feature = "sign-in")]
mod app;
#[cfg(feature = "sign-in")]
mod callback;
mod claims;
#[cfg(feature = "sign-in")]
mod device;
#[cfg(feature = "sign-in")]
mod discovery;
#[cfg(feature = "sign-in")]
mod grant;
mod id_token;
mod jws;
mod key_set;
mod logout;
#[cfg(feature = "sign-in")]
mod pending;
#[cfg(feature = "sign-in")]
mod pkce;
#[cfg(feature = "sign-in")]
mod random;
#[cfg(feature = "sign-in")]
mod redeem;
#[cfg(feature = "sign-in")]
mod refresh_lock;
#[cfg(feature = "sign-in")]
mod refresh_token_source;
#[cfg(feature = "sign-in")]
mod revocation;
#[cfg(feature = "sign-in")]
mod shared_grant;
#[cfg(feature = "sign-in")]
mod stored_tokens;
#[cfg(feature = "sign-in")]
mod token_request;
#[cfg(feature = "sign-in")]
mod user_tokens;

#[cfg(feature = "sign-in")]
pub(crate) use self::{
    app::App,
    device::DeviceParameters,
    pending::RequestedAuthorization,
    random::token as random_text,
    redeem::{code, redeem},
};
pub use self::{
    claims::{IdTokenClaims, UserInfo},
    logout::{LogoutToken, LogoutTokenVerifier},
};
#[cfg(feature = "verify")]
pub(crate) use self::{
    claims::{maybe_seconds, seconds},
    id_token::{Expected, validate as validate_id_token},
    jws::{Jws, Kind},
};
#[cfg(feature = "sign-in")]
pub use self::{
    device::DeviceAuthorization, pending::PendingAuthorization, stored_tokens::StoredTokens,
    token_request::TokenRequest, user_tokens::UserTokens,
};
use crate::Client;

/// The issuer of this Logto's tokens.
pub(crate) fn issuer(client: &Client) -> String {
    format!("{}/oidc", client.target().public_base())
}
