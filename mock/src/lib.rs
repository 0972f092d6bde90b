//! An in-process stand-in of Logto for tests and examples.
//!
//! [`Mock::start`] opens a server on a free loopback port that answers as a
//! real Logto 1.42 does: the token endpoint, the users, roles, organizations,
//! applications, resources and hooks of the Management API and a whole password
//! sign-in through the Experience API, with its cookies, redirects, statuses and
//! error bodies. It keeps everything in memory and stops when it is dropped.
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
//! Differences from a real server: tokens carry no valid signature, an
//! imported password digest matches no password, a browser session is never
//! reused (each authorization request asks for a sign-in), roles give no scopes
//! and hooks deliver nothing, there is no storage for uploads, and what is not
//! listed above answers 404.

mod applications;
mod apps;
mod auth;
mod authorization;
mod claims;
mod client_auth;
mod collection;
mod consent;
mod cookies;
mod errors;
mod experience;
mod guard;
mod hooks;
mod ids;
mod keys;
mod links;
mod mock;
mod oidc;
mod organizations;
mod page;
mod params;
mod recorder;
mod reply;
mod resources;
mod roles;
mod search;
mod server;
mod sign_in_exp;
mod sign_out;
mod state;
mod subject_tokens;
mod token;
mod tokens;
mod user;
mod user_assets;
mod users;

pub use mock::Mock;
pub use recorder::RecordedRequest;
