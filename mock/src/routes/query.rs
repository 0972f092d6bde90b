//! Query parameters of requests.

use axum::{extract::FromRequestParts, http::request::Parts};
use std::convert::Infallible;

use crate::state::params::Params;

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}
