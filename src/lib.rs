//! A typed client for [Logto](https://logto.io), the open-source identity platform: its Management
//! API, Account API and Experience API.
//!
//! Operations are methods of groups, such as `logto.users()`. Required parameters are arguments,
//! everything else has a setter, and awaiting the request, or calling `send`, sends it:
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
//! // Endpoints that the contract does not declare can be called as well.
//! let response = logto.request(Method::GET, "/api/status").unauthenticated().send().await?;
//! assert_eq!(response.status(), 204);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to start
//!
//! | you want to | see |
//! | --- | --- |
//! | build a client | [`Client::builder`], [`Client::from_env`], [`ClientBuilder`] |
//! | call an operation | the methods of [`Client`], each of which returns a group of operations, and [`models`] |
//! | call any other endpoint | [`Client::request`] |
//! | handle failures | [`Error`], [`RetryPolicy`] |
//! | read lists | [`Page`], [`ItemStream`], [`Search`] |
//! | send and receive files | [`Upload`], [`Download`] |
//! | pass optional or null values | [`setters`], [`Null`] |
//! | use your own tokens | [`TokenProvider`] |
//! | share tokens between processes | [`TokenStore`], [`sign_in::UserSessions`] |
//! | act in an organization, or for a user | [`Client::as_organization`], [`Client::as_user`] |
//! | sign users in | [`Client::sign_in`], [`sign_in`] |
//! | host your own sign-in pages | [`BrowserCookies`], [`Client::resume_interaction`] |
//! | verify access tokens | [`verify`] |
//! | receive webhooks | [`webhooks`] |
//! | receive back-channel logouts | [`logout`] |
//! | use passkeys | [`web_authn`] |
//! | compare a server with the contract | [`drift`] |
//!
//! Every request has its own options: `timeout`, `attempt_timeout`, `retry`, `header`, `token` and
//! `max_response_size`.
//!
//! # Features
//!
//! | feature | default | what it enables |
//! | --- | --- | --- |
//! | `management` | yes | all groups of the Management API; each group is also a feature, such as `users` |
//! | `account` | yes | the Account API |
//! | `experience` | yes | the Experience API |
//! | `interaction` | yes | `/api/interaction`, the predecessor of the Experience API |
//! | `sign-in` | yes | [`sign_in`]: sign-in flows and users' tokens |
//! | `rustls` | yes | TLS by rustls |
//! | `native-tls` | | TLS by the system's library |
//! | `tracing` | yes | spans and events |
//! | `client` | implied | [`Client`] with raw requests, without generated operations |
//! | `verify` | | [`verify`]: verification of access tokens, without any operations |
//! | `axum`, `actix` | | with `verify` and `webhooks`: extractors for axum 0.8 and actix-web 4 |
//! | `tower` | | the same as a layer, for tonic, hyper and poem |
//! | `webhooks` | | [`webhooks`]: verification and events of webhooks, without an HTTP client |
//! | `redis` | | [`RedisTokenStore`]: tokens shared between processes in Redis |
//! | `schemars` | | models derive `schemars::JsonSchema` |
//! | `drift` | | [`drift`]: comparison of a live server with the contract |
//!
//! Groups that are not enabled are neither generated nor compiled.
//!
//! # Logto releases
//!
//! The crate supports all releases of Logto in [`Client::supported_releases`]. A response field
//! that one of them does not send is an `Option`. The documentation of an operation that one of
//! them lacks says so; calling it there fails with [`Error::is_unsupported_operation`].
//!
//! # Tracing
//!
//! With the feature `tracing`, each call is a span named `logto call` with the target `logto_api`
//! and the level `INFO`. Its fields are OpenTelemetry's for HTTP clients: `otel.name`,
//! `http.request.method`, `url.full` (without query values), `url.template`, `server.address`,
//! `server.port`, `http.response.status_code`, `http.request.resend_count` and `error.type`; and
//! `logto.operation` and `logto.request_id`. Retries and token requests are events. No span or
//! event contains a secret, and without a subscriber their cost is negligible.
//!

// What is not enabled has no page to link to.
#![cfg_attr(not(feature = "drift"), doc = "[`drift`]: #features")]
#![cfg_attr(not(feature = "redis"), doc = "[`RedisTokenStore`]: #features")]
#![cfg_attr(not(feature = "verify"), doc = "[`verify`]: #features")]
#![cfg_attr(not(feature = "webhooks"), doc = "[`webhooks`]: #features")]
// Badges of features, on docs.rs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

#[cfg(feature = "client")]
mod auth;
#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod client;
#[cfg(any(feature = "client", feature = "webhooks"))]
mod clock;
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
#[cfg_attr(
    not(any(feature = "sign-in", feature = "verify")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "`jwks` alone is only what these two share"
    )
)]
mod oidc;
/// Back-channel logout: Logto notifies a service that a user's session has ended.
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
#[cfg(any(feature = "client", feature = "webhooks"))]
pub use clock::Clock;
#[cfg(feature = "client")]
pub use error::{Error, Result, codes};
#[cfg(feature = "client")]
pub use http::{cookies::BrowserCookies, retry::RetryPolicy, upload::Upload};
#[cfg(feature = "client")]
pub use lists::{
    page::Page,
    search::{LogicalOperator, Search, SearchMode},
    stream::{ItemStream, PageStream},
};
#[doc(inline)]
pub use models::setters;
#[cfg(feature = "client")]
pub use models::setters::Null;
#[cfg(feature = "account")]
pub use models::verification_record::VerificationRecordId;
pub use models::{timestamp::Timestamp, unknown_value::UnknownValue};
#[cfg(feature = "client")]
pub use reqwest::{self, Method, StatusCode};
#[cfg(feature = "redis")]
pub use store::RedisTokenStore;
#[cfg(feature = "client")]
pub use store::{MemoryTokenStore, StoreError, TokenStore};

// A module for each group of operations, and the methods of `Client` that lead to them.
#[cfg(feature = "operations")]
include!(concat!(env!("OUT_DIR"), "/groups.rs"));

/// The programs of the README and the guides, which doctests compile.
#[cfg(doctest)]
mod guides {
    #[cfg(all(feature = "account", feature = "sign-in", feature = "users"))]
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[cfg(feature = "sign-in")]
    #[doc = include_str!("../docs/command-line-sign-in.md")]
    struct CommandLineSignIn;
    #[cfg(feature = "verify")]
    #[doc = include_str!("../docs/protecting-an-api.md")]
    struct ProtectingAnApi;
    #[cfg(all(feature = "redis", feature = "sign-in"))]
    #[doc = include_str!("../docs/running-as-a-fleet.md")]
    struct RunningAsAFleet;
    #[cfg(feature = "users")]
    #[doc = include_str!("../docs/testing.md")]
    struct Testing;
    #[cfg(feature = "webhooks")]
    #[doc = include_str!("../docs/webhooks.md")]
    struct Webhooks;
}
