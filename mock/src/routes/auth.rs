//! Authentication of requests to the Management API.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap,
        header::{AUTHORIZATION, USER_AGENT},
        request::Parts,
    },
};
use serde_json::json;

use crate::{
    rules::{apps::RESOURCE, errors::Failure},
    state::Store,
};

/// Proof that a request carries a token for the Management API.
pub(crate) struct Management;

impl FromRequestParts<Store> for Management {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, store: &Store) -> Result<Self, Failure> {
        let header = authorization(&parts.headers)
            .ok_or_else(|| Failure::new(401, "auth.authorization_header_missing"))?;
        let token = bearer(header).ok_or_else(|| {
            Failure::new(401, "auth.authorization_token_type_not_supported")
                .data(json!({ "supportedTypes": ["Bearer"] }))
        })?;
        let state = store.lock();
        let is_jwt = token.split('.').count() == 3;
        let token = state.tokens.access(token, state.now());
        let token = token.filter(|token| token.audience.as_deref() == Some(RESOURCE));
        let token = token.ok_or_else(|| unauthorized(is_jwt))?;
        if token.has_scope("all") { Ok(Self) } else { Err(Failure::new(403, "auth.forbidden")) }
    }
}

/// The refusal of a token, with what was wrong with it as a JWT.
fn unauthorized(is_jwt: bool) -> Failure {
    let (code, name) = match is_jwt {
        true => ("ERR_JWKS_NO_MATCHING_KEY", "JWKSNoMatchingKey"),
        false => ("ERR_JWS_INVALID", "JWSInvalid"),
    };
    Failure::new(401, "auth.unauthorized").data(json!({ "code": code, "name": name }))
}

pub(crate) fn authorization(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    (!header.is_empty()).then_some(header)
}

pub(crate) fn bearer(header: &str) -> Option<&str> {
    header.strip_prefix("Bearer").map(str::trim_start)
}

/// What sent a request, as it calls itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(USER_AGENT)?.to_str().ok()
}
