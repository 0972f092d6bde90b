//! The token that is kept, and how it is replaced.
//!
//! However many tasks of a runtime want a token, one task fetches it, a task of its own: a call that
//! is dropped takes nothing from the others. What comes of a fetch, also a failure, is told to all
//! who wait for it, and to no one else. While a token is good it is used; when it is due, it is
//! replaced behind the back of the calls.
//!
//! Nobody waits for the task of another runtime, which may never run again: each runtime fetches
//! for itself. Whatever comes is for all.
//!
//! A token endpoint that fails is not asked by every call, nor for another token each time that an
//! API refuses one.

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

/// After a renewal that failed, calls leave it alone for this long at least.
const RENEWAL_PAUSE: Duration = Duration::from_secs(5);
/// A fetch that takes longer is given up: its runtime may not have run for long.
const PATIENCE: Duration = Duration::from_secs(120);
/// For this long the renewal of a token that is still good is left to another runtime.
const OTHERS_TURN: Duration = Duration::from_secs(10);
/// How often a call begins anew because the fetch that it joined came to nothing.
const FETCHES: usize = 3;
/// After two fetches in a row that failed, calls are told so for this long, and nobody is asked.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// Refused tokens are only replaced this often …
const REPLACEMENTS: usize = 3;
/// … within this time; once, if nothing took the new token since.
const REPLACEMENT_PERIOD: Duration = Duration::from_secs(30);

type Outcome = Result<Token, AuthFailure>;

/// Keeps the token of a [`Source`].
pub(crate) struct TokenCache(Arc<Shared>);

struct Shared {
    source: Box<dyn TokenSource>,
    retries: Retries,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Those under way, at most one a runtime.
    fetches: Vec<Fetch>,
    /// How many fetches have failed in a row.
    failures: u32,
    /// The last of them, and when.
    failed: Option<(Instant, AuthFailure)>,
    /// When refused tokens were replaced lately.
    replaced: Vec<Instant>,
}

/// What there is for a call that needs a token.
enum Found {
    Token(Token),
    Coming(Fetch),
    /// One that the call has begun.
    Begun(Fetch),
    /// It has failed just now.
    Failed(AuthFailure),
}

impl TokenCache {
    pub(crate) fn new(source: impl TokenSource + 'static, retries: Retries) -> Self {
        Self::of(Box::new(source), retries)
    }

    pub(crate) fn of(source: Box<dyn TokenSource>, retries: Retries) -> Self {
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
            "the token was not fetched: the tasks that were to do it panicked, or ended with \
             their runtime",
        ))
    }

    /// Forgets a token that the server refused, unless it has been replaced already. Whether it
    /// makes sense to get another: a server that refuses every token gets few.
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

    /// The token that is kept, while it is good.
    fn good(&self) -> Option<Token> {
        self.0.read().good(self.0.now()).cloned()
    }

    /// A token, or the fetch that brings one to this runtime. A fetch that is due has begun.
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

    /// What there is for a runtime; nothing when a fetch is due.
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

    /// A failure by itself may have been a mishap, and is forgotten.
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

    /// Keeps what a fetch brought, unless another that began later was faster.
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

/// A fetch that is under way.
#[derive(Clone)]
struct Fetch {
    outcome: watch::Receiver<Option<Outcome>>,
    /// The runtime of its task.
    runtime: Id,
    /// By tokio's clock, like all that is about the network.
    begun: tasks::Instant,
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
