//! Verifies Logto's access tokens, for the APIs that they are issued for.
//!
//! Requires only the feature `verify`, which builds none of the operations.
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

#[cfg(feature = "actix")]
mod actix;
#[cfg(any(feature = "actix", feature = "axum"))]
mod authenticated;
#[cfg(feature = "axum")]
mod axum;
mod bearer;
mod builder;
mod claims;
mod head;
mod introspection;
mod introspector;
#[cfg(feature = "tower")]
mod layer;
mod organization;
mod request;
mod verifier;

#[cfg(any(feature = "actix", feature = "axum"))]
pub use self::authenticated::{Authenticated, TokenClaims};
#[cfg(feature = "tower")]
pub use self::layer::{BearerLayer, BearerService, GrpcRejections, JsonRejections, RejectWith};
pub use self::{
    bearer::BearerRejection, builder::TokenVerifierBuilder, claims::AccessTokenClaims,
    head::RequestHead, introspection::OpaqueTokenClaims, verifier::TokenVerifier,
};
pub use crate::oidc::{IdTokenClaims, UserInfo};
