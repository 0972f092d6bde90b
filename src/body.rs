//! Reading what a server answers.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// The text without the byte order mark that some gateways begin it with (RFC 8259, section 8.1,
/// allows to ignore it).
pub(crate) fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The body up to where it ends, breaks off or exceeds the limit.
pub(crate) async fn read(response: &mut Response, limit: usize) -> (Bytes, Option<reqwest::Error>) {
    let mut first = Bytes::new();
    // Copied together only if it comes in more than one piece.
    let mut whole: Option<BytesMut> = None;
    let error = loop {
        match response.chunk().await {
            Ok(None) => break None,
            Err(error) => break Some(error),
            Ok(Some(chunk)) if first.is_empty() => first = chunk,
            Ok(Some(chunk)) => {
                whole.get_or_insert_with(|| BytesMut::from(&first[..])).extend_from_slice(&chunk);
            }
        }
        if whole.as_ref().map_or(first.len(), BytesMut::len) >= limit {
            break None;
        }
    };
    (whole.map_or(first, BytesMut::freeze), error)
}
