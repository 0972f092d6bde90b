//! The token cache.
//!
//! However many tasks of a runtime need a token, one task fetches it, in a task of its own, so that
//! a call that is dropped does not affect the others. The result of a fetch, including a failure,
//! is shared by all who wait for it, and by nobody else. A valid token is used until it is renewed,
//! which happens in the background.
//!
//! Nobody waits for a task of another runtime, which may never run again: each runtime fetches for
//! itself, and the results are shared.
//!
//! A token endpoint that fails is not asked by every call, nor for another token each time that an
//! API rejects one.

use std::{
    fmt,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Bearer,
    source::{Fetched, TokenSource},
    tasks::{self, Id, RwLock, RwLockReadGuard, RwLockWriteGuard},
    token::Token,
};
use crate::{
    error::{AuthFailure, NO_RUNTIME},
    http::{retry::Retries, trace},
};

/// The minimum time after a failed renewal before the next one.
const RENEWAL_PAUSE: Duration = Duration::from_secs(5);
/// A fetch that takes longer is abandoned: its runtime may not have run for long.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the renewal of a valid token is left to another runtime.
const OTHERS_TURN: Duration = Duration::from_secs(10);
/// How often a call starts again after the fetch that it waited for was lost.
const FETCHES: usize = 3;
/// After two consecutive failures, calls fail for this long without a request.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// Rejected tokens are replaced only this often …
const REPLACEMENTS: usize = 3;
/// … within this time; once, if the new token has not been accepted since.
const REPLACEMENT_PERIOD: Duration = Duration::from_secs(30);

type Outcome = Result<Token, AuthFailure>;

/// Caches the token of a [`TokenSource`].
pub(crate) struct TokenCache(Arc<Shared>);

struct Shared {
    source: Box<dyn TokenSource>,
    retries: Retries,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Fetches in progress, at most one per runtime.
    fetches: Vec<Fetch>,
    /// The number of consecutive failures.
    failures: u32,
    /// The last failure, and when it happened.
    failed: Option<(Instant, AuthFailure)>,
    /// When rejected tokens were replaced recently.
    replaced: Vec<Instant>,
}

/// What the cache has for a call.
enum Found {
    Token(Token),
    Coming(Fetch),
    /// A fetch that the call has begun.
    Begun(Fetch),
    /// The last fetch has just failed.
    Failed(AuthFailure),
}

impl TokenCache {
    pub(crate) fn new(source: impl TokenSource + 'static, retries: Retries) -> Self {
        Self::of(Box::new(source), retries)
    }

    pub(crate) fn of(source: Box<dyn TokenSource>, retries: Retries) -> Self {
        Self(Arc::new(Shared { source, retries, state: RwLock::default() }))
    }

    /// Whether a token that is rejected can be replaced.
    pub(crate) fn renews(&self) -> bool {
        self.0.source.renews()
    }

    /// The remaining lifetime of a token.
    pub(crate) fn remaining(&self, token: &Token) -> Duration {
        token.good_until.saturating_duration_since(self.0.now())
    }

    /// A valid token.
    pub(crate) async fn token(&self) -> Outcome {
        if let Some(failure) = self.0.source.ended() {
            return Err(failure);
        }
        let mut has_joined = false;
        for _ in 0..FETCHES {
            let runtime = tasks::current().ok_or_else(|| AuthFailure::new(NO_RUNTIME))?;
            let (fetch, joins) = match self.find(runtime) {
                Found::Token(token) => return Ok(token),
                Found::Failed(failure) => return Err(failure),
                Found::Coming(fetch) => (fetch, true),
                Found::Begun(fetch) => (fetch, false),
            };
            match fetch.outcome().await {
                Some(Ok(token)) => return Ok(token),
                Some(Err(failure)) => match self.good() {
                    // Another runtime may have been luckier.
                    Some(token) => return Ok(token),
                    // The fetch may have been doomed before the call came.
                    None if joins && !has_joined && failure.is_transient() => has_joined = true,
                    None => return Err(failure),
                },
                None => {}
            }
        }
        Err(AuthFailure::new(
            "no access token was fetched: the tasks that were fetching it panicked, or ended with \
             their runtime",
        ))
    }

    /// Discards a token that the server rejected, unless it has been replaced already. Whether
    /// another one should be requested: a server that rejects every token gets few.
    pub(crate) fn discard(&self, refused: &Bearer) -> bool {
        let now = self.0.now();
        let mut state = self.0.write();
        let Some(token) = state.token.as_ref().filter(|token| token.bearer == *refused) else {
            return true;
        };
        let limit = if token.accepted.load(Ordering::Relaxed) { REPLACEMENTS } else { 1 };
        state.replaced.retain(|at| now.saturating_duration_since(*at) < REPLACEMENT_PERIOD);
        if state.replaced.len() >= limit {
            return false;
        }
        state.replaced.push(now);
        state.token = None;
        true
    }

    /// The cached token, while it is valid.
    fn good(&self) -> Option<Token> {
        self.0.read().good(self.0.now()).cloned()
    }

    /// The runtime of its task.
    fn find(&self, runtime: Id) -> Found {
        let now = self.0.now();
        let early = self.0.source.renews_early();
        if let Some(found) = self.0.read().find(now, runtime, early) {
            return found;
        }
        let mut state = self.0.write();
        // Someone else may have been faster.
        if let Some(found) = state.find(now, runtime, early) {
            return found;
        }
        let fetch = self.0.clone().begin(runtime);
        state.fetches.retain(Fetch::is_alive);
        state.fetches.push(fetch.clone());
        match state.good(now) {
            Some(token) => Found::Token(token.clone()),
            None => Found::Begun(fetch),
        }
    }
}

impl State {
    fn good(&self, now: Instant) -> Option<&Token> {
        self.token.as_ref().filter(|token| now < token.good_until)
    }

    /// What the cache has for a runtime; `None` when a fetch is due.
    fn find(&self, now: Instant, runtime: Id, early: bool) -> Option<Found> {
        let renewal = || self.fetches.iter().any(|fetch| fetch.renews_for(runtime));
        match self.good(now) {
            Some(token) if now < token.renew_at || !early || renewal() => {
                Some(Found::Token(token.clone()))
            }
            Some(_) => None,
            None => {
                let mut own = self.fetches.iter().filter(|fetch| fetch.runtime == runtime);
                let alive = own.find(|fetch| fetch.is_alive());
                alive.cloned().map(Found::Coming).or_else(|| self.failed_just_now(now))
            }
        }
    }

    /// A single failure may have been accidental, and is ignored.
    fn failed_just_now(&self, now: Instant) -> Option<Found> {
        let (at, failure) = self.failed.as_ref().filter(|_| self.failures > 1)?;
        let recent = now.saturating_duration_since(*at) < FAILURE_PAUSE;
        recent.then(|| Found::Failed(failure.clone()))
    }
}

impl Shared {
    /// Begins a fetch, in a task of its own.
    fn begin(self: Arc<Self>, runtime: Id) -> Fetch {
        let (report, outcome) = watch::channel(None);
        let fetch = Fetch { outcome, runtime, begun: tasks::Instant::now() };
        let begun = fetch.clone();
        tasks::spawn(trace::within_caller(async move {
            let asked_at = self.now();
            let fetched = self.source.fetch(&self.retries).await;
            trace::token(fetched.as_ref().map(|fetched| fetched.lifetime));
            let outcome = fetched.map(|fetched| self.dated(fetched, asked_at));
            self.finish(&begun, &outcome);
            report.send_replace(Some(outcome));
        }));
        fetch
    }

    fn now(&self) -> Instant {
        self.retries.clock.now()
    }

    /// Stores the result of a fetch, unless another that began later was faster.
    fn finish(&self, fetch: &Fetch, outcome: &Outcome) {
        let now = self.now();
        let mut state = self.write();
        state.fetches.retain(|current| !current.is(fetch));
        match outcome {
            Ok(token) => {
                (state.failures, state.failed) = (0, None);
                if state.token.as_ref().is_none_or(|kept| kept.asked_at <= token.asked_at) {
                    state.token = (now < token.good_until).then(|| token.clone());
                }
            }
            Err(failure) => {
                if failure.is_of_server() {
                    state.failures = state.failures.saturating_add(1);
                    state.failed = Some((now, failure.clone()));
                }
                if let Some(token) = &mut state.token {
                    let left = token.good_until.saturating_duration_since(now);
                    token.renew_at = now + RENEWAL_PAUSE.max(left / 2);
                }
            }
        }
    }

    fn dated(&self, fetched: Fetched, asked_at: Instant) -> Token {
        Token::new(fetched, asked_at, self.source.renews(), self.retries.clock.random())
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch in progress.
#[derive(Clone)]
struct Fetch {
    outcome: watch::Receiver<Option<Outcome>>,
    /// The runtime of its task.
    runtime: Id,
    /// By tokio's clock, like everything about the network.
    begun: tasks::Instant,
}

impl Fetch {
    fn is(&self, other: &Self) -> bool {
        self.outcome.same_channel(&other.outcome)
    }

    /// Whether it is expected to finish: a runtime that is shut down drops its tasks, and one that
    /// nobody runs does not poll them.
    fn is_alive(&self) -> bool {
        self.outcome.has_changed().is_ok() && self.begun.elapsed() < PATIENCE
    }

    /// Whether a runtime may leave the renewal of a valid token to this fetch.
    fn renews_for(&self, runtime: Id) -> bool {
        self.is_alive() && (self.runtime == runtime || self.begun.elapsed() < OTHERS_TURN)
    }

    /// Its result; `None` if it dies.
    async fn outcome(mut self) -> Option<Outcome> {
        let told = self.outcome.wait_for(Option::is_some);
        match tasks::timeout_at(self.begun + PATIENCE, told).await {
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
