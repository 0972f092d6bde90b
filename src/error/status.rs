//! What a status tells of whether a request may be sent again.

use std::time::Duration;

use reqwest::StatusCode;

/// The statuses of what may pass: the server is overloaded or restarting, or a gateway could not
/// reach it. From 520 on they are Cloudflare's.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 502 | 503 | 504 | 520..=524 | 530)
}

/// The statuses by which a server turns a request away before it acts. A 503 counts if it says when
/// to come again: others come from gateways that lost the server while it was at work.
pub(crate) fn is_rejected_unprocessed(status: StatusCode, retry_after: Option<Duration>) -> bool {
    match status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::SERVICE_UNAVAILABLE => retry_after.is_some(),
        _ => false,
    }
}
