//! Access tokens of Logto's, verified by whoever they are for.
//!
//! Needs the feature `verify`, which builds none of the operations.
//!
//! ```no_run
//! # async fn run(token: &str) -> logto_api::Result<()> {
//! use logto_api::verify::TokenVerifier;
//!
//! let verifier = TokenVerifier::builder("https://acme.logto.app")
//!     .audience("https://api.acme.com")
//!     .build()?;
//!
//! let claims = verifier.verify(token).await?;
//! if claims.has_scope("read:orders") {
//!     println!("{} may read orders", claims.subject());
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "axum")]
mod axum;
mod builder;
mod claims;
mod verifier;

#[cfg(feature = "axum")]
pub use self::axum::{Authenticated, BearerRejection};
pub use self::{builder::TokenVerifierBuilder, claims::AccessTokenClaims, verifier::TokenVerifier};
pub use crate::oidc::{IdTokenClaims, UserInfo};
