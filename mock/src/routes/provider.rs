//! What holds for all of `/oidc`: errors as plain OAuth has them, and answers that are not sent again
//! to those who have them.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{
        HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_LENGTH, ETAG, IF_NONE_MATCH},
    },
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::state::params::Params;

/// What is tagged, and how long it may be kept.
const TAGGED: [(&str, Option<&str>); 4] = [
    ("/oidc/.well-known/openid-configuration", None),
    ("/oidc/.well-known/oauth-authorization-server", None),
    ("/oidc/jwks", Some("no-cache, max-age=0, must-revalidate")),
    ("/oidc/me", None),
];

pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let query = Params::parse(request.uri().query().unwrap_or_default().as_bytes());
    let is_oidc = request.uri().path().starts_with("/oidc");
    let is_plain = is_oidc && query.get("parse_error") == Some("false");
    let tagged = TAGGED.into_iter().find(|(path, _)| *path == request.uri().path());
    let tagged = tagged.filter(|_| request.method() == Method::GET);
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    if let Some((_, caching)) = tagged.filter(|_| response.status() == StatusCode::OK) {
        if let Some(caching) = caching {
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        }
        return unless_known(response, known).await;
    }
    match is_plain && response.status().is_client_error() {
        true => plain(response).await,
        false => response,
    }
}

async fn unless_known(response: Response, known: Option<HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let digest = BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(&body)[..20]);
    let Ok(tag) = HeaderValue::from_str(&format!("\"{:x}-{digest}\"", body.len())) else {
        return Response::from_parts(parts, Body::from(body));
    };
    let is_known = known.is_some_and(|known| known == tag);
    parts.headers.insert(ETAG, tag);
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

/// Takes out of an error what only Logto has in it.
async fn plain(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut body: Bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if let Ok(Value::Object(mut members)) = serde_json::from_slice(&body) {
        members.retain(|name, _| !["code", "message", "error_uri"].contains(&name.as_str()));
        parts.headers.remove(CONTENT_LENGTH);
        body = Value::Object(members).to_string().into();
    }
    Response::from_parts(parts, Body::from(body))
}
