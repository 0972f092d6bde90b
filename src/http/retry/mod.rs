//! When a call is repeated, and after how long.

pub(crate) mod budget;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Error,
    http::{
        clock::{SharedClock, part},
        retry::budget::RetryBudget,
    },
};

/// When a call that failed is repeated, and how long is waited before.
///
/// By default a call is attempted up to three times, after failures that may pass
/// ([`Error::is_transient`]): no connection, a connection that broke, an attempt that ran out of
/// time, and the statuses 408, 425, 429, 502, 503, 504, 520 to 524 and 530 (Cloudflare's, which
/// stands in front of Logto Cloud). The waits grow exponentially from 250 ms, with full jitter: each
/// is a random part of what the step allows. A `Retry-After` of the server's makes them longer.
///
/// What is retried after them depends on what doing it twice would mean:
///
/// | request | is retried after |
/// | --- | --- |
/// | GET, PUT, DELETE | any of these failures |
/// | POST, PATCH | only where the server cannot have acted: no connection was made, the request was never written, HTTP/2 refused its stream, status 429, or status 503 **with** `Retry-After` |
/// | operations that use up what they are sent, such as verifying a one-time code | nothing: they are sent once, and their documentation says so |
///
/// A 503 without `Retry-After` is what a gateway answers when the server behind it broke off, maybe
/// after it acted. A POST that is safe to repeat can be, with
/// [`retry_non_idempotent`](Self::retry_non_idempotent). After a failure,
/// [`Error::may_have_taken_effect`] tells whether the server may have acted.
///
/// A DELETE that is retried after its answer was lost, and then finds nothing to delete (404), has
/// succeeded. No wait goes beyond the time limit of the call.
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

    /// No call is repeated. Set on one call, it holds for that call: the token that it may need is
    /// fetched for all who want it, and is asked for again by the client's policy.
    pub fn never() -> Self {
        Self::new().max_attempts(1)
    }

    /// How many attempts there may be, the first included: 3 by default. 0 counts as 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The longest wait before the second attempt, 250 ms by default. It doubles with each
    /// further attempt.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// The longest wait before any attempt, 5 seconds by default. A `Retry-After` may ask for
    /// more.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// The longest `Retry-After` that is waited for, 30 seconds by default. When the server asks
    /// for more, the call fails at once, and [`Error::retry_after`] tells for how much.
    pub fn max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after = delay;
        self
    }

    /// The total budget: no attempt starts later than this after the first, one minute by
    /// default.
    pub fn max_elapsed(mut self, elapsed: Duration) -> Self {
        self.max_elapsed = elapsed;
        self
    }

    /// Retries POST and PATCH after every failure that GET is retried after, also where the server
    /// may have acted already: `false` by default.
    ///
    /// For requests of which you know that doing them twice does no harm, such as one that sets a
    /// value, or one that creates something whose name can be taken once. Operations that use up
    /// what they are sent are still sent once.
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

    /// Which failures are worth another attempt, [`Error::is_transient`] by default. Requests that
    /// are not idempotent are repeated in fewer cases, whatever this says.
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

/// What a client repeats its calls by.
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
