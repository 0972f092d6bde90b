//! Time and randomness, which tests replace.

use std::{
    fmt,
    ops::Deref,
    sync::Arc,
    time::{Instant, SystemTime},
};
#[cfg(feature = "client")]
use std::{future::Future, pin::Pin, time::Duration};

/// The crate's source of time and randomness: for the expiry of tokens, the delays of retries, and
/// the age of webhooks' deliveries.
///
/// Tests can set their own with `ClientBuilder::clock`, whose `sleep` advances `now` instead of
/// waiting, or with `WebhookVerifier::clock`. Network timeouts use the real clock regardless.
///
/// ```
/// # #[cfg(feature = "client")] {
/// use std::{future, pin::Pin, sync::Mutex, time::{Duration, Instant}};
///
/// struct Leap(Mutex<Instant>);
///
/// impl logto_api::Clock for Leap {
///     fn now(&self) -> Instant {
///         *self.0.lock().unwrap()
///     }
///     fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
///         *self.0.lock().unwrap() += duration;
///         Box::pin(future::ready(()))
///     }
///     fn random(&self) -> f64 {
///         1.0
///     }
/// }
/// # }
/// ```
pub trait Clock: Send + Sync + 'static {
    /// A monotonic clock.
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The time of day.
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn wall_time(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Completes after this duration.
    #[cfg(feature = "client")]
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }

    /// A number from 0 to 1: the part of the maximum delay to wait.
    #[cfg(feature = "client")]
    fn random(&self) -> f64 {
        fastrand::f64()
    }
}

/// The clock of the machine.
struct SystemClock;

impl Clock for SystemClock {}

/// This part of a duration, from 0 for nothing to 1 for all of it. A clock may give any number.
#[cfg(feature = "client")]
pub(crate) fn part(duration: Duration, part: f64) -> Duration {
    let seconds = duration.as_secs_f64() * part.clamp(0.0, 1.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(duration)
}

/// The clock of a client.
#[derive(Clone)]
pub(crate) struct SharedClock(pub(crate) Arc<dyn Clock>);

impl Deref for SharedClock {
    type Target = dyn Clock;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Default for SharedClock {
    fn default() -> Self {
        Self(Arc::new(SystemClock))
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
