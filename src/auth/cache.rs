//! The token that is kept, and how it is replaced.
//!
//! However many tasks of a runtime want a token, one task fetches it, a task of its own: a call that
//! is dropped takes nothing from the others. What comes of a fetch, also a failure, is told to all
//! who wait for it, and to no one else. While a token is good it is used; when it is due, it is
//! replaced behind the back of the calls.
//!
//! Nobody waits for the task of another runtime, which may never run again: each runtime fetches
//! for itself. Whatever comes is for all.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Handle, Id},
    sync::watch,
};

use super::{
    AuthFailure, Bearer,
    attempts::attempts,
    source::{Fetched, Source},
};
use crate::{clock::part, retry::Retries, runtimes, trace};

/// How long before its expiry a token is no longer used, so that it is still good on arrival.
const LEEWAY: Duration = Duration::from_secs(10);
/// After a renewal that failed, calls leave it alone for this long at least.
const RENEWAL_PAUSE: Duration = Duration::from_secs(5);
/// A fetch that takes longer is given up: its runtime may not have run for long.
const PATIENCE: Duration = Duration::from_secs(120);
/// For this long the renewal of a token that is still good is left to another runtime.
const OTHERS_TURN: Duration = Duration::from_secs(10);
/// How often a call begins anew because the task that fetched for it is gone.
const FETCHES: usize = 3;

/// A token with its dates.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) bearer: Bearer,
    asked_at: Instant,
    /// From when on another is fetched.
    renew_at: Instant,
    /// From when on it is not used.
    pub(crate) good_until: Instant,
}

type Outcome = Result<Token, AuthFailure>;

/// Keeps the token of a [`Source`].
pub(crate) struct TokenCache(Arc<Shared>);

struct Shared {
    source: Box<dyn Source>,
    retries: Retries,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Those under way, at most one a runtime.
    fetches: Vec<Fetch>,
}

/// What there is for a call that needs a token.
enum Found {
    Token(Token),
    Coming(Fetch),
}

impl TokenCache {
    pub(crate) fn new(source: impl Source + 'static, retries: Retries) -> Self {
        Self::of(Box::new(source), retries)
    }

    pub(crate) fn of(source: Box<dyn Source>, retries: Retries) -> Self {
        Self(Arc::new(Shared { source, retries, state: RwLock::default() }))
    }

    /// Whether a token that is refused can be replaced.
    pub(crate) fn renews(&self) -> bool {
        self.0.source.renews()
    }

    /// How long this token will be used.
    pub(crate) fn remaining(&self, token: &Token) -> Duration {
        token.good_until.saturating_duration_since(self.0.now())
    }

    /// A token that is good.
    pub(crate) async fn token(&self) -> Outcome {
        for _ in 0..FETCHES {
            let runtime = Handle::try_current().map_err(|_| AuthFailure::new(runtimes::ABSENT))?;
            let fetch = match self.find(runtime.id()) {
                Found::Token(token) => return Ok(token),
                Found::Coming(fetch) => fetch,
            };
            match fetch.outcome().await {
                Some(Ok(token)) => return Ok(token),
                // Another runtime may have been luckier.
                Some(Err(failure)) => return self.good().ok_or(failure),
                None => {}
            }
        }
        Err(AuthFailure::new(
            "the token was not fetched: the tasks that were to do it panicked, or ended with \
             their runtime",
        ))
    }

    /// Forgets a token that the server refused, unless it has been replaced already.
    pub(crate) fn discard(&self, refused: &Bearer) {
        let mut state = self.0.write();
        if state.token.as_ref().is_some_and(|token| token.bearer == *refused) {
            state.token = None;
        }
    }

    /// The token that is kept, while it is good.
    fn good(&self) -> Option<Token> {
        self.0.read().good(self.0.now()).cloned()
    }

    /// A token, or the fetch that brings one to this runtime. A fetch that is due has begun.
    fn find(&self, runtime: Id) -> Found {
        let now = self.0.now();
        if let Some(found) = self.0.read().find(now, runtime) {
            return found;
        }
        let mut state = self.0.write();
        // Someone else may have been faster.
        if let Some(found) = state.find(now, runtime) {
            return found;
        }
        let fetch = self.0.clone().begin(runtime);
        state.fetches.retain(Fetch::is_alive);
        state.fetches.push(fetch.clone());
        state.find(now, runtime).unwrap_or(Found::Coming(fetch))
    }
}

impl State {
    fn good(&self, now: Instant) -> Option<&Token> {
        self.token.as_ref().filter(|token| now < token.good_until)
    }

    /// What there is for a runtime; nothing when a fetch is due.
    fn find(&self, now: Instant, runtime: Id) -> Option<Found> {
        let renewal = || self.fetches.iter().any(|fetch| fetch.renews_for(runtime));
        match self.good(now) {
            Some(token) if now < token.renew_at || renewal() => Some(Found::Token(token.clone())),
            Some(_) => None,
            None => {
                let mut own = self.fetches.iter().filter(|fetch| fetch.runtime == runtime);
                let alive = own.find(|fetch| fetch.is_alive());
                alive.cloned().map(Found::Coming)
            }
        }
    }
}

impl Shared {
    /// Begins a fetch, in a task of its own.
    fn begin(self: Arc<Self>, runtime: Id) -> Fetch {
        let (report, outcome) = watch::channel(None);
        let fetch = Fetch { outcome, runtime, begun: tokio::time::Instant::now() };
        let begun = fetch.clone();
        tokio::spawn(trace::within_caller(async move {
            let asked_at = self.now();
            let fetched = self.fetch().await;
            trace::token(fetched.as_ref().map(|fetched| fetched.life));
            let outcome = fetched.map(|fetched| self.dated(fetched, asked_at));
            self.finish(&begun, &outcome);
            report.send_replace(Some(outcome));
        }));
        fetch
    }

    /// Asks the source, again where that may help: asking for a token changes nothing.
    async fn fetch(&self) -> Result<Fetched, AuthFailure> {
        attempts(&self.retries, true, None, || self.source.fetch_once()).await
    }

    fn now(&self) -> Instant {
        self.retries.clock.now()
    }

    /// Keeps what a fetch brought, unless another that began later was faster.
    fn finish(&self, fetch: &Fetch, outcome: &Outcome) {
        let now = self.now();
        let mut state = self.write();
        state.fetches.retain(|current| !current.is(fetch));
        match outcome {
            Ok(token) => {
                if state.token.as_ref().is_none_or(|kept| kept.asked_at <= token.asked_at) {
                    state.token = (now < token.good_until).then(|| token.clone());
                }
            }
            Err(_) => {
                if let Some(token) = &mut state.token {
                    let left = token.good_until.saturating_duration_since(now);
                    token.renew_at = now + RENEWAL_PAUSE.max(left / 2);
                }
            }
        }
    }

    /// Renewals of many programs that began together drift apart.
    fn dated(&self, fetched: Fetched, asked_at: Instant) -> Token {
        // A year is for ever, and keeps the sum with "now" in range.
        let life = fetched.life.unwrap_or_default().min(Duration::from_secs(31_536_000));
        let usable = life - LEEWAY.min(life / 10);
        let early = match self.source.renews() {
            true => part(life, 0.8 + 0.1 * self.retries.clock.random()),
            false => usable,
        };
        let (renew_at, good_until) = (asked_at + early, asked_at + usable);
        Token { bearer: fetched.bearer, asked_at, renew_at, good_until }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch that is under way.
#[derive(Clone)]
struct Fetch {
    outcome: watch::Receiver<Option<Outcome>>,
    /// The runtime of its task.
    runtime: Id,
    /// By tokio's clock, like all that is about the network.
    begun: tokio::time::Instant,
}

impl Fetch {
    fn is(&self, other: &Self) -> bool {
        self.outcome.same_channel(&other.outcome)
    }

    /// Whether it will come to an end, as far as one can tell: a runtime that is shut down takes
    /// its tasks with it, and one that nobody runs does not move them.
    fn is_alive(&self) -> bool {
        self.outcome.has_changed().is_ok() && self.begun.elapsed() < PATIENCE
    }

    /// Whether a runtime may leave the renewal of a token that is still good to this.
    fn renews_for(&self, runtime: Id) -> bool {
        self.is_alive() && (self.runtime == runtime || self.begun.elapsed() < OTHERS_TURN)
    }

    /// What comes of it; nothing if it dies.
    async fn outcome(mut self) -> Option<Outcome> {
        let told = self.outcome.wait_for(Option::is_some);
        match tokio::time::timeout_at(self.begun + PATIENCE, told).await {
            Ok(Ok(outcome)) => outcome.clone(),
            _ => None,
        }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        future,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::runtime;

    use super::*;
    use crate::{
        Clock, RetryPolicy, auth::source::Pending, budget::RetryBudget, clock::SharedClock,
    };

    /// A source whose tokens are numbered.
    #[derive(Debug, Default)]
    struct Numbers(AtomicUsize);

    impl Source for Numbers {
        fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            let bearer = Bearer::new(&number.to_string()).unwrap();
            Box::pin(future::ready(Ok(Fetched { bearer, life: Some(Duration::from_secs(9)) })))
        }
    }

    struct Chance(f64);

    impl Clock for Chance {
        fn random(&self) -> f64 {
            self.0
        }
    }

    fn retries(clock: impl Clock) -> Retries {
        Retries {
            policy: RetryPolicy::never(),
            budget: Arc::new(RetryBudget::new(0)),
            clock: SharedClock(Arc::new(clock)),
        }
    }

    #[test]
    fn a_token_is_renewed_ahead_of_its_end_and_dropped_before_it() {
        for (life, chance, early, late) in [
            (3600, 0.0, 2880, 3590),
            (3600, 1.0, 3240, 3590),
            (10, 0.5, 8, 9),
            (0, 0.5, 0, 0),
            (u64::MAX, 0.0, 25_228_800, 31_535_990),
        ] {
            let retries = retries(Chance(chance));
            let cache = TokenCache::new(Numbers::default(), retries);
            let bearer = Bearer::new("t").unwrap();
            let now = Instant::now();
            let fetched = Fetched { bearer, life: Some(Duration::from_secs(life)) };
            let token = cache.0.dated(fetched, now);
            assert_eq!((token.renew_at - now).as_secs_f64().floor(), f64::from(early));
            assert_eq!((token.good_until - now).as_secs(), late);
        }
    }

    #[test]
    fn nobody_waits_for_a_runtime_that_does_not_run() {
        let cache = Arc::new(TokenCache::new(Numbers::default(), retries(Chance(0.5))));
        let idle = runtime::Builder::new_current_thread().enable_time().build().unwrap();
        // Dropped before it is polled again, and the task of the fetch is never run.
        let call = cache.clone();
        idle.block_on(async move {
            let mut call = std::pin::pin!(call.token());
            let pending = future::poll_fn(|context| {
                let polled = call.as_mut().poll(context);
                std::task::Poll::Ready(polled.is_pending())
            });
            assert!(pending.await);
        });
        assert_eq!(cache.0.read().fetches.len(), 1);

        let busy = runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let token = busy.block_on(cache.token()).ok().unwrap();
        assert_eq!(token.bearer.token(), "0");
        drop(idle);
    }
}
