//! Responses meant for a browser.

use std::fmt;

use reqwest::StatusCode;

/// A page or redirect meant for a user's browser, as SAML endpoints return.
///
/// Pass it on: a redirect by its [`location`](Self::location), a page by its [`body`](Self::body).
/// `Debug` shows neither, because both contain assertions.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserResponse {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

impl BrowserResponse {
    /// The HTTP status: 2xx for a page, 3xx for a redirect.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The target of a redirect.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The content type of the body, such as `text/html; charset=utf-8`.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The page. Empty for most redirects.
    pub fn body(&self) -> &str {
        &self.body
    }
}

impl fmt::Debug for BrowserResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserResponse")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
