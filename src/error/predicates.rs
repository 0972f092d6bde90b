//! Predicates of an error.

use std::io;

use reqwest::StatusCode;

use super::{
    ApiError, Cause, Error, INSUFFICIENT, Kind, Stage, codes, connection,
    status::{is_rejected_unprocessed, is_transient},
    unsent,
};

impl Error {
    /// Whether Logto gave exactly this code: `error.has_code("user.username_already_in_use")`.
    pub fn has_code(&self, code: &str) -> bool {
        self.code() == Some(code)
    }

    /// 400: the request is malformed. [`details`](Self::details) says where.
    pub fn is_bad_request(&self) -> bool {
        self.has_status(StatusCode::BAD_REQUEST)
    }

    /// 401: the token is missing, expired, revoked, or issued for something else.
    pub fn is_unauthorized(&self) -> bool {
        self.has_status(StatusCode::UNAUTHORIZED)
    }

    /// 403: the token is valid, but does not permit this.
    pub fn is_forbidden(&self) -> bool {
        self.has_status(StatusCode::FORBIDDEN)
    }

    /// Logto reports that the entity of the request does not exist: it responded with 404 and a
    /// code.
    ///
    /// A 404 without a code is not from Logto's operation: it comes from a proxy or another server,
    /// or from a Logto that does not know the path
    /// ([`is_unsupported_operation`](Self::is_unsupported_operation)). The error's message says so.
    pub fn is_not_found(&self) -> bool {
        self.has_status(StatusCode::NOT_FOUND) && self.code().is_some()
    }

    /// The value to create or set already exists, or belongs to somebody else: a username, an
    /// e-mail address, a name, a role that is already assigned.
    ///
    /// Logto responds with 422, or 409 for a few operations, and one of many codes, such as
    /// `user.username_already_in_use` or `role.name_in_use`: [`code`](Self::code) says which.
    pub fn is_already_exists(&self) -> bool {
        let clashes = self.has_status(StatusCode::UNPROCESSABLE_ENTITY)
            || self.has_status(StatusCode::CONFLICT);
        clashes && self.code().is_some_and(tells_of_existence)
    }

    /// The server's release of Logto may lack the operation: it responded with 404 or 405 without a
    /// code, and not all supported releases have the operation. The error's message and the
    /// operation's documentation name the release that introduced it.
    ///
    /// ```
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// # #[cfg(feature = "users")]
    /// match logto.users().list_sessions("user-id").send().await {
    ///     Err(error) if error.is_unsupported_operation() => println!("no sessions here: {error}"),
    ///     sessions => println!("{}", sessions?.sessions.len()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_unsupported_operation(&self) -> bool {
        matches!(&self.0.kind, Kind::Api(ApiError { absent: Some(_), .. }))
    }

    /// 409: a conflict. For most values that already exist, Logto uses another status: see
    /// [`is_already_exists`](Self::is_already_exists).
    pub fn is_conflict(&self) -> bool {
        self.has_status(StatusCode::CONFLICT)
    }

    /// 422: the request is well-formed, but cannot be executed.
    pub fn is_unprocessable(&self) -> bool {
        self.has_status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// 429: too many requests.
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(StatusCode::TOO_MANY_REQUESTS)
    }

    /// 5xx: the server failed.
    pub fn is_server_error(&self) -> bool {
        self.api_error().is_some_and(|response| response.status.is_server_error())
    }

    /// A timeout was reached before the response was complete. The server may have acted.
    pub fn is_timeout(&self) -> bool {
        let is_late = match &self.0.kind {
            Kind::Deadline => true,
            Kind::Service(service) => service.cause.is_none(),
            Kind::Auth(failure) => matches!(failure.cause, Cause::TimedOut),
            _ => false,
        };
        is_late || self.source_error().is_some_and(reqwest::Error::is_timeout)
    }

    /// The server may have executed the call in this or an earlier attempt: the response was lost
    /// or timed out, its status was 408 or 5xx, or it was a success that cannot be read. Check
    /// before you retry it. Always `false` for calls that change nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        self.0.may_have_taken_effect
    }

    /// Nothing was sent, or the server rejected the request before it acted.
    pub(crate) fn is_unsent(&self) -> bool {
        let status = match &self.0.kind {
            Kind::Auth(failure) => failure.status,
            _ => self.status(),
        };
        self.source_error().is_some_and(unsent::is_unsent)
            || status.is_some_and(|status| is_rejected_unprocessed(status, self.0.retry_after))
    }

    /// Whether this attempt alone leaves open if the server acted.
    pub(crate) fn is_outcome_unknown(&self) -> bool {
        let open = match &self.0.kind {
            Kind::Transport(_) | Kind::Service(_) | Kind::TooLarge(_) => true,
            // A success, though nobody knows what of.
            Kind::Decode(response) => response.status.is_success(),
            Kind::Api(response) => {
                response.status.is_server_error() || response.status == StatusCode::REQUEST_TIMEOUT
            }
            _ => false,
        };
        open && !self.is_unsent()
    }

    /// A DELETE found nothing to delete, possibly because of an earlier attempt. Logto sends a
    /// code; a gateway that does not know the path sends none.
    pub(crate) fn is_gone(&self) -> bool {
        self.may_have_taken_effect() && self.is_not_found()
    }

    /// No connection could be made; nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.source_error().is_some_and(reqwest::Error::is_connect)
    }

    /// The operating system's error on the connection, such as
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) or
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset);
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the server closed it without a response.
    pub fn io_error_kind(&self) -> Option<io::ErrorKind> {
        match &self.0.kind {
            Kind::Service(service) => connection::service_io_error_kind(&**service.cause.as_ref()?),
            _ => connection::io_error_kind(self.source_error()?),
        }
    }

    /// The failure is temporary: no connection, one that broke, an attempt that timed out, or the
    /// statuses 408, 425, 429, 502, 503, 504, 520 to 524 and 530, also of the token endpoint. By
    /// default such calls are retried if that is safe: see [`RetryPolicy`](crate::RetryPolicy).
    pub fn is_transient(&self) -> bool {
        match &self.0.kind {
            Kind::Transport(transport) => !transport.source.is_redirect(),
            Kind::Service(_) => true,
            Kind::Auth(failure) => failure.is_transient(),
            Kind::Api(response) => is_transient(response.status),
            _ => false,
        }
    }

    /// The response is a success, but its body does not match the contract.
    /// [`json_path`](Self::json_path) has the position.
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, Kind::Decode(_))
    }

    /// The response is larger than [`max_response_size`](crate::ClientBuilder::max_response_size),
    /// and was not read completely. The server has acted.
    pub fn is_response_too_large(&self) -> bool {
        matches!(self.0.kind, Kind::TooLarge(_))
    }

    /// No access token could be obtained: credentials are missing or of the wrong kind, or the
    /// token endpoint issued none, or not in time. The operation itself was not attempted.
    pub fn is_auth(&self) -> bool {
        matches!(self.0.kind, Kind::Auth(_))
    }

    /// The user's session has ended: let the user sign in again.
    ///
    /// It has ended when Logto rejects the refresh token (`invalid_grant`: it expired, was revoked
    /// or used too late, or the user was suspended or deleted), when there is no refresh token,
    /// after `UserTokens::revoke`, and when the Account API or the userinfo endpoint rejects a
    /// token that cannot be refreshed. The Account API also does so if the token lacks a scope,
    /// which Logto does not distinguish.
    pub fn is_sign_in_required(&self) -> bool {
        match &self.0.kind {
            Kind::Auth(failure) => failure.sign_in_required,
            Kind::Api(response) => response.sign_in_required,
            _ => false,
        }
    }

    /// The token lacks a scope: for the Management API `all`, because the application has no role
    /// with that permission. The message says what to do.
    ///
    /// Usually the token endpoint detects it; such an error [`is_auth`](Self::is_auth), and its
    /// [`code`](Self::code) is `insufficient_scope`. A token that you pass yourself is rejected by
    /// the Management API; such an error [`is_forbidden`](Self::is_forbidden).
    pub fn is_insufficient_scope(&self) -> bool {
        (self.is_auth() && self.has_code(INSUFFICIENT))
            || self.api_error().is_some_and(|response| response.lacks_scope)
    }

    /// The client or the request is invalid. Nothing was sent, or no more than a part of an upload
    /// that differs from its description.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::Config(_) | Kind::Request(_))
    }

    /// A sign-in was denied, by the user or by Logto, after the browser was redirected:
    /// [`code`](Self::code) says why, such as `access_denied` or `login_required`. It is
    /// `oidc.access_denied` if the user may not use the application (application access control),
    /// which Logto reports at the end of the sign-in.
    pub fn is_sign_in_refused(&self) -> bool {
        self.failed_at(Stage::Authorization)
            || (self.is_bad_request() && self.has_code("oidc.access_denied"))
    }

    /// The sign-in on a device was not confirmed before its codes expired: start again.
    pub fn is_device_code_expired(&self) -> bool {
        self.failed_at(Stage::Expired)
    }

    /// The response to an authorization request does not belong to it: it has another address,
    /// another `state` or another issuer, or came with the cookies of another flow. No code was
    /// exchanged. Start again, and do not sign the user in.
    pub fn is_invalid_callback(&self) -> bool {
        self.failed_at(Stage::Callback)
    }

    /// An ID token, the data that has to match it, or a token to verify is invalid: it is expired,
    /// signed with another key or issued for another application. Do not sign the user in, and do
    /// not allow anything.
    pub fn is_invalid_token(&self) -> bool {
        self.failed_at(Stage::Token) || self.failed_at(Stage::Opaque)
    }

    /// A token to verify is not a JSON Web Token: it may be one of Logto's opaque access tokens,
    /// which are for its own endpoints. Such an error [`is_invalid_token`](Self::is_invalid_token)
    /// as well.
    pub fn is_opaque_token(&self) -> bool {
        self.failed_at(Stage::Opaque)
    }

    fn failed_at(&self, stage: Stage) -> bool {
        matches!(&self.0.kind, Kind::SignIn(sign_in) if sign_in.stage == stage)
    }

    fn has_status(&self, status: StatusCode) -> bool {
        self.api_error().is_some_and(|response| response.status == status)
    }

    pub(super) fn api_error(&self) -> Option<&ApiError> {
        match &self.0.kind {
            Kind::Api(response) => Some(response),
            _ => None,
        }
    }
}

/// Whether a code is about something that exists already.
fn tells_of_existence(code: &str) -> bool {
    let last = code.rsplit('.').next().unwrap_or_default();
    let ends = |endings: &[&str]| endings.iter().any(|ending| last.ends_with(ending));
    (ends(&["_exists", "_exists_in_profile"]) && !ends(&["not_exists"]))
        || ends(&["already_in_use", "name_in_use", "domain_in_use", "identifier_in_use"])
        || [
            codes::ENTITY_UNIQUE_INTEGRITY_VIOLATION,
            codes::SINGLE_SIGN_ON_DUPLICATE_CONNECTOR_NAME,
            codes::SINGLE_SIGN_ON_DUPLICATED_DOMAINS,
        ]
        .contains(&code)
}
