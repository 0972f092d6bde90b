//! What browsers ask before a page of another origin may call (CORS), `OPTIONS` and `HEAD`.

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_LENGTH,
            ORIGIN, VARY,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{routes::reply, rules::contract::Contract};

/// What pages of any origin may call of `/oidc`, and with which methods.
const OIDC: [(&str, &str); 9] = [
    ("/oidc/.well-known/openid-configuration", "GET"),
    ("/oidc/.well-known/oauth-authorization-server", "GET"),
    ("/oidc/jwks", "GET"),
    ("/oidc/me", "GET,POST"),
    ("/oidc/token", "POST"),
    ("/oidc/token/introspection", "POST"),
    ("/oidc/token/revocation", "POST"),
    ("/oidc/device/auth", "POST"),
    ("/oidc/request", "POST"),
];

/// What they may call of `/api`: what users do with their own account.
const ACCOUNT: [&str; 2] = ["/api/my-account", "/api/verifications"];

/// What the library says of routes that it does not know.
const ANY: &str = "GET,HEAD,PUT,POST,DELETE,PATCH";

/// How long a browser may remember the permission, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// A mark of answers that a page must not read: its origin is not one of the client's.
#[derive(Clone)]
pub(crate) struct Foreign;

pub(crate) async fn share(mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let shared = shared_methods(&path);
    let method = request.method().clone();
    if method == Method::OPTIONS
        && let Some(response) = options(&path, shared, request.headers())
    {
        return response;
    }
    let origin = request.headers().get(ORIGIN).cloned();
    if method == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let mut response = next.run(request).await;
    if let Some(methods) = shared.filter(|own| own.split(',').any(|own| own == method.as_str())) {
        open(&mut response, origin, methods);
    }
    match method == Method::HEAD {
        true => without_body(response),
        false => response,
    }
}

fn shared_methods(path: &str) -> Option<&'static str> {
    if ACCOUNT.iter().any(|prefix| path.starts_with(prefix)) {
        return Some(ANY);
    }
    OIDC.into_iter().find(|(own, _)| *own == path).map(|(_, methods)| methods)
}

/// The answer, unless it is that of a route that is not there.
fn options(path: &str, shared: Option<&'static str>, headers: &HeaderMap) -> Option<Response> {
    let is_preflight = headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(ORIGIN).filter(|_| is_preflight);
    if let (Some(methods), Some(origin)) = (shared, origin) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let own = response.headers_mut();
        own.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        own.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            own.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        if path.starts_with("/oidc") {
            own.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
        own.append(VARY, HeaderValue::from_static("Origin"));
        return Some(response);
    }
    allowed(path).map(|allowed| with(reply::text(StatusCode::OK, ""), ALLOW, &allowed))
}

/// The methods that there are of a path of the contract.
pub(crate) fn allowed(path: &str) -> Option<String> {
    let methods = Contract::get().methods(path)?;
    let gets = if methods.contains(&"GET") { &["HEAD"][..] } else { &[] };
    Some([gets, &methods].concat().join(", "))
}

pub(crate) fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Lets the page that asked read the answer.
fn open(response: &mut Response, origin: Option<HeaderValue>, methods: &str) {
    let is_foreign = response.extensions().get::<Foreign>().is_some();
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if is_foreign {
        return;
    }
    let exposed = match methods {
        ANY => Some("*"),
        "GET" => None,
        _ => Some("WWW-Authenticate"),
    };
    let anyone = HeaderValue::from_static("*");
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.unwrap_or(anyone));
    if let Some(exposed) = exposed {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
    }
}

/// The head alone. The body is not read: it may be one that does not end.
fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let size = body.size_hint().exact().filter(|_| parts.status != StatusCode::NO_CONTENT);
    if let Some(size) = size {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    Response::from_parts(parts, Body::empty())
}
