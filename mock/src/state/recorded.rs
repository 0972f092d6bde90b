//! Requests as they arrived.

use std::fmt;

use serde_json::Value;

use crate::state::params::Params;

/// A request as it arrived. Its `Debug` form shows neither headers nor body
/// nor query, since these carry secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path with its query, as it was on the wire.
    pub path_and_query: String,
    /// Header names, in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The path without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.path_and_query.split('?').next();
        path.unwrap_or_default()
    }

    /// The first header of that name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A field of a form, such as `grant_type` of a request for a token.
    #[must_use]
    pub fn form_field(&self, name: &str) -> Option<String> {
        Params::parse(&self.body).get(name).map(str::to_owned)
    }

    /// Method and path.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path())
    }

    /// Whether it is to this path, in which segments in braces stand for any.
    pub(crate) fn is_to(&self, template: &str) -> bool {
        let (mut own, mut wanted) = (self.path().split('/'), template.split('/'));
        loop {
            match (own.next(), wanted.next()) {
                (None, None) => return true,
                (Some(own), Some(wanted)) if own == wanted => {}
                (Some(own), Some(wanted))
                    if wanted.starts_with('{') && wanted.ends_with('}') && !own.is_empty() => {}
                _ => return false,
            }
        }
    }

    pub(crate) fn is_token_request(&self) -> bool {
        self.method == "POST" && self.path() == "/oidc/token"
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}
