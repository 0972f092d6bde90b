//! Responses that are on their way, and what they say beside their value.

use std::{
    fmt,
    future::Future,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, ready},
};

use reqwest::{StatusCode, header::HeaderMap};

use crate::{
    Result,
    call::{
        Call, EncodedRequest,
        response::{BufferedResponse, Reader},
    },
    error::request_id,
};

type Receiving = Pin<Box<dyn Future<Output = Result<BufferedResponse>> + Send>>;

/// A future of the response to a request: what `send` returns, and what awaiting a request makes of
/// it. Nothing is sent before it is polled, and dropping it cancels the call.
///
/// ```no_run
/// # #[cfg(feature = "users")]
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// let user = logto.users().get("user-id").await?;
/// let same = logto.users().get("user-id").send().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent unless it is awaited"]
pub struct ResponseFuture<T> {
    receiving: Receiving,
    read: fn(&BufferedResponse) -> Result<T>,
}

#[allow(dead_code, reason = "depends on the enabled features")]
impl<T> ResponseFuture<T> {
    pub(crate) fn new<R: Reader<T>>(call: Call, encoded: EncodedRequest) -> Self {
        Self { receiving: Box::pin(call.receive(encoded, R::ACCEPT_VALUE)), read: R::read }
    }
}

#[allow(dead_code, reason = "depends on the enabled features")]
impl<T> ResponseFuture<WithResponse<T>> {
    pub(crate) fn with_response<R: Reader<T>>(call: Call, encoded: EncodedRequest) -> Self {
        let read = |response: &BufferedResponse| {
            let (status, headers) = (response.status, response.headers.clone());
            Ok(WithResponse { value: R::read(response)?, status, headers })
        };
        Self { receiving: Box::pin(call.receive(encoded, R::ACCEPT_VALUE)), read }
    }
}

impl<T> Future for ResponseFuture<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let response = ready!(self.receiving.as_mut().poll(cx));
        Poll::Ready(response.and_then(|response| (self.read)(&response)))
    }
}

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// The value of a response with its status and headers: what `send_with_response` returns. It
/// dereferences to the value.
///
/// ```no_run
/// # #[cfg(feature = "users")]
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// let response = logto.users().create().username("alice").send_with_response().await?;
/// println!("{} {:?}: {}", response.status(), response.request_id(), response.id);
/// let user = response.into_value();
/// # Ok(())
/// # }
/// ```
///
/// `Debug` shows no header but the request's id.
#[derive(Clone, PartialEq)]
pub struct WithResponse<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
}

impl<T> WithResponse<T> {
    /// What `send` alone would have given.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The HTTP status. Of a DELETE that was retried after its response was lost, it may be 404: the
    /// attempt before has deleted what it was to delete.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The id under which the server logged this request.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }
}

impl<T> Deref for WithResponse<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for WithResponse<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithResponse")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}
