//! A mock of [Logto](https://logto.io) for the tests of applications that use it.
//!
//! [`Mock::start`] starts a server on a free loopback port that responds as the newest Logto does: OpenID
//! Connect and the Management, Experience and Account APIs, with real cookies, redirects, status
//! codes and error bodies. It keeps its state in memory, and stops when it is dropped. With the
//! feature `client`, `Mock::builder().without_port()` needs no port.
//!
//! A first test, to copy. It needs this crate, `tokio` (features `macros` and `rt-multi-thread`) and
//! an HTTP client, here `reqwest` (features `form` and `json`):
//!
//! ```
//! use logto_mock::{Mock, Seed};
//!
//! # /*
//! #[tokio::test]
//! # */
//! # #[tokio::main]
//! async fn the_application_gets_a_token() -> Result<(), Box<dyn std::error::Error>> {
//!     let seed = Seed::new().user("alice").password("correct horse").in_organization("Acme", ["admin"]);
//!     let mock = Mock::builder().seed(seed).start().await?;
//!
//!     // Configure the application under test: an endpoint, an ID and a secret, as with any Logto.
//!     let response = reqwest::Client::new()
//!         .post(format!("{}/oidc/token", mock.endpoint()))
//!         .basic_auth(mock.app_id(), Some(mock.app_secret()))
//!         .form(&[
//!             ("grant_type", "client_credentials"),
//!             ("resource", mock.resource()),
//!             ("scope", "all"),
//!         ])
//!         .send()
//!         .await?;
//!
//!     assert_eq!(response.status(), 200);
//!     assert!(mock.user_id("alice").is_some());
//!     mock.requests().to("POST", "/oidc/token").assert_count(1);
//!     Ok(())
//! }
//! ```
//!
//! With the feature `client`, `mock.client()?` is a client of the crate
//! [`logto-api`](https://docs.rs/logto-api). The guide `docs/testing.md` in the repository describes an
//! example application with its tests, and how tests in other languages use the program `logto-mock`.
//!
//! # What a test controls
//!
//! - What the tenant holds at the start: [`Seed`], [`MockBuilder::seed`].
//! - Failures: [`Mock::fail_next`], and [`Fault`] with [`Mock::inject`].
//! - The time: [`Mock::advance`].
//! - The state: [`Mock::snapshot`], [`Mock::restore`], [`Mock::reset`].
//! - What a user would receive or compute: [`Mock::last_code`], [`Mock::totp_code`], [`Authenticator`]
//!   for passkeys, [`Mock::approve_device`].
//! - Settings of the tenant: [`Mock::set_mfa`], [`Mock::set_sign_up`], [`Mock::set_custom_claims`] and
//!   others; the rest is set through the Management API, as at Logto.
//! - The release: [`MockBuilder::release`].
//! - The requests that it received: [`Mock::requests`].
//!
//! # How it works
//!
//! The Management API is derived from the contract from which the SDK is generated: each operation
//! has a route, its token, parameters and body are checked, and collections, assignments and parts of
//! entities are stored, with pages, searches, rejected duplicates and deletions that cascade. OpenID
//! Connect, the Experience API and the Account API are written by hand. Webhooks are delivered and
//! signed. An operation of which only the schema is known responds with a valid example and the
//! header `logto-mock: example`, or with 501 after [`MockBuilder::strict`].
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
//!   The relying party is the host of the request's `Origin`, or the mock's own without one.
//! - Codes are sent by e-mail and text message without a connector: [`Mock::last_code`] reads them.
//! - Until the account center is set, users may change all of their own account.
//! - The texts of errors are the mock's own; status, code and data are Logto's.
//! - The QR code of an authenticator app is a picture of one point.
//! - Webhooks go to `http` addresses only, without redirects.
//! - Of a connector's configuration it is checked that the text fields its form requires are
//!   there, that issuers are URLs and that SAML metadata has a certificate; nothing is fetched.
//! - SAML responses are not signed, requests' signatures are not verified, and no assertion of an
//!   identity provider is taken.
//! - The pages are plain: they sign in and register with passwords and codes, verify second factors,
//!   ask for consent and confirm devices. Logto's have further steps.
//! - Uploads may have 16 MiB.
//! - Domains stay pending, and nobody's activity is counted.
//! - The old interaction API (`/api/interaction`) answers with examples.

/// The README, so that its example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

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
