//! Remembers each request, and gives each answer its id.

use std::time::Instant;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::Response,
};

use crate::{
    routes::{deliver, reply},
    state::{self, Store, recorded::RecordedRequest},
};

/// The size of a JSON body that a server takes.
const LIMIT: usize = 1024 * 1024;

/// How many of the newest requests are remembered, at least.
const KEPT: usize = 5_000;

fn note(state: &mut state::State, request: RecordedRequest) {
    state.token_requests += usize::from(request.is_token_request());
    if state.requests.len() >= 2 * KEPT {
        state.requests.drain(..KEPT);
    }
    state.requests.push(request);
}

pub(crate) async fn record(State(store): State<Store>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let what = format!("{} {}", request.method(), request.uri().path());
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
            note(&mut store.lock(), recorded);
            next.run(Request::from_parts(parts, Body::from(body))).await
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
        observer(&format!("{what} {status} {time} ms"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("logto-core-request-id", id);
    }
    response
}
