//! Access tokens in axum.

use axum_core::{
    body::Body,
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use super::{Authenticated, BearerRejection, TokenClaims, TokenVerifier};

impl<S, Claims> FromRequestParts<S> for Authenticated<Claims>
where
    TokenVerifier: FromRef<S>,
    Claims: TokenClaims,
    S: Send + Sync,
{
    type Rejection = BearerRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Self::of(&TokenVerifier::from_ref(state), (&*parts).into()).await
    }
}

impl IntoResponse for BearerRejection {
    fn into_response(self) -> Response {
        self.response(Body::from(self.body()))
    }
}
