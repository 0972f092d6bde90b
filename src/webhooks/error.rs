//! Why a delivery is rejected.

use std::fmt;

use http::StatusCode;

/// Why a delivery is rejected. Its text quotes nothing of the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// There is no header `logto-signature-sha-256`.
    MissingSignature,
    /// The signature is none of the body by any of the keys, or there is more than one.
    InvalidSignature,
    /// The body is longer than [`max_size`](super::WebhookVerifier::max_size) allows.
    TooLarge,
    /// The connection broke before all of the body was there.
    Interrupted,
    /// The delivery is older than [`max_age`](super::WebhookVerifier::max_age) allows, or says that
    /// it is from the future.
    OutOfDate,
    /// [`replay_check`](super::WebhookVerifier::replay_check) has seen the delivery before.
    Replayed,
    /// The signature is good, but the body is not an event: this is where.
    InvalidBody(String),
}

impl WebhookError {
    /// The status of the response.
    ///
    /// Logto shows it on the webhook's page, and does not send again. Whoever takes duplicates as a
    /// matter of course answers [`Replayed`](Self::Replayed), which is 409, with 200.
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
