//! Why a request got no response.

use std::error::Error as StdError;

use reqwest::Url;

use super::connection::server_name;

/// Why a request got no response.
pub(crate) enum SendFailure {
    Http(reqwest::Error),
    /// What a service of the caller's reports. It may hold anything, so it is not printed.
    Service {
        error: Box<dyn StdError + Send + Sync>,
        /// Host and port of the server that the request was for.
        server: String,
    },
    /// The time for the attempt ran out.
    TimedOut {
        server: String,
    },
    NoRuntime,
    /// No HTTP client can be made.
    NoClient,
}

impl SendFailure {
    /// A service may stand on reqwest, whose errors tell more.
    pub(crate) fn of_service(error: Box<dyn StdError + Send + Sync>, server: String) -> Self {
        match error.downcast::<reqwest::Error>() {
            Ok(error) => Self::Http(*error),
            Err(error) => Self::Service { error, server },
        }
    }

    pub(crate) fn timed_out(url: Option<&Url>) -> Self {
        Self::TimedOut { server: server_name(url) }
    }
}
