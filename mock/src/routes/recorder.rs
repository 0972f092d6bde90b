//! Remembers each request, and gives each answer its id.

use std::time::Instant;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts},
    middleware::Next,
    response::Response,
};

use crate::{
    routes::{
        body::{Kind, LARGEST},
        deliver, reply,
    },
    state::{self, Store, recorded::RecordedRequest},
};

/// How many of the newest requests are remembered, at least.
const KEPT: usize = 5_000;

fn note(state: &mut state::State, request: RecordedRequest) {
    state.token_requests += usize::from(request.is_token_request());
    if state.requests.len() >= 2 * KEPT {
        state.requests.drain(..KEPT);
    }
    state.requests.push(request);
}

/// What the observer is told of a body that Logto may not take for what was meant.
fn remark_on(parts: &Parts, kind: Kind, body: &[u8]) -> String {
    let read_as = match kind {
        _ if body.len() > kind.limit() => return " (the body is too large)".to_owned(),
        _ if body.is_empty() || !parts.uri.path().starts_with("/api/") => return String::new(),
        Kind::Json => return String::new(),
        Kind::Other if is_upload(parts) => return String::new(),
        Kind::Form => "the body was read as a form",
        Kind::Text => "the body was read as text",
        Kind::Other => "the body was not read",
    };
    format!(" ({read_as}: for JSON, set `content-type: application/json`)")
}

fn is_upload(parts: &Parts) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"multipart/"))
}

pub(crate) async fn record(State(store): State<Store>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let what = format!("{} {}", request.method(), request.uri().path());
    let (parts, body) = request.into_parts();
    let kind = Kind::of(&parts.headers);
    let mut remark = String::new();
    let mut response = match to_bytes(body, LARGEST).await {
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
            note(&mut store.lock(), recorded);
            remark = remark_on(&parts, kind, &body);
            match body.len() > kind.limit() {
                true => reply::text(StatusCode::NOT_FOUND, "Not Found"),
                false => next.run(Request::from_parts(parts, Body::from(body))).await,
            }
        }
        Err(_) => reply::text(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large"),
    };
    deliver::send_due(&store);
    let (id, observer) = {
        let mut state = store.lock();
        (state.ids.request(), state.observer.clone())
    };
    if let Some(observer) = observer {
        let (status, time) = (response.status().as_u16(), began.elapsed().as_millis());
        observer(&format!("{what} {status} {time} ms{remark}"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("logto-core-request-id", id);
    }
    response
}
