//! Why a request got no response.

use std::error::Error as StdError;

/// Why a request got no response.
pub(crate) enum SendFailure {
    Http(reqwest::Error),
    /// What a service of the caller's reports. It may hold anything, so it is not printed.
    Service(Box<dyn StdError + Send + Sync>),
    /// The time for the attempt ran out.
    TimedOut,
    NoRuntime,
    /// No HTTP client can be made.
    NoClient,
}

impl SendFailure {
    /// A service may stand on reqwest, whose errors tell more.
    pub(crate) fn of_service(error: Box<dyn StdError + Send + Sync>) -> Self {
        match error.downcast::<reqwest::Error>() {
            Ok(error) => Self::Http(*error),
            Err(error) => Self::Service(error),
        }
    }
}
