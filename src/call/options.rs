//! Options of a single call.

use std::time::Duration;

use reqwest::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING,
};

use crate::RetryPolicy;

#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) token: Option<String>,
    pub(crate) max_response_size: Option<usize>,
    /// The first invalid option, reported when the request is sent.
    pub(crate) problem: Option<String>,
}

impl Options {
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match checked_header(name, value) {
            Ok(header) => self.headers.push(header),
            Err(problem) => self.problem(problem),
        }
    }

    /// A header that the operation requires. Headers that the caller sets come after it.
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        match checked_header(name, value) {
            Ok(_) if value.is_empty() => self.problem(format!("the parameter `{name}` is empty")),
            Ok(header) => self.headers.insert(0, header),
            Err(problem) => self.problem(problem),
        }
    }

    /// Records the first problem of the call, to report it when it is sent.
    pub(crate) fn problem(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
}

fn checked_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name = HeaderName::try_from(name).map_err(|_| {
        "a header's name contains a character that header names cannot have".to_owned()
    })?;
    if name == AUTHORIZATION {
        return Err("the client sets the header `authorization`: use `token(…)`".to_owned());
    }
    if [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
        return Err(format!("the HTTP client sets the header `{name}`: leave it out"));
    }
    let mut value = HeaderValue::try_from(value).map_err(|_| {
        format!(
            "the value of the header `{name}` contains a control character, such as a line break"
        )
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Gives request structs, which hold a [`Call`](crate::call::Call) in `call`, the options of a
/// single call.
macro_rules! call_options {
    ($($request:ident),+ $(,)?) => { $(
        impl $request {
            /// Adds a header to the request, replacing any other with this name. An invalid header,
            /// or one that the client itself sets, is an error of `send`.
            pub fn header(mut self, name: &str, value: &str) -> Self {
                self.call.options.header(name, value);
                self
            }

            /// The timeout of this call with all attempts and delays, instead of the client's.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.call.options.timeout = Some(timeout);
                self
            }

            /// The timeout of each attempt of this call, instead of the client's.
            pub fn attempt_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.call.options.attempt_timeout = Some(timeout);
                self
            }

            /// The retry policy of this call, instead of the client's.
            pub fn retry(mut self, policy: crate::RetryPolicy) -> Self {
                self.call.options.retry = Some(policy);
                self
            }

            /// The maximum size of a buffered response in bytes, instead of the client's.
            pub fn max_response_size(mut self, bytes: usize) -> Self {
                self.call.options.max_response_size = Some(bytes);
                self
            }

            /// Sends this call with another bearer token than the client's.
            pub fn token(mut self, token: impl $crate::setters::IntoText) -> Self {
                self.call.options.token = Some(token.into_text());
                self
            }
        }
    )+ };
}
pub(crate) use call_options;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_along_is_sensitive() {
        let mut options = Options::default();
        options.header("x-mine", "a");
        options.parameter("logto-verification-id", "b");
        let names: Vec<_> = options.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["logto-verification-id", "x-mine"]);
        assert!(options.headers.iter().all(|(_, value)| value.is_sensitive()));
    }
}
