//! Deliveries as requests: the body is read once, up to its maximum size.

use std::{future::poll_fn, pin::pin};

use bytes::{Buf, BufMut};
use http::Request;
use http_body::Body;

use super::{Event, WebhookError, WebhookVerifier, verifier::signature};

impl WebhookVerifier {
    /// The event of a request, with the body type of any HTTP server that is built on `http` and
    /// `http-body`: hyper, tower, warp, poem. Without a signature, the body is not read.
    ///
    /// # Errors
    ///
    /// See [`WebhookError`].
    pub async fn receive<B: Body>(&self, request: Request<B>) -> Result<Event, WebhookError> {
        let (head, body) = request.into_parts();
        let signature = signature(&head.headers)?;
        let body = read(body, self.size_limit()).await?;
        self.verify_signature(signature, &body)
    }
}

async fn read<B: Body>(body: B, limit: usize) -> Result<Vec<u8>, WebhookError> {
    let mut body = pin!(body);
    let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if told > limit {
        return Err(WebhookError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(told);
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        // Others are trailers.
        let Ok(data) = frame.map_err(|_| WebhookError::Interrupted)?.into_data() else { continue };
        if data.remaining() > limit - bytes.len() {
            return Err(WebhookError::TooLarge);
        }
        bytes.put(data);
    }
    Ok(bytes)
}
