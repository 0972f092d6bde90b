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
    rules::{apps::RESOURCE, errors::Failure, tokens},
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
        let good = state.tokens.access(token, state.now());
        let good = good.filter(|token| token.audience.as_deref() == Some(RESOURCE));
        let good = good.ok_or_else(|| {
            Failure::new(401, "auth.unauthorized").data(tokens::objection(&state, token, RESOURCE))
        })?;
        if good.has_scope("all") { Ok(Self) } else { Err(Failure::new(403, "auth.forbidden")) }
    }
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
