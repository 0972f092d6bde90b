//! The one error type: what went wrong, in words that never hold a secret.
//!
//! `mod` says what is known, `new` how it comes to be known, `details` and `predicates` how it is asked
//! for, `display` how it is told. Uses nothing but `models`; everything else uses it.

mod auth;
pub mod codes;
pub(crate) mod connection;
mod details;
mod display;
mod new;
pub(crate) mod one_line;
#[cfg(feature = "jwks")]
mod outcome;
mod predicates;
pub(crate) mod retry_after;
mod send;
mod sign_in;
mod status;
pub(crate) mod unsent;
mod upload;

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use reqwest::{StatusCode, header::HeaderMap};
use serde_json::{Map, Value};

pub(crate) use self::{
    auth::{AuthFailure, Cause, Details, INSUFFICIENT},
    send::SendFailure,
    upload::UploadError,
};

/// The header with the id under which the server logs a request.
pub(crate) const REQUEST_ID: &str = "logto-core-request-id";

/// How much of what happened is shown, in characters: more than Logto ever says.
const SHOWN: usize = 1500;

/// The result of all fallible functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Every response that is not a success becomes this type, whatever its body, and so does every
/// failure before or after the response. Use the predicates ([`is_not_found`](Self::is_not_found),
/// [`is_rate_limited`](Self::is_rate_limited), …) or [`has_code`](Self::has_code) to handle it;
/// print it for people.
///
/// Neither `Display` nor `Debug` shows the body of a request or response, a header, a token or the
/// [`data`](Self::data) that Logto sent: those may contain user input.
///
/// ```
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// use logto_api::Method;
///
/// match logto.request(Method::GET, "/api/users/nobody").send().await {
///     Err(error) if error.is_not_found() => println!("no such user"),
///     Err(error) => println!("{error} ({:?})", error.code()),
///     Ok(response) => println!("{}", response.status()),
/// }
/// # Ok(())
/// # }
/// ```
///
/// It can be cloned: every task that waited for the same thing can have it.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    operation: &'static str,
    attempts: u32,
    retry_after: Option<Duration>,
    may_have_taken_effect: bool,
    /// What ran out.
    limit: Option<TimeLimit>,
}

/// A time limit, by the option that sets it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    pub(crate) option: &'static str,
    pub(crate) time: Duration,
}

#[derive(Clone)]
enum Kind {
    /// The client cannot be built as asked for.
    Config(String),
    /// The request cannot be sent as asked for.
    Request(String),
    Auth(AuthFailure),
    Api(ApiError),
    Decode(DecodeError),
    Transport(Transport),
    /// A transport of the caller's failed, or gave no response in time.
    Service(ServiceFailure),
    /// The response is longer than is read.
    TooLarge(TooLarge),
    /// The call's time ran out between attempts.
    Deadline,
    /// A list ended before all of it had come.
    Incomplete {
        missing: u64,
        total: u64,
    },
    /// A user's sign-in was denied, or its outcome cannot be trusted.
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    SignIn(SignIn),
}

/// A user's sign-in that gave no tokens, after Logto had its say.
#[derive(Clone)]
struct SignIn {
    stage: Stage,
    problem: Cow<'static, str>,
    /// OAuth's `error`.
    code: Option<String>,
    /// OAuth's `error_description`.
    message: Option<String>,
    /// The scopes that were rejected.
    scope: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
enum Stage {
    /// The authorization endpoint told that there is no code.
    Authorization,
    /// Nobody confirmed a sign-in on a device in time.
    Expired,
    /// The callback is not the response to the request.
    Callback,
    /// The ID token, or what has to agree with it, is not to be trusted.
    Token,
    /// The token says nothing: Logto alone knows what it is.
    Opaque,
}

/// A response that is not a success.
#[derive(Clone)]
struct ApiError {
    status: StatusCode,
    request_id: Option<String>,
    code: Option<String>,
    message: Option<String>,
    data: Option<Value>,
    details: Option<Value>,
    /// OAuth's `scope`: what was rejected, or is missing.
    scope: Option<String>,
    /// The user's token is not taken any more, and cannot be renewed.
    sign_in_required: bool,
    /// The token may not use the Management API.
    lacks_scope: bool,
    /// What to do about it.
    hint: Option<&'static str>,
    /// The server's release may lack the operation.
    absent: Option<MissingOperation>,
}

/// An operation that some releases of Logto lack.
#[derive(Clone, Copy)]
struct MissingOperation {
    since: &'static str,
    until: &'static str,
}

impl fmt::Display for MissingOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.since, self.until) {
            ("next", _) => f.write_str("no release of Logto has this operation yet"),
            ("", until) => write!(
                f,
                "this Logto may be newer than {until}, the last release known to have this operation"
            ),
            (since, _) => {
                write!(
                    f,
                    "this Logto may be older than {since}, the first release with this operation"
                )
            }
        }
    }
}

impl ApiError {
    /// The message as far as it may be shown: these quote the token that was sent.
    fn shown_message(&self) -> Option<&str> {
        let quotes = self.code.as_deref().is_some_and(|code| code.starts_with("one_time_token."));
        self.message.as_deref().filter(|_| !quotes)
    }
}

/// What to do about a token that may not use the Management API.
const LACKS_SCOPE: &str = "the token lacks the Management API's permission `all`: assign the role \
                           `Logto Management API access` to the application";

/// What to do about a user's token that is rejected and cannot be refreshed.
const SIGN_IN_REQUIRED: &str = "the user's token has expired, was revoked or lacks a required \
                                scope: have the user sign in again";

/// What to do about a caller's token that is rejected, and whose `exp` has passed.
const TOKEN_EXPIRED: &str = "the token has expired: pass a new one";

/// What to do about a 404 that is not Logto's own.
const NOT_LOGTO: &str = "Logto's own 404 responses have an error code: check the endpoint's \
                         address, and any proxy in front of it";

/// Said where no HTTP client can be made.
pub(crate) const NO_CLIENT: &str = "cannot create the HTTP client: check its settings, the \
                                    system's proxy settings and root certificates";

/// Said where there is no runtime.
pub(crate) const NO_RUNTIME: &str = "no tokio runtime is running: await the call within \
                                     `#[tokio::main]`, `Runtime::block_on` or a tokio task";

/// A success whose body is not what the contract says.
#[derive(Clone)]
struct DecodeError {
    status: StatusCode,
    request_id: Option<String>,
    path: String,
    problem: String,
}

/// A response that is longer than is read.
#[derive(Clone)]
struct TooLarge {
    status: StatusCode,
    request_id: Option<String>,
    /// In bytes.
    limit: usize,
}

/// A transport of the caller's failed, or gave no response in time.
#[derive(Clone)]
struct ServiceFailure {
    /// Host and port of the server.
    server: String,
    /// What it reported; `None` if it timed out.
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The connection failed, or time ran out.
#[derive(Clone)]
struct Transport {
    source: Arc<reqwest::Error>,
    status: Option<StatusCode>,
    request_id: Option<String>,
}

impl Error {
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
            Kind::Api(_) => "response",
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
}

/// The id under which the server logs a request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(REQUEST_ID)?.to_str().ok()
}

/// The first of these fields that is a non-empty string.
pub(crate) fn text(body: &mut Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match body.remove(*name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    })
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
        let error = Error::api(StatusCode::NOT_FOUND, &headers(), body).with_operation("GetUser");
        assert_eq!(
            error.to_string(),
            "Logto responded with 404 entity.not_exists_with_id: No such thing. (operation GetUser, request abc)"
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
        let parse = |body: &[u8]| Error::api(StatusCode::BAD_GATEWAY, &headers(), body);
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
                "Logto responded with 502 Bad Gateway and no error details (request abc)"
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
            "Logto responded with 200, but the body cannot be decoded at `[1].id`: expected a string \
             (request abc)"
        );
    }
}
