//! The details of an error.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::{Error, Kind};

impl Error {
    /// The HTTP status of the response, if one arrived.
    ///
    /// Failures of the token endpoint have none, because they are not responses of this operation.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Api(response) => Some(response.status),
            Kind::Decode(response) => Some(response.status),
            Kind::TooLarge(response) => Some(response.status),
            Kind::Transport(transport) => transport.status,
            Kind::Config(_)
            | Kind::Request(_)
            | Kind::Auth(_)
            | Kind::Service(_)
            | Kind::Deadline
            | Kind::Incomplete { .. }
            | Kind::SignIn(_) => None,
        }
    }

    /// Logto's error code, such as `user.username_already_in_use`.
    ///
    /// For a failure of the token endpoint or the authorization endpoint it is OAuth's `error`,
    /// such as `invalid_client` or `access_denied`. It is `None` if the response has none, for
    /// example because a proxy sent it.
    pub fn code(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Api(response) => response.code.as_deref(),
            Kind::Auth(failure) => failure.code.as_deref(),
            Kind::SignIn(sign_in) => sign_in.code.as_deref(),
            _ => None,
        }
    }

    /// Logto's error message (for the token endpoint, OAuth's `error_description`). `Display` omits
    /// messages that quote a secret, such as those about one-time tokens.
    pub fn message(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Api(response) => response.message.as_deref(),
            Kind::Auth(failure) => failure.message.as_deref(),
            Kind::SignIn(sign_in) => sign_in.message.as_deref(),
            _ => None,
        }
    }

    /// The scopes that were rejected, or that a token lacks, if the response names them: OAuth's
    /// `scope` with `invalid_scope` and `insufficient_scope`.
    pub fn refused_scope(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Api(response) => response.scope.as_deref(),
            Kind::Auth(failure) => failure.scope.as_deref(),
            Kind::SignIn(sign_in) => sign_in.scope.as_deref(),
            _ => None,
        }
    }

    /// The data that Logto sent with the error, such as the issues of an invalid body or the
    /// missing factors. It may contain user input: be careful when logging it.
    pub fn data(&self) -> Option<&Value> {
        self.api_error()?.data.as_ref()
    }

    /// The fields that Logto does not accept, by their paths in the request, such as
    /// `profile.address`: the issues of an invalid body, query or configuration. The error's
    /// message names them.
    pub fn invalid_fields(&self) -> Vec<String> {
        let issues = self.data().and_then(|data| data["issues"].as_array());
        let mut fields: Vec<String> = Vec::new();
        for field in issues.into_iter().flatten().filter_map(|issue| path(&issue["path"])) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }

    /// The HTTP client's error, if a connection failed or a timeout was reached.
    /// [`source`](std::error::Error::source) has only what the error's message does not say.
    pub fn http_error(&self) -> Option<&reqwest::Error> {
        self.source_error()
    }

    /// Logto's longer description of the failure, if there is one. It may contain user input: be
    /// careful when logging it.
    pub fn details(&self) -> Option<&Value> {
        self.api_error()?.details.as_ref()
    }

    /// The id under which the server logged this request.
    pub fn request_id(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Api(response) => response.request_id.as_deref(),
            Kind::Decode(response) => response.request_id.as_deref(),
            Kind::TooLarge(response) => response.request_id.as_deref(),
            Kind::Transport(transport) => transport.request_id.as_deref(),
            _ => None,
        }
    }

    /// The operation that failed, by its id in the contract, such as `GetUser`.
    ///
    /// `None` for errors of [`ClientBuilder::build`](crate::ClientBuilder::build) and for requests
    /// made by [`Client::request`](crate::Client::request).
    pub fn operation(&self) -> Option<&str> {
        Some(self.0.operation).filter(|operation| !operation.is_empty())
    }

    /// The number of attempts. 0 if the request failed before the first one.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The value of the `Retry-After` header.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The position of the first field in the response's JSON that cannot be decoded, such as
    /// `[3].customData`; `.` is the root. The middle of a very long path is omitted.
    pub fn json_path(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(response) => Some(&response.path),
            _ => None,
        }
    }

    /// The number of items of a list that are missing according to the server's count, when an
    /// [`ItemStream`](crate::ItemStream) ends with this error.
    pub fn missing_items(&self) -> Option<u64> {
        match self.0.kind {
            Kind::Incomplete { missing, .. } => Some(missing),
            _ => None,
        }
    }
}

/// `["profile", "emails", 0]` → `profile.emails[0]`.
fn path(steps: &Value) -> Option<String> {
    let mut path = String::new();
    for step in steps.as_array()? {
        match step {
            Value::Number(index) => path += &format!("[{index}]"),
            Value::String(name) if path.is_empty() => path += name,
            Value::String(name) => path += &format!(".{name}"),
            _ => return None,
        }
    }
    (!path.is_empty()).then_some(path)
}
