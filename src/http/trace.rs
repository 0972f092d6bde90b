//! Spans and events, by the names that OpenTelemetry has for HTTP clients.
//!
//! Without the feature `tracing`, and while nobody listens, nothing is done for them.

use std::time::Duration;

use reqwest::{Request, StatusCode, header::HeaderMap};

use crate::{Error, Result, error::AuthFailure, http::operation::Operation};

#[cfg(not(feature = "tracing"))]
pub(crate) use off::*;
#[cfg(feature = "tracing")]
pub(crate) use on::*;

#[cfg(feature = "tracing")]
mod on {
    use reqwest::Url;
    use tracing::{Instrument as _, Span, field::Empty, instrument::Instrumented};

    use super::*;
    use crate::error::{one_line::one_line, request_id};

    /// The span of one call with all its attempts.
    pub(crate) struct CallSpan(Span);

    impl CallSpan {
        pub(crate) fn new(operation: &Operation, request: &Request) -> Self {
            let (method, url) = (request.method(), request.url());
            Self(tracing::info_span!(
                target: "logto_api",
                "logto call",
                otel.kind = "client",
                otel.name = name(operation, request),
                otel.status_code = Empty,
                logto.operation = known(operation.id),
                http.request.method = %method,
                http.request.resend_count = Empty,
                http.response.status_code = Empty,
                url.full = without_query(url),
                url.template = known(operation.path),
                server.address = url.host_str(),
                server.port = url.port_or_known_default(),
                error.type = Empty,
                logto.request_id = Empty,
            ))
        }

        /// Makes this the span that the work is done in.
        pub(crate) async fn watch<T>(&self, work: impl Future<Output = T>) -> T {
            work.instrument(self.0.clone()).await
        }

        pub(crate) fn retrying(&self, error: &Error, attempt: u32, delay: Duration) {
            tracing::warn!(
                target: "logto_api",
                attempt,
                delay_ms = milliseconds(delay),
                http.response.status_code = error.status().map(|status| status.as_u16()),
                error.type = error_type(error),
                "call failed; retrying"
            );
        }

        pub(crate) fn renewing(&self) {
            tracing::info!(
                target: "logto_api",
                "access token rejected; retrying with a new one"
            );
        }

        /// Records how the call ended, after so many attempts.
        pub(crate) fn finish(
            &self,
            outcome: Result<(StatusCode, &HeaderMap), &Error>,
            attempts: u32,
        ) {
            if self.0.is_disabled() {
                return;
            }
            if attempts > 1 {
                self.0.record("http.request.resend_count", attempts - 1);
            }
            let (status, request_id) = match outcome {
                Ok((status, headers)) => (Some(status), request_id(headers)),
                Err(error) => (error.status(), error.request_id()),
            };
            if let Some(status) = status {
                self.0.record("http.response.status_code", status.as_u16());
            }
            if let Some(id) = request_id {
                self.0.record("logto.request_id", one_line(id, 64));
            }
            if let Err(error) = outcome {
                self.0.record("otel.status_code", "ERROR");
                self.0.record("error.type", error_type(error));
            }
        }
    }

    /// OpenTelemetry's `error.type`: the status, or else the kind of the failure.
    fn error_type(error: &Error) -> String {
        match error.status() {
            Some(status) => status.as_str().to_owned(),
            None if error.is_timeout() => "timeout".to_owned(),
            None => error.kind_name().to_owned(),
        }
    }

    /// Raw requests have no operation.
    fn known(text: &'static str) -> Option<&'static str> {
        Some(text).filter(|text| !text.is_empty())
    }

    fn name(operation: &Operation, request: &Request) -> String {
        match known(operation.path) {
            Some(path) => format!("{} {path}", request.method()),
            None => request.method().to_string(),
        }
    }

    /// The values of a query may be anything, also codes and addresses of people.
    fn without_query(url: &Url) -> String {
        let mut shown = url.clone();
        if url.query().is_some() {
            shown.set_query(None);
            for (name, _) in url.query_pairs() {
                shown.query_pairs_mut().append_pair(&name, "REDACTED");
            }
        }
        shown.into()
    }

    /// Does the work in the span of the call that asked for it.
    pub(crate) fn within_caller<F: Future>(work: F) -> Instrumented<F> {
        work.in_current_span()
    }

    /// A cookie of the browser was ignored.
    pub(crate) fn cookie_left_out() {
        tracing::warn!(
            target: "logto_api",
            "ignored a browser cookie with a control character"
        );
    }

    /// The token endpoint may say anything.
    fn code(failure: &AuthFailure) -> Option<String> {
        Some(one_line(failure.code.as_deref()?, 100))
    }

    fn milliseconds(delay: Duration) -> u64 {
        u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
    }

    /// A token request failed and is retried.
    pub(crate) fn token_retrying(failure: &AuthFailure, attempt: u32, delay: Duration) {
        let status = failure.status.map(|status| status.as_u16());
        tracing::warn!(
            target: "logto_api",
            attempt,
            delay_ms = milliseconds(delay),
            http.response.status_code = status,
            error.type = code(failure),
            "failed to obtain access token; retrying"
        );
    }

    /// Where processes share tokens failed, and each goes by itself.
    pub(crate) fn token_store_failed() {
        tracing::warn!(target: "logto_api", "the token store failed");
    }

    /// A token was obtained, with its lifetime, or not.
    pub(crate) fn token(outcome: Result<Option<Duration>, &AuthFailure>) {
        match outcome {
            Ok(lifetime) => tracing::debug!(
                target: "logto_api",
                expires_in_s = lifetime.map(|lifetime| lifetime.as_secs()),
                "obtained access token"
            ),
            Err(failure) => {
                let status = failure.status.map(|status| status.as_u16());
                tracing::warn!(
                    target: "logto_api",
                    { http.response.status_code = status, error.type = code(failure) },
                    "failed to obtain access token"
                );
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use super::*;

    pub(crate) struct CallSpan;

    impl CallSpan {
        pub(crate) fn new(_: &Operation, _: &Request) -> Self {
            Self
        }

        pub(crate) async fn watch<T>(&self, work: impl Future<Output = T>) -> T {
            work.await
        }

        pub(crate) fn retrying(&self, _: &Error, _: u32, _: Duration) {}

        pub(crate) fn renewing(&self) {}

        pub(crate) fn finish(&self, _: Result<(StatusCode, &HeaderMap), &Error>, _: u32) {}
    }

    pub(crate) fn within_caller<F: Future>(work: F) -> F {
        work
    }

    pub(crate) fn cookie_left_out() {}

    pub(crate) fn token_retrying(_: &AuthFailure, _: u32, _: Duration) {}

    pub(crate) fn token_store_failed() {}

    pub(crate) fn token(_: Result<Option<Duration>, &AuthFailure>) {}
}
