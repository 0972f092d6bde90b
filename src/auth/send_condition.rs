//! What has to hold at the moment when a request is sent.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Request, header::CONTENT_LENGTH};

/// A condition that is looked at when the body of a request is sent, after all that may take long:
/// names are resolved, and there is a connection. A process may have stood still meanwhile.
#[derive(Clone)]
pub(crate) struct SendCondition(Arc<Inner>);

struct Inner {
    holds: Box<dyn Fn() -> bool + Send + Sync>,
    has_failed: AtomicBool,
}

/// The request was not sent.
#[derive(Debug)]
struct Unsent;

impl SendCondition {
    pub(crate) fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { holds: Box::new(holds), has_failed: AtomicBool::new(false) }))
    }

    /// Has the body of the request sent only if the condition holds then.
    pub(super) fn guard(&self, request: &mut Request) {
        let body = request.body().and_then(Body::as_bytes).unwrap_or_default();
        let (length, body, condition) = (body.len(), Bytes::copy_from_slice(body), self.clone());
        let body = stream::once(async move {
            match (condition.0.holds)() {
                true => Ok(body),
                false => {
                    condition.0.has_failed.store(true, Ordering::SeqCst);
                    Err(Unsent)
                }
            }
        });
        *request.body_mut() = Some(Body::wrap_stream(body));
        request.headers_mut().insert(CONTENT_LENGTH, length.into());
    }

    /// Whether the body was not sent because it did not hold.
    pub(super) fn has_failed(&self) -> bool {
        self.0.has_failed.load(Ordering::SeqCst)
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was delayed for too long to be sent")
    }
}

impl std::error::Error for Unsent {}
