//! A typed client of [Logto](https://logto.io), the identity platform: its Experience, Management
//! and Account APIs.
//!
//! Operations are grouped by what they are about. Required arguments come up front, everything
//! else has a setter, and `send` makes the call:
//!
//! ```no_run
//! # async fn run() -> logto_api::Result<()> {
//! use logto_api::{Client, Method};
//!
//! let logto = Client::builder("https://acme.logto.app")
//!     .client_credentials("app-id", "app-secret")
//!     .build()?;
//! # #[cfg(feature = "users")] {
//! let user = logto.users().create().username("alice").send().await?;
//! logto.users().update(&user.id).name("Alice").send().await?;
//! # }
//!
//! // What the contract does not know can be reached all the same.
//! let response = logto.request(Method::GET, "/api/status").unauthenticated().send().await?;
//! assert_eq!(response.status(), 204);
//! # Ok(())
//! # }
//! ```
//!
//! Every accessor of [`Client`], such as `users()` or `experience()`, leads to a group of operations
//! in the module of the same name; what they send and take is in [`models`].
//!
//! - [`Client`] says how to connect and who is calling; [`TokenProvider`] is for tokens of your own,
//!   [`Client::as_organization`] and [`Client::as_user`] act for others.
//! - `Client::sign_in` and the module `sign_in` sign users in: whole flows of the Experience API, to
//!   tokens (feature `sign-in`).
//! - [`RetryPolicy`] says when a call is repeated. Every request has options for itself alone:
//!   `timeout`, `attempt_timeout`, `retry`, `header` and `token`.
//! - [`Error`] says what went wrong, in Logto's words where it has any.
//! - [`Page`] is a part of a long list, [`ItemStream`] all of it, and [`Search`] says which part is
//!   of interest.
//! - [`Upload`] is a file to send, [`Download`] one that comes.
//! - [`BrowserCookies`] are those of a browser behind your server.
//! - With the feature `drift`, `Client::check_contract` says in what a live server differs from the
//!   contract that this crate was built from.
//! - With the feature `verify`, `verify` verifies access tokens; with `webhooks`, `webhooks` verifies
//!   deliveries and reads their events.
//! - With the features `account` and `experience`, `web_authn` reads the credentials that browsers
//!   make.
//! - [`setters`] says what setters take, and [`Null`] clears a field; [`Timestamp`] is what points in
//!   time are given as.
//!
//! # Releases of Logto
//!
//! The crate is for every release of Logto that [`Client::supported_releases`] spans. What a release
//! does not send is an `Option`; what it lacks says since when it exists, and calling it there is an
//! error with [`Error::is_unsupported_operation`].
//!
//! # Spans and events
//!
//! With the feature `tracing`, each call is a span named `logto call`, of target `logto_api` and
//! level `INFO`. Its fields have OpenTelemetry's names for HTTP clients: `otel.name`,
//! `http.request.method`, `url.full` (the values of a query are left out), `url.template`,
//! `server.address`, `server.port`, `http.response.status_code`, `http.request.resend_count` and
//! `error.type`; besides, `logto.operation` and `logto.request_id`. A repeated attempt, a token that
//! was had and one that could not be had are events. Nothing of it holds a secret, and it costs next
//! to nothing while nobody listens.

#[cfg(feature = "client")]
mod auth;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "drift")]
pub mod drift;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod http;
#[cfg(feature = "client")]
mod lists;
#[cfg(feature = "operations")]
pub mod models;
#[cfg(not(feature = "operations"))]
mod models;
#[cfg(feature = "jwks")]
mod oidc;
/// Back-channel logout: Logto tells a service that a user's session has ended.
#[cfg(feature = "jwks")]
pub mod logout {
    pub use crate::oidc::{LogoutToken, LogoutTokenVerifier};
}
#[cfg(feature = "operations")]
mod raw;
#[cfg(feature = "sign-in")]
pub mod sign_in;
#[cfg(feature = "client")]
mod store;
#[cfg(feature = "verify")]
pub mod verify;
#[cfg(any(feature = "account", feature = "experience"))]
pub mod web_authn;
#[cfg(feature = "webhooks")]
pub mod webhooks;

#[cfg(feature = "client")]
pub use auth::{AccessToken, TokenProvider};
#[cfg(feature = "client")]
pub use bytes::Bytes;
#[cfg(feature = "client")]
pub use call::{
    browser::BrowserResponse,
    download::Download,
    request::{Request, Response},
    response_future::{ResponseFuture, WithResponse},
};
#[cfg(feature = "client")]
pub use client::{Client, builder::ClientBuilder, delegation::DelegationBuilder};
#[cfg(feature = "client")]
pub use error::{Error, Result, codes};
#[cfg(feature = "client")]
pub use http::{clock::Clock, cookies::BrowserCookies, retry::RetryPolicy, upload::Upload};
#[cfg(feature = "client")]
pub use lists::{
    page::Page,
    search::{LogicalOperator, Search, SearchMode},
    stream::{ItemStream, PageStream},
};
pub use models::setters;
#[cfg(feature = "client")]
pub use models::setters::Null;
#[cfg(feature = "account")]
pub use models::verification_record::VerificationRecordId;
pub use models::{timestamp::Timestamp, values::UnknownValue};
#[cfg(feature = "client")]
pub use reqwest::{self, Method, StatusCode};
#[cfg(feature = "redis")]
pub use store::RedisTokenStore;
#[cfg(feature = "client")]
pub use store::{MemoryTokenStore, StoreError, TokenStore};

// A module for each group of operations, and the methods of `Client` that lead to them.
#[cfg(feature = "operations")]
include!(concat!(env!("OUT_DIR"), "/groups.rs"));

/// Compiles and checks the README's program.
#[cfg(all(doctest, feature = "account", feature = "sign-in", feature = "users"))]
#[doc = include_str!("../README.md")]
struct Readme;
