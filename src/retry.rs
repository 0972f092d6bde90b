//! When a call is repeated, and after how long.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::StatusCode;

use crate::{
    Error,
    budget::RetryBudget,
    clock::{SharedClock, part},
};

/// When a call that failed is repeated, and how long is waited before.
///
/// By default a call is attempted up to three times, after failures that may pass: no connection,
/// a connection that broke, an attempt that ran out of time, and the statuses 429, 502, 503 and
/// 504. The waits grow exponentially from 250 ms, with full jitter: each is a random part of what
/// the step allows. A `Retry-After` of the server's makes them longer.
///
/// Whatever the policy says, what the server may have carried out already is not asked for twice:
/// GET, PUT and DELETE are repeated after any such failure; POST and PATCH only where no
/// connection was made, or where the server answered 429 or 503 before acting. Operations that use
/// up what they are sent, such as verifying a one-time code, are never repeated. No wait goes
/// beyond the time limit of the call.
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
            retryable: None,
        }
    }

    /// No call is repeated.
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
        if attempt >= self.max_attempts || !retryable || !(idempotent || was_not_acted_on(error)) {
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

    pub(crate) fn is_single(&self) -> bool {
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

/// Nothing was sent, or the server turned the request away before it did anything.
fn was_not_acted_on(error: &Error) -> bool {
    let turned_away = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    error.is_connect() || error.status().is_some_and(|status| turned_away.contains(&status))
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
            .finish_non_exhaustive()
    }
}
