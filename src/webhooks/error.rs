//! Why a delivery is rejected.

use std::fmt;

use http::StatusCode;

/// Why a delivery is rejected. The message quotes nothing of the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// There is no header `logto-signature-sha-256`.
    MissingSignature,
    /// The signature does not match the body with any of the keys, or there are several signatures.
    InvalidSignature,
    /// The body is longer than [`max_size`](super::WebhookVerifier::max_size) allows.
    TooLarge,
    /// The connection broke before the body was complete.
    Interrupted,
    /// The delivery is older than [`max_age`](super::WebhookVerifier::max_age), or its time is in
    /// the future.
    OutOfDate,
    /// [`replay_check`](super::WebhookVerifier::replay_check) has seen the delivery before.
    Replayed,
    /// The signature is valid, but the body is not an event; this is the position of the error.
    InvalidBody(String),
}

impl WebhookError {
    /// The status of the response.
    ///
    /// Logto shows it on the webhook's page, and does not retry. If duplicates are expected,
    /// respond with 200 to [`Replayed`](Self::Replayed), whose status is 409.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MissingSignature | Self::InvalidSignature => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Interrupted | Self::OutOfDate | Self::InvalidBody(_) => StatusCode::BAD_REQUEST,
            Self::Replayed => StatusCode::CONFLICT,
        }
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingSignature => "the header `logto-signature-sha-256` is missing",
            Self::InvalidSignature => {
                "the signature does not match: check that the signing key is this webhook's, and \
                 that the body is the one received, byte for byte"
            }
            Self::TooLarge => "the body exceeds the size limit",
            Self::Interrupted => "the body could not be read to its end",
            Self::OutOfDate => {
                "the delivery is too old, or from the future: check this machine's clock"
            }
            Self::Replayed => "the delivery has been received before",
            Self::InvalidBody(problem) => {
                return write!(
                    f,
                    "the signature is valid, but the body cannot be decoded: {problem}"
                );
            }
        })
    }
}

impl std::error::Error for WebhookError {}
