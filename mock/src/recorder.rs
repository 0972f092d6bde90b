//! Remembers each request, and gives each answer its id.

use std::fmt;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::Response,
};

use crate::{
    reply,
    state::{self, Store},
};

/// The size of a JSON body that a server takes.
const LIMIT: usize = 1024 * 1024;

/// A request as it arrived. Its `Debug` form shows neither headers nor body
/// nor query, since these carry secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path with its query, as it was on the wire.
    pub path_and_query: String,
    /// Header names, in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The path without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.path_and_query.split('?').next();
        path.unwrap_or_default()
    }

    /// The first header of that name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn is_token_request(&self) -> bool {
        self.method == "POST" && self.path() == "/oidc/token"
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Keeps a request, and says with what it is to fail.
fn note(state: &mut state::State, request: RecordedRequest) -> Option<StatusCode> {
    state.requests.push(request);
    state.failures.pop_front()
}

pub(crate) async fn record(State(store): State<Store>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match to_bytes(body, LIMIT).await {
        Ok(body) => {
            let headers = parts.headers.iter().map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), value.into_owned())
            });
            let recorded = RecordedRequest {
                method: parts.method.to_string(),
                path_and_query: parts.uri.to_string(),
                headers: headers.collect(),
                body: body.to_vec(),
            };
            let failure = note(&mut store.lock(), recorded);
            match failure {
                Some(status) => reply::text(status, status.canonical_reason().unwrap_or_default()),
                None => next.run(Request::from_parts(parts, Body::from(body))).await,
            }
        }
        Err(_) => reply::text(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large"),
    };
    let id = store.lock().ids.request();
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("logto-core-request-id", id);
    }
    response
}
