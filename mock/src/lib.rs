//! An in-process stand-in of Logto for tests and examples.
//!
//! [`Mock::start`] opens a server on a free loopback port that answers as a
//! real Logto 1.42 does: OpenID Connect with signed tokens, the users, roles,
//! organizations, applications, resources and hooks of the Management API, most
//! of the Account API and the whole Experience API, with its cookies, redirects, statuses and error
//! bodies: passwords, codes, social and enterprise accounts, one-time tokens,
//! passkeys, second factors, registration and forgotten passwords. It keeps
//! everything in memory and stops when it is dropped.
//!
//! What a user would get or compute is asked of the stand-in:
//! [`Mock::last_code`], [`Mock::totp_code`]. What a tenant sets is set with
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
//! - An imported password digest matches no password, and no password is looked
//!   up in lists of stolen ones: eight characters that are neither one repeated
//!   nor a sequence will do.
//! - A browser session is never reused: each authorization request asks for a
//!   sign-in. A third party's users are asked for consent each time.
//! - Every way to sign in is open: usernames, e-mail addresses and phone numbers
//!   with passwords and codes, whatever `GET /api/sign-in-exp` says.
//! - Social and enterprise connectors take `connectorData` at its word.
//! - WebAuthn checks what a browser says that it was asked (type, challenge and
//!   origin) and which credential answers, but no signature. The relying party
//!   is the host of the request's `Origin`.
//! - The QR code of an authenticator app is a picture of one point.
//! - Roles give no scopes, hooks deliver nothing, there is no storage for
//!   uploads, and what is not listed above answers 404.

mod mock;
mod routes;
mod rules;
mod server;
mod setup;
mod state;

pub use mock::Mock;
pub use state::{
    policy::{MfaFactor, MfaPolicy, SignUpField},
    recorded::RecordedRequest,
};
