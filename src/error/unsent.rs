//! Whether a request surely was not carried out, as far as an HTTP client can tell.

use std::error::Error;

/// Whether no server can have acted on the request that failed with this error:
///
/// - no connection was made;
/// - the request was never written, as its connection had been closed before;
/// - an HTTP/2 server refused the stream, or said by GOAWAY that it would not process it (RFC 9113,
///   section 8.7).
///
/// A connection that is closed after the request was written does not belong here: the server may
/// have acted and failed to respond.
pub(crate) fn is_unsent(error: &reqwest::Error) -> bool {
    error.is_connect() || is_unwritten(error) || causes(error).any(is_refused)
}

/// An error and what caused it, outermost first.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// Whether the connection had been closed before the request was written.
pub(crate) fn is_unwritten(error: &reqwest::Error) -> bool {
    let canceled = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
    };
    causes(error).any(canceled)
}

/// A stream fails with GOAWAY and NO_ERROR only where its number is beyond the last that the server
/// looked at.
fn is_refused(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<h2::Error>().is_some_and(|error| {
        error.is_remote()
            && match error.reason() {
                Some(h2::Reason::REFUSED_STREAM) => error.is_reset(),
                Some(h2::Reason::NO_ERROR) => error.is_go_away(),
                _ => false,
            }
    })
}
