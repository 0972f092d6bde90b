//! An in-process stand-in of Logto for tests and examples.
//!
//! [`Mock::start`] opens a server on a free loopback port that answers as a real
//! Logto 1.42 does, with its cookies, redirects, statuses and error bodies. OpenID
//! Connect, the Experience API and the Account API are written by hand. The
//! Management API is derived from the contract that the SDK is generated from: each
//! operation is routed, its token, parameters and body are checked, and collections,
//! assignments and parts of entities keep what they are given, with pages, searches,
//! duplicates refused and deletions that take with them what belongs to an entity.
//! Webhooks are delivered, signed. It keeps everything in memory and stops when it is
//! dropped.
//!
//! An operation of which no more than its form is known (`POST
//! /api/configs/jwt-customizer/test`) answers with a valid example and the header
//! `logto-mock: example`, or with 501 after [`Mock::set_strict`].
//!
//! What can go wrong is ordered: [`Fault`]. Time is put forward with [`Mock::advance`],
//! and all of the state kept and restored with [`Mock::snapshot`], [`Mock::restore`] and
//! [`Mock::reset`]. [`Mock::builder`] starts a tenant that holds something ([`Seed`]) or
//! gives the answers of an older release.
//!
//! What a user would get or compute is asked of the stand-in:
//! [`Mock::last_code`], [`Mock::totp_code`]; an [`Authenticator`] has its passkeys. What a tenant sets is set with
//! [`Mock::set_mfa`], [`Mock::set_sign_up`] and the like.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mock = logto_mock::Mock::start().await?;
//!
//! let answer = reqwest::Client::new()
//!     .post(format!("{}/oidc/token", mock.endpoint()))
//!     .basic_auth(mock.app_id(), Some(mock.app_secret()))
//!     .form(&[
//!         ("grant_type", "client_credentials"),
//!         ("resource", mock.resource()),
//!         ("scope", "all"),
//!     ])
//!     .send()
//!     .await?;
//!
//! assert_eq!(answer.status(), 200);
//! assert_eq!(mock.token_requests(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Differences from a real server
//!
//! - No password is looked up in lists of stolen ones: eight characters that are
//!   neither one repeated nor a sequence will do.
//! - Scripts for custom claims do not run: a closure stands in for them
//!   ([`Mock::set_custom_claims`]).
//! - Back-channel logouts are told to any `http` address, loopback ones included, as by a server with
//!   `OIDC_PROVIDER_SSRF_PROTECTION_DISABLED=1`, and the browser does not wait for the receiver.
//! - An RSA signing key has 2,048 bits, not 4,096.
//! - Every way to sign in is open: usernames, e-mail addresses and phone numbers
//!   with passwords and codes, whatever `GET /api/sign-in-exp` says.
//! - Social and enterprise connectors take `connectorData` at its word.
//! - WebAuthn takes the attestation formats `none` and `packed` with the credential's own
//!   key, and no others; the challenge, origin, flags, counter and signature are verified.
//!   The relying party is the host of the request's `Origin`.
//! - The QR code of an authenticator app is a picture of one point.
//! - Webhooks go to `http` addresses only, without redirects.
//! - Of a connector's configuration it is checked that the text fields its form requires are
//!   there, that issuers are URLs and that SAML metadata has a certificate; nothing is fetched.
//! - SAML responses are not signed, requests' signatures are not verified, and no assertion of an
//!   identity provider is taken.
//! - Domains stay pending, and nobody's activity is counted.
//! - The old interaction API (`/api/interaction`) answers with examples.

mod authenticator;
mod builder;
#[cfg(feature = "client")]
mod client;
mod control;
mod mock;
mod port;
mod requests;
mod routes;
mod rules;
mod seed;
mod server;
mod setup;
mod state;
#[cfg(feature = "client")]
mod transport;

pub use authenticator::{Authenticator, AuthenticatorError};
pub use builder::MockBuilder;
pub use control::Snapshot;
pub use mock::Mock;
pub use requests::Requests;
pub use seed::Seed;
pub use state::{
    custom_claims::CustomClaims,
    faults::Fault,
    policy::{MfaFactor, MfaPolicy, SignUpField},
    recorded::RecordedRequest,
};
#[cfg(feature = "client")]
pub use transport::Transport;
