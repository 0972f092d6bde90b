//! When a call is retried, and after how long.

pub(crate) mod budget;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Error,
    clock::{SharedClock, part},
    http::retry::budget::RetryBudget,
};

/// When a call that failed is retried, and after which delay.
///
/// By default a call is attempted up to three times, after transient failures
/// ([`Error::is_transient`]): no connection, a connection that broke, an attempt that timed out,
/// and the statuses 408, 425, 429, 502, 503, 504, 520 to 524 and 530 (Cloudflare's, which is in
/// front of Logto Cloud). The delays grow exponentially from 250 ms, with full jitter: each is a
/// random part of the maximum. A `Retry-After` header extends them.
///
/// Which requests are retried depends on what executing them twice would mean:
///
/// | request | is retried after |
/// | --- | --- |
/// | GET, PUT, DELETE | any of these failures |
/// | POST, PATCH | only failures in which the server cannot have acted: no connection was made, the request was never written, HTTP/2 refused its stream, status 429, or status 503 **with** `Retry-After` |
/// | operations that consume their input, such as verifying a one-time code | nothing; their documentation says so |
///
/// A gateway returns 503 without `Retry-After` if the server behind it failed, possibly after it
/// acted. A POST that is safe to execute twice can be retried with
/// [`retry_non_idempotent`](Self::retry_non_idempotent). After a failure,
/// [`Error::may_have_taken_effect`] tells whether the server may have acted.
///
/// A DELETE that is retried after its response was lost, and then finds nothing to delete (404),
/// has succeeded. No delay exceeds the timeout of the call.
///
/// ```
/// use std::time::Duration;
/// use logto_api::{Client, RetryPolicy};
///
/// # fn main() -> logto_api::Result<()> {
/// let patient = RetryPolicy::new().max_attempts(6).max_delay(Duration::from_secs(20));
/// let logto = Client::builder("https://acme.logto.app").retry(patient).build()?;
/// # #[cfg(feature = "users")]
/// let once = logto.users().get("some-id").retry(RetryPolicy::never());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RetryPolicy {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    max_retry_after: Duration,
    max_elapsed: Duration,
    non_idempotent: bool,
    retryable: Option<Arc<Retryable>>,
}

type Retryable = dyn Fn(&Error) -> bool + Send + Sync;

impl RetryPolicy {
    /// The default policy.
    pub fn new() -> Self {
        Self {
            max_attempts: 3,
            base_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(5),
            max_retry_after: Duration::from_secs(30),
            max_elapsed: Duration::from_secs(60),
            non_idempotent: false,
            retryable: None,
        }
    }

    /// No retries. Set on a call, it applies to that call only: a token that the call needs is
    /// shared with others, and is requested with the client's policy.
    pub fn never() -> Self {
        Self::new().max_attempts(1)
    }

    /// The maximum number of attempts, including the first: 3 by default. 0 is treated as 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The maximum delay before the second attempt, 250 ms by default. It doubles with each further
    /// attempt.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// The maximum delay before any attempt, 5 seconds by default. A `Retry-After` may exceed it.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// The maximum `Retry-After` that is obeyed, 30 seconds by default. If the server asks for
    /// more, the call fails at once, and [`Error::retry_after`] has the time.
    pub fn max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after = delay;
        self
    }

    /// No attempt starts later than this after the first, one minute by default.
    pub fn max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = elapsed;
        self
    }

    /// Retries POST and PATCH after the same failures as GET, even if the server may have acted
    /// already: `false` by default.
    ///
    /// Use it for requests that are safe to execute twice, such as one that sets a value, or one
    /// that creates something with a unique name. Operations that consume their input are still not
    /// retried.
    ///
    /// ```
    /// # #[cfg(feature = "users")]
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new().retry_non_idempotent(true);
    /// logto.users().update("some-id").name("Alice").retry(policy).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_non_idempotent(mut self, retry: bool) -> Self {
        self.non_idempotent = retry;
        self
    }

    /// Which failures are retried, [`Error::is_transient`] by default. Requests that are not
    /// idempotent are retried in fewer cases regardless.
    pub fn retry_if(mut self, retryable: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.retryable = Some(Arc::new(retryable));
        self
    }

    /// How long to wait before the next attempt, if there is to be one; `chance` is from 0 to 1.
    fn delay(&self, failure: &Failure<'_>, elapsed: Duration, chance: f64) -> Option<Duration> {
        let Failure { error, idempotent, attempt, .. } = *failure;
        let retryable = match &self.retryable {
            Some(retryable) => retryable(error),
            None => error.is_transient(),
        };
        if attempt >= self.max_attempts || !retryable || !(idempotent || error.is_unsent()) {
            return None;
        }
        let asked = error.retry_after().unwrap_or_default();
        let delay = self.backoff(attempt, chance).max(asked);
        (asked <= self.max_retry_after && elapsed.saturating_add(delay) <= self.max_elapsed)
            .then_some(delay)
    }

    fn backoff(&self, attempt: u32, chance: f64) -> Duration {
        let factor = 1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX);
        let longest = self.base_delay.saturating_mul(factor).min(self.max_delay);
        part(longest, chance)
    }

    /// Whether what is not idempotent is retried like what is.
    pub(crate) fn treats_all_as_idempotent(&self) -> bool {
        self.non_idempotent
    }

    pub(crate) fn is_single_attempt(&self) -> bool {
        self.max_attempts == 1
    }
}

/// An attempt that failed.
pub(crate) struct Failure<'a> {
    pub(crate) error: &'a Error,
    pub(crate) idempotent: bool,
    /// Its number, from 1.
    pub(crate) attempt: u32,
    /// When the first attempt began.
    pub(crate) started: Instant,
    /// When there is no more time.
    pub(crate) deadline: Option<Instant>,
}

/// The retry policy of a client, and its budget.
#[derive(Clone)]
pub(crate) struct Retries {
    pub(crate) policy: RetryPolicy,
    pub(crate) budget: Arc<RetryBudget>,
    pub(crate) clock: SharedClock,
}

impl Retries {
    /// How long to wait before the next attempt, if there is to be one. It is paid for then.
    pub(crate) fn delay(&self, policy: &RetryPolicy, failure: &Failure<'_>) -> Option<Duration> {
        let now = self.clock.now();
        let elapsed = now.saturating_duration_since(failure.started);
        let delay = policy.delay(failure, elapsed, self.clock.random())?;
        let in_time = failure.deadline.is_none_or(|end| delay < end.saturating_duration_since(now));
        (in_time && self.budget.withdraw()).then_some(delay)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("max_attempts", &self.max_attempts)
            .field("base_delay", &self.base_delay)
            .field("max_delay", &self.max_delay)
            .field("max_retry_after", &self.max_retry_after)
            .field("max_elapsed", &self.max_elapsed)
            .field("non_idempotent", &self.non_idempotent)
            .finish_non_exhaustive()
    }
}
