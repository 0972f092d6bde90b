//! Notes requests for tokens in the audit log.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    routes::auth::{authorization, user_agent},
    rules::logs,
    state::{Store, params::Params},
};

pub(crate) async fn tokens(State(store): State<Store>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/oidc/token" {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // The recorder has made sure of the size.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let headers = parts.headers.clone();
    let form = Params::parse(&body);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    let user_agent = user_agent(&headers);
    let app_id = app_id(&headers);
    logs::token_request(&mut store.lock(), &form, app_id.as_deref(), user_agent, &answer);
    Response::from_parts(parts, Body::from(body))
}

/// The id with which an application authenticates by a header.
fn app_id(headers: &HeaderMap) -> Option<String> {
    let encoded = authorization(headers)?.split_once(' ')?.1;
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(id, _)| id.to_owned())
}
