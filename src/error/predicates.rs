//! What happened, as a question each.

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

    /// 400: the server cannot make sense of the request. [`details`](Self::details) says where.
    pub fn is_bad_request(&self) -> bool {
        self.has_status(StatusCode::BAD_REQUEST)
    }

    /// 401: no token, or one that is expired, revoked or made for something else.
    pub fn is_unauthorized(&self) -> bool {
        self.has_status(StatusCode::UNAUTHORIZED)
    }

    /// 403: the token is good, but its owner may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.has_status(StatusCode::FORBIDDEN)
    }

    /// Logto says that what the request is about does not exist: it answered 404 with a code.
    ///
    /// A 404 without one is not Logto's word on it: a proxy or another server gives it, or a Logto
    /// that does not know the path ([`is_unsupported_operation`](Self::is_unsupported_operation)).
    /// The error's text says so.
    pub fn is_not_found(&self) -> bool {
        self.has_status(StatusCode::NOT_FOUND) && self.code().is_some()
    }

    /// What was to be made or set is there already, or is somebody else's: a username, an e-mail
    /// address, a name, a role that was assigned before.
    ///
    /// Logto answers 422 then, and 409 for few operations, with one of many codes, such as
    /// `user.username_already_in_use` or `role.name_in_use`: [`code`](Self::code) says which.
    pub fn is_already_exists(&self) -> bool {
        let clashes = self.has_status(StatusCode::UNPROCESSABLE_ENTITY)
            || self.has_status(StatusCode::CONFLICT);
        clashes && self.code().is_some_and(tells_of_existence)
    }

    /// The server's release of Logto may lack the operation: it answered 404 or 405 without a code,
    /// and not all supported releases have the operation. The error's text names the release that
    /// brought it, and so does the operation's documentation.
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

    /// 409: it would clash with something. Mostly, what exists already is no conflict to Logto: see
    /// [`is_already_exists`](Self::is_already_exists).
    pub fn is_conflict(&self) -> bool {
        self.has_status(StatusCode::CONFLICT)
    }

    /// 422: the request makes sense, but cannot be carried out as things are.
    pub fn is_unprocessable(&self) -> bool {
        self.has_status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// 429: too many requests in too short a time.
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(StatusCode::TOO_MANY_REQUESTS)
    }

    /// 5xx: the fault is on the server's side.
    pub fn is_server_error(&self) -> bool {
        self.api_error().is_some_and(|response| response.status.is_server_error())
    }

    /// Time ran out before the whole answer was there. The server may still have acted.
    pub fn is_timeout(&self) -> bool {
        let is_late = match &self.0.kind {
            Kind::Deadline | Kind::Service(None) => true,
            Kind::Auth(failure) => matches!(failure.cause, Cause::TimedOut),
            _ => false,
        };
        is_late || self.source_error().is_some_and(reqwest::Error::is_timeout)
    }

    /// The server may have carried out the call all the same, at this attempt or one before it: the
    /// answer was lost or did not come in time, it was one of 408 and 5xx, or a success that cannot be
    /// read. Find out before you do it again. Always `false` for calls that change nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        self.0.may_have_taken_effect
    }

    /// Nothing was sent, or the server turned the request away before it acted.
    pub(crate) fn is_unsent(&self) -> bool {
        let status = match &self.0.kind {
            Kind::Auth(failure) => failure.status,
            _ => self.status(),
        };
        self.source_error().is_some_and(unsent::is_unsent)
            || status.is_some_and(|status| is_rejected_unprocessed(status, self.0.retry_after))
    }

    /// Whether it cannot be known from this attempt alone if the server acted.
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

    /// What a DELETE was to delete is not there, and an attempt before this one may be the reason.
    /// Logto gives a code; a gateway that does not know the path has none.
    pub(crate) fn is_gone(&self) -> bool {
        self.may_have_taken_effect() && self.is_not_found()
    }

    /// No connection could be made: nothing was sent.
    pub fn is_connect(&self) -> bool {
        self.source_error().is_some_and(reqwest::Error::is_connect)
    }

    /// What the operating system reported of the connection, such as
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) or
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset);
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) where the server closed it without an answer.
    pub fn io_error_kind(&self) -> Option<io::ErrorKind> {
        connection::io_error_kind(self.source_error()?)
    }

    /// What may pass: no connection, one that broke, an attempt that ran out of time, or the
    /// statuses 408, 425, 429, 502, 503, 504, 520 to 524 and 530, also of the token endpoint. By
    /// default such calls are retried where it is safe: see [`RetryPolicy`](crate::RetryPolicy).
    pub fn is_transient(&self) -> bool {
        match &self.0.kind {
            Kind::Transport(transport) => !transport.source.is_redirect(),
            Kind::Service(_) => true,
            Kind::Auth(failure) => failure.is_transient(),
            Kind::Api(response) => is_transient(response.status),
            _ => false,
        }
    }

    /// The server reported success, but its body is not what the contract says.
    /// [`json_path`](Self::json_path) says where.
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, Kind::Decode(_))
    }

    /// The answer is longer than [`max_response_size`](crate::ClientBuilder::max_response_size)
    /// allows, and was not read to its end. The server has acted all the same.
    pub fn is_response_too_large(&self) -> bool {
        matches!(self.0.kind, Kind::TooLarge(_))
    }

    /// There was no token to make the call with: credentials are missing or of the wrong kind, or
    /// the token endpoint gave none, or not in time. The operation itself was not attempted.
    pub fn is_auth(&self) -> bool {
        matches!(self.0.kind, Kind::Auth(_))
    }

    /// The user's session is over, and only the user can begin another: have them sign in again.
    ///
    /// It is over when Logto does not take the refresh token any more (`invalid_grant`: it has
    /// expired, was revoked or was used too late, or the user was suspended or deleted), when there
    /// is none to begin with, after `UserTokens::revoke`, and when the Account API or the userinfo
    /// endpoint refuses a token that cannot be renewed. The Account API's
    /// refusal may also mean that the token lacks a scope: Logto does not tell which.
    pub fn is_sign_in_required(&self) -> bool {
        match &self.0.kind {
            Kind::Auth(failure) => failure.sign_in_required,
            Kind::Api(response) => response.sign_in_required,
            _ => false,
        }
    }

    /// The token lacks a scope, which is `all` for the Management API: the application has no role
    /// with that permission. The text says what to do.
    ///
    /// Mostly the token endpoint tells at once; such an error [`is_auth`](Self::is_auth), and its
    /// [`code`](Self::code) is `insufficient_scope`. A token that was handed in is refused by the
    /// Management API itself; such an error [`is_forbidden`](Self::is_forbidden).
    pub fn is_insufficient_scope(&self) -> bool {
        (self.is_auth() && self.has_code(INSUFFICIENT))
            || self.api_error().is_some_and(|response| response.lacks_scope)
    }

    /// The client or the request was set up in a way that cannot work. Nothing was sent, or no more
    /// than a part of an upload that is not what it was said to be.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::Config(_) | Kind::Request(_))
    }

    /// A user's sign-in was turned down, by the user or by Logto, after the browser was sent away:
    /// [`code`](Self::code) tells, such as `access_denied` or `login_required`. It is
    /// `oidc.access_denied` where the user may not use the application (application access
    /// control), which Logto tells at the end of the sign-in.
    pub fn is_sign_in_refused(&self) -> bool {
        self.failed_at(Stage::Authorization)
            || (self.is_bad_request() && self.has_code("oidc.access_denied"))
    }

    /// Nobody confirmed a sign-in on a device before its codes expired: begin anew.
    pub fn is_device_code_expired(&self) -> bool {
        self.failed_at(Stage::Expired)
    }

    /// What came of a user's sign-in is not the answer to its authorization request: it came to
    /// another address, with another `state`, from another server, or with another session's
    /// cookies. No code was redeemed. Begin anew, and sign nobody in.
    pub fn is_invalid_callback(&self) -> bool {
        self.failed_at(Stage::Callback)
    }

    /// The ID token of a sign-in, what has to agree with it, or a token that was verified is not to be
    /// trusted: it is expired, signed by somebody else or meant for somebody else. Sign nobody in,
    /// and allow nothing.
    pub fn is_invalid_token(&self) -> bool {
        self.failed_at(Stage::Token) || self.failed_at(Stage::Opaque)
    }

    /// A token that was to be verified is no JSON Web Token: it may be one of Logto's opaque access
    /// tokens, which are for its own endpoints. Such an error
    /// [`is_invalid_token`](Self::is_invalid_token) as well.
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
