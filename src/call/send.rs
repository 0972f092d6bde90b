//! One call, from its request to its outcome: attempt, judge, and attempt again where that helps.
//!
//! Every request of this crate but the one for a token passes through [`Execution::run`], whether
//! it comes from generated code or from [`Client::request`].

mod headers;
mod limits;

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use bytes::Bytes;
use reqwest::{
    Method, Request, Response, Url,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::{
    Client, Error, Result, RetryPolicy, Upload,
    auth::{Bearer, CallToken},
    call::{history::History, options::Options},
    error::{AuthFailure, NO_RUNTIME, SendFailure, TimeLimit, retry_after},
    http::{
        body::{End, read},
        cookies,
        operation::{Api, Operation, RetryRule},
        retry::Failure,
        runtimes, trace,
        transport::origin_of,
    },
};

/// Only an HTTP client of the user's own goes there.
const FOREIGN_REDIRECT: &str = "the HTTP client followed a redirect to another server, whose \
                                response is ignored: configure it to follow none";

/// As much of an error's body as is read: no error of Logto's comes near.
const ERROR_BODY_LIMIT: usize = 1 << 20;

/// The body of the request.
#[derive(Clone, Default)]
pub(crate) enum Payload {
    /// The body that the request already has.
    #[default]
    AsEncoded,
    /// No body.
    Omitted,
    /// A multipart form with this file.
    Upload(Upload),
}

/// How much of a response is read before it is returned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyMode {
    /// The whole body. If it breaks off, the attempt has failed.
    Buffered,
    /// The head; the caller reads the body.
    Streamed,
}

/// A response that is not an error.
pub(crate) struct RawResponse {
    pub(crate) response: Response,
    /// The body, as far as it has been read.
    pub(crate) body: Bytes,
    pub(crate) history: History,
    /// The maximum size of the body in memory, in bytes.
    pub(crate) limit: usize,
    /// How long the attempt may take.
    pub(crate) time: Option<TimeLimit>,
    /// When the rest of its body is to be there, where the HTTP client does not see to that.
    pub(crate) until: Option<tokio::time::Instant>,
}

/// A call in progress: everything that its attempts need.
pub(crate) struct Execution {
    client: Client,
    operation: Operation,
    options: Options,
    payload: Payload,
    body_mode: BodyMode,
    /// The token of this call alone.
    own_token: Option<Bearer>,
    started: Instant,
    /// How long it may take in all.
    timeout: Duration,
    deadline: Option<Instant>,
}

impl Execution {
    pub(crate) fn new(
        client: Client,
        operation: Operation,
        mut options: Options,
        payload: Payload,
        body_mode: BodyMode,
    ) -> Result<Self> {
        if let Some(problem) = options.problem.take() {
            return Err(Error::request(problem));
        }
        if !options.headers.is_empty() {
            client.transport().check_own_headers()?;
        }
        let own_token = options.token.take().map(|token| Bearer::new(&token)).transpose()?;
        let started = client.clock().now();
        let timeout = options.timeout.unwrap_or(client.timeout());
        let deadline = started.checked_add(timeout);
        Ok(Self {
            client,
            operation,
            options,
            payload,
            body_mode,
            own_token,
            started,
            timeout,
            deadline,
        })
    }

    /// Sends the request, with retries where they are safe and may help, and returns the response
    /// or the last error.
    pub(crate) async fn run(self, request: Request) -> Result<RawResponse> {
        let span = trace::CallSpan::new(&self.operation, &request);
        let absent = || Error::request(NO_RUNTIME);
        let attempts = pin!(self.attempts(request, &span));
        let outcome = span.watch(runtimes::within(attempts, absent)).await;
        let outcome = outcome.map_err(|error| error.with_operation(self.operation.id));
        let attempts = outcome.as_ref().map_or_else(Error::attempts, |raw| raw.history.attempts);
        let head = outcome.as_ref().map(|raw| (raw.response.status(), raw.response.headers()));
        span.finish(head, attempts);
        outcome
    }

    async fn attempts(&self, mut request: Request, span: &trace::CallSpan) -> Result<RawResponse> {
        let method = request.method().clone();
        let mut history = History::new(self.operation.id, &method);
        let mut renewed = false;
        loop {
            let token = self.token().await.map_err(|error| history.annotate(error))?;
            let retry_copy = self.retry_copy(&request, token.as_ref());
            history.attempts += 1;
            let outcome = self.attempt(request, token.as_ref(), history).await;
            let is_token_rejected = outcome.as_ref().is_err_and(is_token_rejected);
            if let Some(token) = token.as_ref().filter(|_| outcome.is_ok()) {
                token.accept();
            }
            if !outcome.as_ref().is_err_and(Error::is_transient) {
                self.client.retries().budget.deposit();
            }
            let error = match outcome {
                Ok(raw) => return Ok(raw),
                Err(error) => error,
            };
            let error = history.failed(error);
            let renewable = is_token_rejected
                && !renewed
                && token.as_ref().is_some_and(|token| self.renews(token));
            let error = match token.filter(|_| is_token_rejected && !renewable) {
                Some(token) => self.for_rejected_token(error, &token.bearer),
                None => error,
            };
            let Some(retry_copy) = retry_copy else {
                return Err(error);
            };
            if renewable {
                renewed = true;
                span.renewing();
            } else {
                let Some(delay) = self.delay(&error, &method, history.attempts) else {
                    return Err(error);
                };
                span.retrying(&error, history.attempts, delay);
                self.client.clock().sleep(delay).await;
            }
            request = retry_copy;
        }
    }

    /// The token for an attempt.
    async fn token(&self) -> Result<Option<CallToken>> {
        if let Some(bearer) = &self.own_token {
            return Ok(Some(CallToken::only(bearer.clone())));
        }
        let token = self.client.credentials().token(&self.operation);
        match self.remaining() {
            None => token.await,
            Some(remaining) => {
                let late =
                    |_| Error::auth(AuthFailure::timed_out()).within(Some(self.time_limit()));
                tokio::time::timeout(remaining, token).await.map_err(late)?
            }
        }
    }

    /// Discards a rejected token. Whether another one can be obtained.
    fn renews(&self, token: &CallToken) -> bool {
        token.is_replaceable() && self.client.credentials().discard(&token.bearer)
    }

    /// A user's token that was rejected and cannot be refreshed requires the user to sign in again.
    fn for_rejected_token(&self, error: Error, bearer: &Bearer) -> Error {
        let error = match bearer.has_expired(self.client.clock().wall_time()) {
            true => error.of_expired_token(),
            false => error,
        };
        match self.operation.api {
            Api::Account if !self.client.credentials().renews() => error.requiring_sign_in(),
            _ => error,
        }
    }

    /// The request once more, if there is a case in which it is sent again.
    fn retry_copy(&self, request: &Request, token: Option<&CallToken>) -> Option<Request> {
        let repeatable = match &self.payload {
            Payload::Upload(upload) => upload.is_repeatable(),
            _ => true,
        };
        let wanted =
            !self.policy().is_single_attempt() || token.is_some_and(CallToken::is_replaceable);
        let allowed = self.operation.retry_rule != RetryRule::Never;
        if repeatable && wanted && allowed { request.try_clone() } else { None }
    }

    fn policy(&self) -> &RetryPolicy {
        self.options.retry.as_ref().unwrap_or(&self.client.retries().policy)
    }

    /// The delay before the next attempt, if there is one.
    fn delay(&self, error: &Error, method: &Method, attempt: u32) -> Option<Duration> {
        let policy = self.policy();
        let idempotent = self.operation.is_idempotent(method) || policy.treats_all_as_idempotent();
        let (started, deadline) = (self.started, self.deadline);
        let failure = Failure { error, idempotent, attempt, started, deadline };
        self.client.retries().delay(policy, &failure)
    }

    async fn attempt(
        &self,
        mut request: Request,
        token: Option<&CallToken>,
        history: History,
    ) -> Result<RawResponse> {
        let (time, limit) = self.limit()?;
        *request.timeout_mut() = time;
        self.apply_headers(&mut request, token.map(|token| &token.bearer)).await?;
        let transport = self.client.transport();
        let asked = transport.requested_url(&request);
        let response = pin!(self.response(request, asked.as_ref(), history));
        let late = || Error::send_failed(SendFailure::timed_out(asked.as_ref()));
        let outcome = transport.in_time(time, response, late).await;
        let mut raw = outcome.map_err(|error| match error.is_connect() {
            true => error.within(transport.connect_limit()),
            false => error.within(limit),
        })?;
        raw.time = limit;
        if transport.is_service() {
            raw.until = time.and_then(|time| tokio::time::Instant::now().checked_add(time));
        }
        Ok(raw)
    }

    /// Sends an attempt and reads its response, as far as the caller wants it.
    async fn response(
        &self,
        request: Request,
        asked: Option<&Url>,
        history: History,
    ) -> Result<RawResponse> {
        let transport = self.client.transport();
        let mut response = transport.send(request).await.map_err(Error::send_failed)?;
        let status = response.status();
        cookies::mark_sensitive(response.headers_mut());
        let url = origin_of(&response, asked);
        if !self.client.target().owns(url) {
            return Err(Error::unreadable(FOREIGN_REDIRECT, status, &HeaderMap::new()));
        }
        self.client.cookies().store(response.headers(), &self.client.target().public_url(url));
        if !(status.is_success() || status.is_redirection()) {
            return Err(self.error_response(response).await);
        }
        let limit = self.options.max_response_size.unwrap_or(self.client.max_response_size());
        let raw = |response, body| RawResponse {
            response,
            body,
            history,
            limit,
            time: None,
            until: None,
        };
        if self.body_mode == BodyMode::Streamed {
            return Ok(raw(response, Bytes::new()));
        }
        match read(&mut response, limit).await {
            (body, End::Whole) => Ok(raw(response, body)),
            (_, End::Broken(error)) => Err(Error::cut_off(error, status, response.headers())),
            (_, End::TooLarge) => Err(Error::too_large(limit, status, response.headers())),
        }
    }

    async fn error_response(&self, mut response: Response) -> Error {
        // What cannot be read of an error's body is no reason to hide the error.
        let (body, _) = read(&mut response, ERROR_BODY_LIMIT).await;
        let headers = response.headers();
        let wait = headers
            .get(RETRY_AFTER)
            .and_then(|value| retry_after::parse(value, self.client.clock().wall_time()));
        let error = Error::api(response.status(), headers, &body)
            .with_retry_after(wait)
            .of_releases(self.operation.since, self.operation.until);
        if self.operation.api == Api::Management { error.of_management() } else { error }
    }
}

/// Whether the server rejected a call because of its token. Logto also responds with 401 if
/// something is missing that is unrelated to tokens, which its codes tell apart; a proxy sends
/// none. A missing scope is `auth.unauthorized` too, so that a new token does not always help.
fn is_token_rejected(error: &Error) -> bool {
    let of_tokens = ["auth.", "oidc.invalid_token", "invalid_token"];
    error.is_unauthorized()
        && error.code().is_none_or(|code| of_tokens.iter().any(|kind| code.starts_with(kind)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A future is moved before it is polled, and has room for each that it was handed on to.
    #[test]
    fn a_call_takes_little_room() {
        let client = Client::builder("http://localhost:3001").build().unwrap();
        let request = client.http().get(client.endpoint()).build().unwrap();
        let (operation, options) = (Operation::new("", Api::Management, ""), Options::default());
        let call =
            Execution::new(client, operation, options, Payload::AsEncoded, BodyMode::Buffered);
        assert!(size_of_val(&call.unwrap().run(request)) < 8 * 1024);
    }
}
