//! Has requests go wrong as a test has ordered, and gives answers as another release would.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, RETRY_AFTER},
    },
    middleware::Next,
    response::Response,
};
use http_body::Frame;
use serde_json::Value;

use crate::{
    routes::reply,
    rules::{
        contract::{Change, Contract, Found, Operation},
        releases,
    },
    state::{Store, faults::Kind},
};

/// A connection's mark that it is broken: nothing more is written to it.
#[derive(Clone, Default)]
pub(crate) struct Broken(pub(crate) Arc<AtomicBool>);

impl Broken {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) async fn inject(State(store): State<Store>, request: Request, next: Next) -> Response {
    let broken = request.extensions().get::<ConnectInfo<Broken>>().map(|info| info.0.clone());
    let (operation, fault, release) = {
        let mut state = store.lock();
        let operation = operation_of(&request, state.release.as_deref());
        let name = match (operation, request.uri().path()) {
            (Some(operation), _) => operation.id.as_str(),
            (None, "/oidc/token") => "Token",
            (None, _) => "",
        };
        let refused = state.faults.refuses.then_some(Kind::Reset);
        (operation, refused.or_else(|| state.faults.next(name)), state.release.clone())
    };
    match fault {
        Some(Kind::Status(status)) => return failed(status),
        Some(Kind::RateLimited(after)) => {
            let mut response = failed(429);
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            return response;
        }
        Some(Kind::Latency(latency)) => tokio::time::sleep(latency).await,
        _ => {}
    }
    if operation.is_some_and(|own| !releases::has(release.as_deref(), own.since.as_deref())) {
        return reply::text(StatusCode::NOT_FOUND, "Not Found");
    }
    let mut response = next.run(request).await;
    if let (Some(own), Some(release)) = (operation, &release) {
        response = reshaped(own, response, Change::Release(release)).await;
    }
    match (fault, operation) {
        (Some(Kind::Unknowns), Some(own)) => reshaped(own, response, Change::Unknowns).await,
        (Some(kind), _) => spoiled(kind, response, broken).await,
        (None, _) => response,
    }
}

fn operation_of(request: &Request, release: Option<&str>) -> Option<&'static Operation> {
    let contract = Contract::get();
    match contract.find(request.method().as_str(), request.uri().path(), release) {
        Found::Operation(at, _) => contract.operations.get(at),
        _ => None,
    }
}

pub(crate) fn failed(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply::text(status, status.canonical_reason().unwrap_or_default())
}

async fn reshaped(operation: &Operation, response: Response, change: Change<'_>) -> Response {
    let status = response.status();
    if let Some(text) = Contract::get().text_before(operation, status.as_u16(), change) {
        return reply::text(status, text);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    Contract::get().reshape(operation, parts.status.as_u16(), &mut value, change);
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(value.to_string()))
}

/// Breaks off an answer.
async fn spoiled(kind: Kind, response: Response, broken: Option<Broken>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = bytes.slice(..bytes.len() / 2);
    let end = match kind {
        Kind::Silent => std::future::pending().await,
        Kind::Reset => {
            if let Some(broken) = broken {
                broken.0.store(true, Ordering::Relaxed);
            }
            End::Failure(false)
        }
        Kind::HalfSent => End::Failure(true),
        Kind::Stalled => End::Silence,
        Kind::Endless => {
            let body = Cut { first: Some(bytes), end: End::Blanks };
            return Response::from_parts(parts, Body::new(body));
        }
        _ => return Response::from_parts(parts, Body::from(bytes)),
    };
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len().max(1)));
    Response::from_parts(parts, Body::new(Cut { first: Some(half), end }))
}

/// A body that does not come to its end.
struct Cut {
    first: Option<Bytes>,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    /// Whether it comes later than what was sent.
    Failure(bool),
    Silence,
    Blanks,
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        match self.end {
            // What was sent so far goes out first.
            End::Failure(true) => {
                self.end = End::Failure(false);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Failure(false) => {
                let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                Poll::Ready(Some(Err(error)))
            }
            End::Silence => Poll::Pending,
            End::Blanks => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 4096]))))),
        }
    }
}
