//! Uploads that this side broke off.

use std::{error::Error as StdError, fmt};

/// Why an upload was broken off by this side. The HTTP client carries it, as the cause of its own
/// error.
#[derive(Debug)]
pub(crate) struct UploadError(pub(crate) String);

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for UploadError {}

/// What is wrong with the upload, if that is why a request failed.
pub(crate) fn problem(error: &reqwest::Error) -> Option<&str> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(UploadError(problem)) = error.downcast_ref() {
            return Some(problem);
        }
        cause = error.source();
    }
    None
}
