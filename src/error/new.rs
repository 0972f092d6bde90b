//! How errors are made, and what is added to them on their way up.

use std::{sync::Arc, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::{Map, Value};

use super::{
    ApiError, AuthFailure, DecodeError, Error, Inner, Kind, LACKS_SCOPE, MissingOperation,
    NO_CLIENT, NO_RUNTIME, NOT_LOGTO, SIGN_IN_REQUIRED, SendFailure, ServiceFailure, TOKEN_EXPIRED,
    TimeLimit, TooLarge, Transport, connection, request_id, text, upload,
};
use crate::models::json_path::{self, without_bom};

impl Error {
    pub(super) fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: "",
            attempts: 0,
            retry_after: None,
            may_have_taken_effect: false,
            limit: None,
        }))
    }

    pub(crate) fn config(problem: impl Into<String>) -> Self {
        Self::new(Kind::Config(problem.into()))
    }

    pub(crate) fn request(problem: impl Into<String>) -> Self {
        Self::new(Kind::Request(problem.into()))
    }

    pub(crate) fn auth(failure: AuthFailure) -> Self {
        Self::new(Kind::Auth(failure))
    }

    /// What the HTTP client reports: a request it could not build, or a connection that failed.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        if error.is_builder() {
            return Self::request("the request cannot be built from these values");
        }
        if let Some(problem) = upload::problem(&error) {
            return Self::request(problem);
        }
        Self::new(Kind::Transport(Transport {
            source: Arc::new(connection::with_origin_only(error)),
            status: None,
            request_id: None,
        }))
    }

    /// Why a request got no response.
    pub(crate) fn send_failed(failure: SendFailure) -> Self {
        match failure {
            SendFailure::Http(error) => Self::transport(error),
            SendFailure::Service { error, server } => {
                Self::new(Kind::Service(ServiceFailure { server, cause: Some(error.into()) }))
            }
            SendFailure::TimedOut { server } => {
                Self::new(Kind::Service(ServiceFailure { server, cause: None }))
            }
            SendFailure::NoRuntime => Self::request(NO_RUNTIME),
            SendFailure::NoClient => Self::config(NO_CLIENT),
        }
    }

    /// The response is longer than this many bytes, and was not read to its end.
    pub(crate) fn too_large(limit: usize, status: StatusCode, headers: &HeaderMap) -> Self {
        let request_id = request_id(headers).map(str::to_owned);
        Self::new(Kind::TooLarge(TooLarge { status, request_id, limit }))
    }

    /// The response's head arrived, its body did not.
    pub(crate) fn cut_off(error: reqwest::Error, status: StatusCode, headers: &HeaderMap) -> Self {
        Self::new(Kind::Transport(Transport {
            source: Arc::new(connection::with_origin_only(error)),
            status: Some(status),
            request_id: request_id(headers).map(str::to_owned),
        }))
    }

    /// A response that is not a success. `body` may be anything, also empty or cut off.
    pub(crate) fn api(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let body = without_bom(body);
        let mut body = serde_json::from_slice::<Map<String, Value>>(body).unwrap_or_default();
        let code = text(&mut body, &["code", "error"]);
        // OAuth's description is specific; beside it, Logto's message for OAuth's errors is general,
        // and may hold a placeholder.
        let of_oauth = code.as_deref().is_some_and(|code| code.starts_with("oidc."));
        let message = match of_oauth {
            true => text(&mut body, &["error_description", "message"]),
            false => text(&mut body, &["message", "error_description"]),
        };
        let hint = (status == StatusCode::NOT_FOUND && code.is_none()).then_some(NOT_LOGTO);
        Self::new(Kind::Api(ApiError {
            status,
            request_id: request_id(headers).map(str::to_owned),
            code,
            message,
            scope: text(&mut body, &["scope"]),
            sign_in_required: false,
            data: body.remove("data"),
            details: body.remove("details"),
            lacks_scope: false,
            hint,
            absent: None,
        }))
    }

    /// A success whose JSON is not of the shape that was asked for.
    pub(crate) fn decode(
        error: &serde_json::Error,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        Self::new(Kind::Decode(DecodeError {
            status,
            request_id: request_id(headers).map(str::to_owned),
            path: json_path::locate(body, error),
            problem: json_path::problem(error),
        }))
    }

    /// A success whose body cannot be read for another reason than its JSON.
    pub(crate) fn unreadable(problem: &str, status: StatusCode, headers: &HeaderMap) -> Self {
        Self::new(Kind::Decode(DecodeError {
            status,
            request_id: request_id(headers).map(str::to_owned),
            path: ".".to_owned(),
            problem: problem.to_owned(),
        }))
    }

    /// A list ended before all of it had come, by the server's own count.
    pub(crate) fn incomplete(missing: u64, total: u64) -> Self {
        Self::new(Kind::Incomplete { missing, total })
    }

    /// The call's time is up before anything more could be sent.
    pub(crate) fn deadline() -> Self {
        Self::new(Kind::Deadline)
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_unknown_outcome(mut self, unknown: bool) -> Self {
        self.0.may_have_taken_effect = unknown;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// The Management API asks every token for one permission, and names no other reason with this
    /// code.
    pub(crate) fn of_management(mut self) -> Self {
        let forbidden = self.is_forbidden() && self.has_code("auth.forbidden");
        if let Kind::Api(response) = &mut self.0.kind {
            response.lacks_scope = forbidden;
            if forbidden {
                response.hint = Some(LACKS_SCOPE);
            }
        }
        self
    }

    /// The user's token was rejected, and cannot be refreshed.
    pub(crate) fn requiring_sign_in(mut self) -> Self {
        if let Kind::Api(response) = &mut self.0.kind {
            response.sign_in_required = true;
            response.hint = response.hint.or(Some(SIGN_IN_REQUIRED));
        }
        self
    }

    /// The token was rejected, and its `exp` has passed.
    pub(crate) fn of_expired_token(mut self) -> Self {
        if let Kind::Api(response) = &mut self.0.kind {
            response.hint = Some(TOKEN_EXPIRED);
        }
        self
    }

    /// Where time ran out, this was the limit.
    pub(crate) fn within(mut self, limit: Option<TimeLimit>) -> Self {
        if self.is_timeout() {
            self.0.limit = self.0.limit.or(limit);
        }
        self
    }

    /// Says what to do about a response that is not a success.
    #[cfg(any(feature = "drift", feature = "sign-in"))]
    pub(crate) fn hinting(mut self, hint: &'static str) -> Self {
        if let Kind::Api(response) = &mut self.0.kind {
            response.hint = Some(hint);
        }
        self
    }

    /// A bare 404 or 405, as routers respond: the operation itself may be missing.
    pub(crate) fn of_releases(mut self, since: &'static str, until: &'static str) -> Self {
        if let Kind::Api(response) = &mut self.0.kind {
            let bare =
                matches!(response.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
                    && response.code.is_none();
            let varies = !since.is_empty() || !until.is_empty();
            if bare && varies {
                response.absent = Some(MissingOperation { since, until });
                response.hint = None;
            }
        }
        self
    }

    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = operation;
        self
    }
}
