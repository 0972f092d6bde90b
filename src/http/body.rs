//! Reads the responses of a server.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// Where reading a body came to its end.
pub(crate) enum End {
    /// All of it was read.
    Whole,
    /// The connection broke off.
    Broken(reqwest::Error),
    /// It is longer than the limit.
    TooLarge,
}

/// The body as far as it comes, but no further than a piece beyond the limit. What was compressed
/// counts as long as it is then.
pub(crate) async fn read(response: &mut Response, limit: usize) -> (Bytes, End) {
    let told = response.content_length();
    if told.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return (Bytes::new(), End::TooLarge);
    }
    let mut first = Bytes::new();
    // Copied together only if it comes in more than one piece.
    let mut whole: Option<BytesMut> = None;
    let end = loop {
        match response.chunk().await {
            Ok(None) => break End::Whole,
            Err(error) => break End::Broken(error),
            Ok(Some(chunk)) if first.is_empty() => first = chunk,
            Ok(Some(chunk)) => {
                whole.get_or_insert_with(|| BytesMut::from(&first[..])).extend_from_slice(&chunk);
            }
        }
        if whole.as_ref().map_or(first.len(), BytesMut::len) > limit {
            break End::TooLarge;
        }
    };
    (whole.map_or(first, BytesMut::freeze), end)
}
