//! The one error type: what went wrong, in words that never hold a secret.

use std::{borrow::Cow, fmt, io, sync::Arc, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::{Map, Value};

use crate::{
    auth::{AuthFailure, Cause, INSUFFICIENT},
    body::without_bom,
    connection, json_path,
    one_line::one_line,
    operation::Operation,
    retry, runtimes, sign_in_errors,
    transport::SendFailure,
    unsent, upload,
};

/// The header with the id under which the server logs a request.
pub(crate) const REQUEST_ID: &str = "logto-core-request-id";

/// How much of what happened is shown, in characters: more than Logto ever says.
const SHOWN: usize = 1500;

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not succeed.
///
/// Every answer that is not a success becomes this type, whatever its body looks like, and so does
/// everything that can go wrong before and after the answer. Ask the predicates
/// ([`is_not_found`](Self::is_not_found), [`is_rate_limited`](Self::is_rate_limited), …) or
/// [`has_code`](Self::has_code) what happened; print it to tell a person.
///
/// Neither `Display` nor `Debug` shows a request or answer body, a header, a token or the
/// [`data`](Self::data) that Logto sent along: those may hold what a user typed.
///
/// ```
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// use logto_api::Method;
///
/// match logto.request(Method::GET, "/api/users/nobody").send().await {
///     Err(error) if error.is_not_found() => println!("no such user"),
///     Err(error) => println!("{error} ({:?})", error.code()),
///     Ok(answer) => println!("{}", answer.status()),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    operation: &'static str,
    attempts: u32,
    retry_after: Option<Duration>,
    may_have_taken_effect: bool,
}

enum Kind {
    /// The client cannot be built as asked for.
    Config(String),
    /// The request cannot be sent as asked for.
    Request(String),
    Auth(AuthFailure),
    Answer(Refusal),
    Decode(Undecodable),
    Transport(Transport),
    /// A transport of the caller's failed, or gave no answer in time.
    Service(Option<Box<dyn std::error::Error + Send + Sync>>),
    /// The answer is longer than is read.
    TooLarge(TooLarge),
    /// The call's time ran out between attempts.
    Deadline,
    /// A list ended before all of it had come.
    Incomplete {
        missing: u64,
        total: u64,
    },
    /// What came of a user's sign-in is a refusal, or cannot be trusted.
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    SignIn(SignIn),
}

/// A user's sign-in that gave no tokens, after Logto had its say.
struct SignIn {
    stage: Stage,
    problem: Cow<'static, str>,
    /// OAuth's `error`.
    code: Option<String>,
    /// OAuth's `error_description`.
    message: Option<String>,
    /// The scopes that were refused.
    scope: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
enum Stage {
    /// The authorization endpoint told that there is no code.
    Authorization,
    /// Nobody confirmed a sign-in on a device in time.
    Expired,
    /// The callback is not the answer to the request.
    Callback,
    /// The ID token, or what has to agree with it, is not to be trusted.
    Token,
    /// The token says nothing: Logto alone knows what it is.
    Opaque,
}

/// An answer that is not a success.
struct Refusal {
    status: StatusCode,
    request_id: Option<String>,
    code: Option<String>,
    message: Option<String>,
    data: Option<Value>,
    details: Option<Value>,
    /// OAuth's `scope`: what was refused, or is missing.
    scope: Option<String>,
    /// The user's token is not taken any more, and cannot be renewed.
    sign_in_required: bool,
    /// The token may not use the Management API.
    lacks_scope: bool,
    /// What to do about it.
    hint: Option<&'static str>,
    /// The server's release may lack the operation.
    absent: Option<Absent>,
}

/// An operation that some releases of Logto lack.
#[derive(Clone, Copy)]
struct Absent {
    since: &'static str,
    until: &'static str,
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.since, self.until) {
            ("next", _) => f.write_str("no release of Logto has this operation yet"),
            ("", until) => write!(
                f,
                "this Logto may be newer than {until}, the last release known to have this operation"
            ),
            (since, _) => {
                write!(f, "this Logto may be older than {since}, which brought this operation")
            }
        }
    }
}

impl Refusal {
    /// The message as far as it may be shown: these quote the token that was sent.
    fn shown_message(&self) -> Option<&str> {
        let quotes = self.code.as_deref().is_some_and(|code| code.starts_with("one_time_token."));
        self.message.as_deref().filter(|_| !quotes)
    }
}

/// What to do about a token that may not use the Management API.
const LACKS_SCOPE: &str = "the token lacks the Management API's permission `all`: to an \
                           application, assign the role `Logto Management API access`";

/// What to do about a user's token that is refused and cannot be renewed.
const SIGN_IN_REQUIRED: &str = "the user's token has expired, was revoked or lacks a scope for \
                                this: have the user sign in again";

/// Said where no HTTP client can be made.
pub(crate) const NO_CLIENT: &str = "the HTTP client cannot be made: check its settings, the \
                                    system's proxy settings and root certificates";

/// A success whose body is not what the contract says.
struct Undecodable {
    status: StatusCode,
    request_id: Option<String>,
    path: String,
    problem: String,
}

/// An answer that is longer than is read.
struct TooLarge {
    status: StatusCode,
    request_id: Option<String>,
    /// In bytes.
    limit: usize,
}

/// The connection failed, or time ran out.
struct Transport {
    source: Arc<reqwest::Error>,
    status: Option<StatusCode>,
    request_id: Option<String>,
}

impl Error {
    fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: "",
            attempts: 0,
            retry_after: None,
            may_have_taken_effect: false,
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
            return Self::request("the request cannot be built from the values given");
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

    /// What keeps a request from being answered.
    pub(crate) fn unanswered(failure: SendFailure) -> Self {
        match failure {
            SendFailure::Http(error) => Self::transport(error),
            SendFailure::Service(error) => Self::new(Kind::Service(Some(error))),
            SendFailure::Late => Self::new(Kind::Service(None)),
            SendFailure::NoRuntime => Self::request(runtimes::ABSENT),
            SendFailure::NoClient => Self::config(NO_CLIENT),
        }
    }

    /// The answer is longer than this many bytes, and was not read to its end.
    pub(crate) fn too_large(limit: usize, status: StatusCode, headers: &HeaderMap) -> Self {
        let request_id = request_id(headers).map(str::to_owned);
        Self::new(Kind::TooLarge(TooLarge { status, request_id, limit }))
    }

    /// The answer's head arrived, its body did not.
    pub(crate) fn cut_off(error: reqwest::Error, status: StatusCode, headers: &HeaderMap) -> Self {
        Self::new(Kind::Transport(Transport {
            source: Arc::new(connection::with_origin_only(error)),
            status: Some(status),
            request_id: request_id(headers).map(str::to_owned),
        }))
    }

    /// An answer that is not a success. `body` may be anything, also empty or cut off.
    pub(crate) fn answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
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
        Self::new(Kind::Answer(Refusal {
            status,
            request_id: request_id(headers).map(str::to_owned),
            code,
            message,
            scope: text(&mut body, &["scope"]),
            sign_in_required: false,
            data: body.remove("data"),
            details: body.remove("details"),
            lacks_scope: false,
            hint: None,
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
        Self::new(Kind::Decode(Undecodable {
            status,
            request_id: request_id(headers).map(str::to_owned),
            path: json_path::locate(body, error),
            problem: json_path::problem(error),
        }))
    }

    /// A success whose body cannot be read for another reason than its JSON.
    pub(crate) fn unreadable(problem: &str, status: StatusCode, headers: &HeaderMap) -> Self {
        Self::new(Kind::Decode(Undecodable {
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

    /// The authorization endpoint's own refusal (RFC 6749, section 4.1.2.1).
    #[cfg(feature = "sign-in")]
    pub(crate) fn authorization(
        code: String,
        message: Option<String>,
        scope: Option<String>,
    ) -> Self {
        let problem = "the sign-in ended without a code:".into();
        let (code, stage) = (Some(code), Stage::Authorization);
        Self::new(Kind::SignIn(SignIn { stage, problem, code, message, scope }))
    }

    /// The refusal of a sign-in on a device (RFC 8628, section 3.5).
    #[cfg(feature = "sign-in")]
    pub(crate) fn device_authorization(code: &str, message: Option<String>) -> Self {
        let problem = "the sign-in ended without tokens:".into();
        let (code, stage) = (Some(code.to_owned()), Stage::Authorization);
        Self::new(Kind::SignIn(SignIn { stage, problem, code, message, scope: None }))
    }

    /// Nobody confirmed the sign-in on a device in time.
    #[cfg(feature = "sign-in")]
    pub(crate) fn device_code_expired(message: Option<String>) -> Self {
        let problem = "nobody confirmed the sign-in in time:".into();
        let (code, stage) = (Some("expired_token".to_owned()), Stage::Expired);
        Self::new(Kind::SignIn(SignIn { stage, problem, code, message, scope: None }))
    }

    /// A callback that is not the answer to the authorization request.
    #[cfg(feature = "sign-in")]
    pub(crate) fn callback(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::sign_in(Stage::Callback, problem.into())
    }

    /// An ID token that is not to be trusted, or what does not agree with it.
    #[cfg(feature = "jwks")]
    pub(crate) fn invalid_token(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::sign_in(Stage::Token, problem.into())
    }

    /// A token that can only be asked about.
    #[cfg(feature = "verify")]
    pub(crate) fn opaque_token() -> Self {
        let problem = "the access token is opaque, and so for Logto's own endpoints or none: have \
                       the client ask for one with the API's identifier as `resource`";
        Self::sign_in(Stage::Opaque, problem.into())
    }

    #[cfg(feature = "jwks")]
    fn sign_in(stage: Stage, problem: Cow<'static, str>) -> Self {
        Self::new(Kind::SignIn(SignIn { stage, problem, code: None, message: None, scope: None }))
    }

    pub(crate) fn after_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn after_unknown_outcome(mut self, unknown: bool) -> Self {
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
        if let Kind::Answer(answer) = &mut self.0.kind {
            answer.lacks_scope = forbidden;
            answer.hint = forbidden.then_some(LACKS_SCOPE);
        }
        self
    }

    /// The user's token was refused, and cannot be renewed.
    pub(crate) fn requiring_sign_in(mut self) -> Self {
        if let Kind::Answer(answer) = &mut self.0.kind {
            answer.sign_in_required = true;
            answer.hint = answer.hint.or(Some(SIGN_IN_REQUIRED));
        }
        self
    }

    /// Says what to do about an answer that is not a success.
    #[cfg(any(feature = "drift", feature = "sign-in"))]
    pub(crate) fn hinting(mut self, hint: &'static str) -> Self {
        if let Kind::Answer(answer) = &mut self.0.kind {
            answer.hint = Some(hint);
        }
        self
    }

    /// A bare 404 or 405, as routers answer: the operation itself may be what is not there.
    pub(crate) fn of_operation(mut self, operation: &Operation) -> Self {
        let Operation { since, until, .. } = *operation;
        if let Kind::Answer(answer) = &mut self.0.kind {
            let bare =
                matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
                    && answer.code.is_none();
            let varies = !since.is_empty() || !until.is_empty();
            answer.absent = (bare && varies).then_some(Absent { since, until });
        }
        self
    }

    pub(crate) fn during(mut self, operation: &'static str) -> Self {
        self.0.operation = operation;
        self
    }

    /// The HTTP status of the answer, if one arrived.
    ///
    /// Failures of the token endpoint have none: they are not an answer to this operation.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Answer(answer) => Some(answer.status),
            Kind::Decode(answer) => Some(answer.status),
            Kind::TooLarge(answer) => Some(answer.status),
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

    /// Logto's code for what went wrong, such as `user.username_already_in_use`.
    ///
    /// For a failure of the token endpoint it is OAuth's `error`, such as `invalid_client`, and so it
    /// is for a sign-in that was turned down, such as `access_denied`. It is `None` where the answer
    /// does not say, as when a proxy answered.
    pub fn code(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Answer(answer) => answer.code.as_deref(),
            Kind::Auth(failure) => failure.code.as_deref(),
            Kind::SignIn(sign_in) => sign_in.code.as_deref(),
            _ => None,
        }
    }

    /// What Logto says went wrong, in its words (for the token endpoint, OAuth's
    /// `error_description`). What the error itself shows leaves out a message that quotes a secret:
    /// those of one-time tokens do.
    pub fn message(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Answer(answer) => answer.message.as_deref(),
            Kind::Auth(failure) => failure.message.as_deref(),
            Kind::SignIn(sign_in) => sign_in.message.as_deref(),
            _ => None,
        }
    }

    /// The scopes that were refused, or that a token lacks, as far as the answer names them:
    /// OAuth's `scope` beside `invalid_scope` and `insufficient_scope`.
    pub fn refused_scope(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Answer(answer) => answer.scope.as_deref(),
            Kind::Auth(failure) => failure.scope.as_deref(),
            Kind::SignIn(sign_in) => sign_in.scope.as_deref(),
            _ => None,
        }
    }

    /// The facts that Logto sent along, such as the issues of an invalid body or the factors that
    /// are still missing. May repeat what a user typed: think before you log it.
    pub fn data(&self) -> Option<&Value> {
        self.refusal()?.data.as_ref()
    }

    /// Logto's longer account of what went wrong, where there is one. May repeat what a user
    /// typed: think before you log it.
    pub fn details(&self) -> Option<&Value> {
        self.refusal()?.details.as_ref()
    }

    /// The id under which the server logged this request.
    pub fn request_id(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Answer(answer) => answer.request_id.as_deref(),
            Kind::Decode(answer) => answer.request_id.as_deref(),
            Kind::TooLarge(answer) => answer.request_id.as_deref(),
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

    /// How often the request was sent, or at least tried to be. 0 if it came to nothing before.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the server asks to wait before the next request, by its header `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Where in the answer's JSON the first member is that cannot be decoded, such as
    /// `[3].customData`; `.` is the whole. Of a path that is very long, the middle is left out.
    pub fn json_path(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode(answer) => Some(&answer.path),
            _ => None,
        }
    }

    /// How many items of a list did not come, though the server counts them: what an
    /// [`ItemStream`](crate::ItemStream) ends with then.
    pub fn missing_items(&self) -> Option<u64> {
        match self.0.kind {
            Kind::Incomplete { missing, .. } => Some(missing),
            _ => None,
        }
    }

    /// Whether Logto gave exactly this code: `error.has_code("user.username_already_in_use")`.
    pub fn has_code(&self, code: &str) -> bool {
        self.code() == Some(code)
    }

    /// 400: the server cannot make sense of the request. [`details`](Self::details) says where.
    pub fn is_bad_request(&self) -> bool {
        self.answered(StatusCode::BAD_REQUEST)
    }

    /// 401: no token, or one that is expired, revoked or made for something else.
    pub fn is_unauthorized(&self) -> bool {
        self.answered(StatusCode::UNAUTHORIZED)
    }

    /// 403: the token is good, but its owner may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.answered(StatusCode::FORBIDDEN)
    }

    /// 404: what the request is about does not exist.
    pub fn is_not_found(&self) -> bool {
        self.answered(StatusCode::NOT_FOUND)
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
        matches!(&self.0.kind, Kind::Answer(Refusal { absent: Some(_), .. }))
    }

    /// 409: it would clash with something that exists.
    pub fn is_conflict(&self) -> bool {
        self.answered(StatusCode::CONFLICT)
    }

    /// 422: the request makes sense, but cannot be carried out as things are.
    pub fn is_unprocessable(&self) -> bool {
        self.answered(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// 429: too many requests in too short a time.
    pub fn is_rate_limited(&self) -> bool {
        self.answered(StatusCode::TOO_MANY_REQUESTS)
    }

    /// 5xx: the fault is on the server's side.
    pub fn is_server_error(&self) -> bool {
        self.refusal().is_some_and(|answer| answer.status.is_server_error())
    }

    /// Time ran out before the whole answer was there. The server may still have acted.
    pub fn is_timeout(&self) -> bool {
        let is_late = match &self.0.kind {
            Kind::Deadline | Kind::Service(None) => true,
            Kind::Auth(failure) => matches!(failure.cause, Cause::Late),
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
            || status.is_some_and(|status| retry::is_turned_away(status, self.0.retry_after))
    }

    /// Whether it cannot be known from this attempt alone if the server acted.
    pub(crate) fn leaves_open(&self) -> bool {
        let open = match &self.0.kind {
            Kind::Transport(_) | Kind::Service(_) | Kind::TooLarge(_) => true,
            // A success, though nobody knows what of.
            Kind::Decode(answer) => answer.status.is_success(),
            Kind::Answer(answer) => {
                answer.status.is_server_error() || answer.status == StatusCode::REQUEST_TIMEOUT
            }
            _ => false,
        };
        open && !self.is_unsent()
    }

    /// What a DELETE was to delete is not there, and an attempt before this one may be the reason.
    /// Logto gives a code; a gateway that does not know the path has none.
    pub(crate) fn is_gone(&self) -> bool {
        self.may_have_taken_effect() && self.is_not_found() && self.code().is_some()
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
            Kind::Auth(failure) => failure.may_pass(),
            Kind::Answer(answer) => retry::is_transient(answer.status),
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
    /// is none to begin with, after `Tokens::revoke`, and when the Account API or the userinfo
    /// endpoint refuses a token that cannot be renewed. The Account API's
    /// refusal may also mean that the token lacks a scope: Logto does not tell which.
    pub fn is_sign_in_required(&self) -> bool {
        match &self.0.kind {
            Kind::Auth(failure) => failure.sign_in_required,
            Kind::Answer(answer) => answer.sign_in_required,
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
            || self.refusal().is_some_and(|answer| answer.lacks_scope)
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

    fn answered(&self, status: StatusCode) -> bool {
        self.refusal().is_some_and(|answer| answer.status == status)
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &self.0.kind {
            Kind::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    pub(crate) fn source_error(&self) -> Option<&reqwest::Error> {
        match &self.0.kind {
            Kind::Transport(transport) => Some(&transport.source),
            Kind::Auth(failure) => failure.transport(),
            _ => None,
        }
    }

    pub(crate) fn kind_name(&self) -> &'static str {
        match &self.0.kind {
            Kind::Config(_) => "config",
            Kind::Request(_) => "request",
            Kind::Auth(_) => "auth",
            Kind::Answer(_) => "answer",
            Kind::Decode(_) => "decode",
            Kind::Transport(_) | Kind::Service(_) => "transport",
            Kind::TooLarge(_) => "too_large",
            Kind::Deadline => "deadline",
            Kind::Incomplete { .. } => "incomplete",
            Kind::SignIn(sign_in) => match sign_in.stage {
                Stage::Authorization => "authorization",
                Stage::Expired => "expired",
                Stage::Callback => "callback",
                Stage::Token | Stage::Opaque => "token",
            },
        }
    }

    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Config(problem) | Kind::Request(problem) => f.write_str(problem),
            Kind::Auth(failure) => {
                f.write_str(&failure.problem)?;
                match &failure.cause {
                    Cause::Call(error) => write!(f, ": {error}")?,
                    Cause::Http(error) => write!(f, ": {}", connection::problem(error))?,
                    Cause::None
                    | Cause::Late
                    | Cause::Service(_)
                    | Cause::Store(_)
                    | Cause::Provider(_) => {
                        said(f, failure.code.as_deref(), failure.message.as_deref())?;
                        scoped(f, failure.scope.as_deref())?;
                    }
                }
                match &failure.hint {
                    Some(hint) => write!(f, " ({hint})"),
                    None => Ok(()),
                }
            }
            Kind::Answer(answer) => {
                write!(f, "Logto answered {}", answer.status.as_u16())?;
                if answer.code.is_none() && answer.message.is_none() {
                    let reason = answer.status.canonical_reason().unwrap_or("(unknown)");
                    let why = match answer.status.is_redirection() {
                        true => "which is not followed: check the endpoint's address",
                        false => "without saying why",
                    };
                    write!(f, " {reason}, {why}")?;
                } else {
                    said(f, answer.code.as_deref(), answer.shown_message())?;
                    scoped(f, answer.scope.as_deref())?;
                }
                match (answer.absent, answer.hint) {
                    (Some(absent), Some(hint)) => write!(f, " ({absent}; {hint})"),
                    (Some(absent), None) => write!(f, " ({absent})"),
                    (None, Some(hint)) => write!(f, " ({hint})"),
                    (None, None) => Ok(()),
                }
            }
            Kind::Decode(answer) => write!(
                f,
                "Logto answered {}, but the body cannot be read at `{}`: {}",
                answer.status.as_u16(),
                one_line(&answer.path, 300),
                answer.problem
            ),
            Kind::Transport(transport) => {
                let Some(status) = transport.status else {
                    return f.write_str(&connection::problem(&transport.source));
                };
                let problem = connection::body_problem(&transport.source);
                write!(f, "Logto answered {}, but the body broke off: {problem}", status.as_u16())
            }
            Kind::Service(Some(_)) => f.write_str("the client's transport failed"),
            Kind::Service(None) => f.write_str("the client's transport gave no answer in time"),
            Kind::TooLarge(answer) => write!(
                f,
                "Logto answered {}, but the body is longer than the limit of {} bytes: raise it \
                 with `max_response_size(…)`, of the call or of the client",
                answer.status.as_u16(),
                answer.limit
            ),
            Kind::Deadline => f.write_str("the time for this call ran out"),
            Kind::Incomplete { missing, total } => write!(
                f,
                "the list ended early: by the server's count of {total} items, {missing} are missing"
            ),
            Kind::SignIn(sign_in) => {
                f.write_str(&sign_in.problem)?;
                said(f, sign_in.code.as_deref(), sign_in.message.as_deref())?;
                scoped(f, sign_in.scope.as_deref())?;
                match sign_in_errors::hint(sign_in.code.as_deref(), sign_in.message.as_deref()) {
                    Some(hint) => write!(f, " ({hint})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// ` code: message`, as far as there is any.
fn said(f: &mut fmt::Formatter<'_>, code: Option<&str>, message: Option<&str>) -> fmt::Result {
    if let Some(code) = code {
        write!(f, " {}", one_line(code, 100))?;
    }
    match message {
        Some(message) => write!(f, ": {}", one_line(message, 500)),
        None => Ok(()),
    }
}

/// The scope that was refused.
fn scoped(f: &mut fmt::Formatter<'_>, scope: Option<&str>) -> fmt::Result {
    match scope {
        Some(scope) => write!(f, ": `{}`", one_line(scope, 200)),
        None => Ok(()),
    }
}

/// The id under which the server logs a request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(REQUEST_ID)?.to_str().ok()
}

/// The first of these members that is a string with something in it.
pub(crate) fn text(body: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match body.remove(*name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    })
}

/// What happened, without the operation and the request id.
struct Summary<'a>(&'a Error);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.summary(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&Summary(self).to_string(), SHOWN))?;
        let facts = [
            self.operation().map(|operation| format!("operation {operation}")),
            self.request_id().map(|id| format!("request {}", one_line(id, 64))),
            (self.0.attempts > 1).then(|| format!("{} attempts", self.0.attempts)),
            (self.may_have_taken_effect() && !self.leaves_open())
                .then(|| "an earlier one may have taken effect".to_owned()),
        ];
        let facts: Vec<_> = facts.into_iter().flatten().collect();
        match facts.is_empty() {
            true => Ok(()),
            false => write!(f, " ({})", facts.join(", ")),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind_name())
            .field("status", &self.status().map(|status| status.as_u16()))
            .field("code", &self.code().map(|code| one_line(code, 100)))
            .field("text", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Auth(failure) => failure.source(),
            Kind::Service(Some(error)) => Some(&**error),
            _ => Some(self.source_error()?),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use reqwest::header::HeaderValue;

    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("logto-core-request-id", HeaderValue::from_static("abc"));
        headers
    }

    #[test]
    fn says_what_logto_said() {
        let body = br#"{"code":"entity.not_exists_with_id","message":"No such\nthing.","data":{"id":"typed-by-a-user"},"details":"more"}"#;
        let error = Error::answer(StatusCode::NOT_FOUND, &headers(), body).during("GetUser");
        assert_eq!(
            error.to_string(),
            "Logto answered 404 entity.not_exists_with_id: No such thing. (operation GetUser, request abc)"
        );
        assert!(error.is_not_found() && error.has_code("entity.not_exists_with_id"));
        assert_eq!(error.message(), Some("No such\nthing."));
        assert_eq!(error.data().unwrap()["id"], "typed-by-a-user");
        assert_eq!(error.details().unwrap(), "more");
        assert_eq!(error.operation(), Some("GetUser"));
        assert!(!format!("{error:?}").contains("typed-by-a-user"));
    }

    #[test]
    fn reads_every_kind_of_error_body() {
        let parse = |body: &[u8]| Error::answer(StatusCode::BAD_GATEWAY, &headers(), body);
        let only_message = parse(br#"{"message":"Internal server error."}"#);
        assert_eq!(only_message.code(), None);
        assert_eq!(only_message.message(), Some("Internal server error."));
        let oauth = parse(br#"{"error":"invalid_grant","error_description":"gone"}"#);
        assert_eq!(oauth.code(), Some("invalid_grant"));
        assert_eq!(oauth.message(), Some("gone"));
        for body in [&b""[..], b"<html>no</html>", br#"{"code":"#, b"[1]", b"null"] {
            let error = parse(body);
            assert_eq!((error.code(), error.message()), (None, None));
            assert_eq!(
                error.to_string(),
                "Logto answered 502 Bad Gateway, without saying why (request abc)"
            );
        }
    }

    #[test]
    fn decode_errors_say_where_but_not_what() {
        let body = br#"[{"id":"x"},{"id":{"secret":"hunter2"}}]"#;
        #[derive(serde::Deserialize)]
        struct Thing {
            #[serde(rename = "id")]
            _id: String,
        }
        let cause = serde_json::from_slice::<Vec<Thing>>(body).err().unwrap();
        let error = Error::decode(&cause, StatusCode::OK, &headers(), body);
        assert_eq!(error.json_path(), Some("[1].id"));
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert_eq!(
            error.to_string(),
            "Logto answered 200, but the body cannot be read at `[1].id`: expected a string (request abc)"
        );
    }
}
