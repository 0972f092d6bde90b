//! Why no access token could be obtained.

use std::{
    error::Error as StdError,
    ops::Deref,
    sync::Arc,
    time::{Instant, SystemTime},
};

use reqwest::{StatusCode, header::HeaderValue};

use crate::{
    Error,
    error::{
        NO_CLIENT, NO_RUNTIME, SendFailure, TimeLimit, connection, retry_after,
        status::is_transient,
    },
};

/// The code of a token that lacks a scope.
pub(crate) const INSUFFICIENT: &str = "insufficient_scope";

/// Why no access token could be obtained. Cheap to clone: every task that waits for a token gets
/// it.
#[derive(Clone)]
pub(crate) struct AuthFailure(Arc<Details>);

#[derive(Default)]
pub(crate) struct Details {
    pub(crate) problem: String,
    /// OAuth's `error`.
    pub(crate) code: Option<String>,
    /// OAuth's `error_description`.
    pub(crate) message: Option<String>,
    /// OAuth's `scope`: the rejected or missing one.
    pub(crate) scope: Option<String>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The status of the token endpoint's response, if there was one.
    pub(crate) status: Option<StatusCode>,
    pub(crate) retry_after: Option<HeaderValue>,
    /// Retrying later than this does harm.
    pub(crate) retry_before: Option<Instant>,
    /// Whether only the user can get another token, by signing in.
    pub(crate) sign_in_required: bool,
    /// What ran out.
    pub(crate) limit: Option<TimeLimit>,
    pub(crate) cause: Cause,
}

#[derive(Default)]
pub(crate) enum Cause {
    #[default]
    None,
    /// The timeout of the call was reached.
    TimedOut,
    /// The token endpoint could not be reached.
    Http(reqwest::Error),
    /// A custom transport failed. Its error may contain anything.
    Service(Box<dyn StdError + Send + Sync>),
    /// Where processes share tokens failed. What it reports may hold anything.
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    Store(Box<dyn StdError + Send + Sync>),
    /// Nothing was sent, since it came to it too late.
    #[cfg_attr(not(feature = "sign-in"), allow(dead_code))]
    HeldUp,
    /// A request that precedes the token request failed.
    Call(Error),
    /// The error of a token provider. It may contain anything, so it is not printed.
    Provider(Box<dyn StdError + Send + Sync>),
}

impl AuthFailure {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Details { problem: problem.into(), ..Details::default() }.into()
    }

    pub(crate) fn unreachable(error: reqwest::Error) -> Self {
        let cause = Cause::Http(connection::with_origin_only(error));
        let problem = "the token endpoint did not respond".to_owned();
        Details { problem, cause, ..Details::default() }.into()
    }

    /// A request that has to come first failed.
    pub(crate) fn of_call(problem: &str, error: Error) -> Self {
        Details {
            problem: problem.to_owned(),
            code: error.code().map(str::to_owned),
            message: error.message().map(str::to_owned),
            cause: Cause::Call(error),
            ..Details::default()
        }
        .into()
    }

    /// The store that processes share tokens in failed.
    #[cfg(feature = "sign-in")]
    pub(crate) fn of_store(problem: &str, error: Box<dyn StdError + Send + Sync>) -> Self {
        let (problem, cause) = (problem.to_owned(), Cause::Store(error));
        Details { problem, cause, ..Details::default() }.into()
    }

    /// The token endpoint is known to reject the request, which is therefore not sent.
    #[cfg(feature = "sign-in")]
    pub(crate) fn rejected_locally(problem: String, code: &str, hint: &str) -> Self {
        let (code, hint) = (Some(code.to_owned()), Some(hint.to_owned()));
        Details { problem, code, hint, ..Details::default() }.into()
    }

    /// Only the user can get another token, by signing in.
    #[cfg(feature = "sign-in")]
    pub(crate) fn sign_in_required(problem: &str) -> Self {
        let problem = problem.to_owned();
        Details { problem, sign_in_required: true, ..Details::default() }.into()
    }

    pub(crate) fn unsent(failure: SendFailure) -> Self {
        match failure {
            SendFailure::Http(error) => Self::unreachable(error),
            SendFailure::Service { error, server } => {
                let problem = format!(
                    "the token endpoint of {server} did not respond: the client's transport failed"
                );
                Details { problem, cause: Cause::Service(error), ..Details::default() }.into()
            }
            SendFailure::TimedOut { server } => {
                let problem = format!("the token endpoint of {server} did not respond in time");
                Details { problem, cause: Cause::TimedOut, ..Details::default() }.into()
            }
            SendFailure::NoRuntime => Self::new(NO_RUNTIME),
            SendFailure::NoClient => Self::new(NO_CLIENT),
        }
    }

    pub(crate) fn timed_out() -> Self {
        let problem = "the call timed out waiting for an access token".to_owned();
        Details { problem, cause: Cause::TimedOut, ..Details::default() }.into()
    }

    /// The process stood still before it could send the request.
    #[cfg(feature = "sign-in")]
    pub(crate) fn held_up() -> Self {
        let problem = "the refresh token was not sent: this process was delayed for so long that \
                       another may have used it"
            .to_owned();
        Details { problem, cause: Cause::HeldUp, ..Details::default() }.into()
    }

    /// The same where time ran out, with what the limit was.
    pub(crate) fn within(mut self, limit: Option<TimeLimit>) -> Self {
        let is_late = matches!(self.cause, Cause::TimedOut)
            || self.transport().is_some_and(reqwest::Error::is_timeout);
        if let Some(details) = Arc::get_mut(&mut self.0).filter(|_| is_late) {
            details.limit = details.limit.or(limit);
        }
        self
    }

    /// The same, and asking again later than this does harm.
    #[cfg(feature = "sign-in")]
    pub(crate) fn retry_before(mut self, end: Instant) -> Self {
        if let Some(details) = Arc::get_mut(&mut self.0) {
            details.retry_before = Some(end);
        }
        self
    }

    /// Whether a server caused it, rather than the caller's own code.
    pub(crate) fn is_of_server(&self) -> bool {
        self.status.is_some()
            || !matches!(self.cause, Cause::None | Cause::HeldUp | Cause::Provider(_))
    }

    /// Whether nothing was sent: there was no connection, or it came too late.
    #[cfg(feature = "sign-in")]
    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self.cause, Cause::HeldUp)
            || self.transport().is_some_and(reqwest::Error::is_connect)
    }

    /// Whether it is an error response of the token endpoint, rather than a proxy's.
    #[cfg(feature = "sign-in")]
    pub(crate) fn is_oauth_error(&self) -> bool {
        self.status.is_some_and(|status| status.is_client_error()) && self.code.is_some()
    }

    /// Whether a retry may succeed: requesting a token changes nothing.
    pub(crate) fn is_transient(&self) -> bool {
        match (&self.cause, self.status) {
            (Cause::TimedOut | Cause::HeldUp, _) => true,
            (Cause::Http(error), _) => !error.is_builder() && !error.is_redirect(),
            (Cause::Service(_) | Cause::Store(_), _) => true,
            (Cause::None, Some(status)) => is_transient(status),
            _ => false,
        }
    }

    /// Converts to an error, at this time of day.
    pub(crate) fn to_error(&self, now: SystemTime) -> Error {
        let wait = self.retry_after.as_ref().and_then(|value| retry_after::parse(value, now));
        Error::auth(self.clone()).with_retry_after(wait)
    }

    /// The HTTP client's error that caused it.
    pub(crate) fn transport(&self) -> Option<&reqwest::Error> {
        match &self.cause {
            Cause::Http(error) => Some(error),
            Cause::Call(error) => error.source_error(),
            Cause::None
            | Cause::TimedOut
            | Cause::HeldUp
            | Cause::Service(_)
            | Cause::Store(_)
            | Cause::Provider(_) => None,
        }
    }

    pub(crate) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::None | Cause::TimedOut | Cause::HeldUp => None,
            Cause::Http(error) => connection::untold(error),
            // Its own text is told.
            Cause::Call(error) => error.source(),
            Cause::Service(error) | Cause::Store(error) | Cause::Provider(error) => Some(&**error),
        }
    }
}

impl From<Details> for AuthFailure {
    fn from(details: Details) -> Self {
        Self(Arc::new(details))
    }
}

impl Deref for AuthFailure {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}
