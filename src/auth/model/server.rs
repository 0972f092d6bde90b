//! A token endpoint that does as it is told, and counts.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use reqwest::StatusCode;
use shuttle::future::yield_now;

use super::{super::source::Pending, Bearer, Fetched, Token, TokenSource, tasks};
use crate::{
    error::{AuthFailure, Details},
    http::retry::Retries,
};

/// How long tokens are good; they are used for ten seconds less.
pub(super) const LIFE: Duration = Duration::from_secs(100);

#[derive(Clone, Debug, Default)]
pub(super) struct Server(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    fetches: usize,
    /// How many of the next fetches fail.
    failing: usize,
    under_way: [usize; 2],
    /// By their numbers.
    tokens: Vec<Issued>,
}

#[derive(Debug)]
struct Issued {
    asked_at: Duration,
    given: bool,
    /// Whether a call has had it.
    used: bool,
}

impl Server {
    /// Whose first answers are failures.
    pub(super) fn failing(times: usize) -> Self {
        Self(Arc::new(Mutex::new(Log { failing: times, ..Log::default() })))
    }

    pub(super) fn fetches(&self) -> usize {
        self.log().fetches
    }

    /// When a token was asked for.
    pub(super) fn asked_at(&self, token: &Token) -> Duration {
        self.log().tokens[number(token)].asked_at
    }

    /// When the newest of the tokens that were given was asked for.
    pub(super) fn newest(&self) -> Duration {
        let log = self.log();
        log.tokens.iter().filter(|token| token.given).map(|token| token.asked_at).max().unwrap()
    }

    /// Notes that a call has a token.
    pub(super) fn note_use(&self, token: &Token) {
        self.log().tokens[number(token)].used = true;
    }

    /// The tokens that calls have had by now.
    pub(super) fn used(&self) -> Vec<usize> {
        let log = self.log();
        let tokens = log.tokens.iter().enumerate();
        tokens.filter(|(_, token)| token.used).map(|(number, _)| number).collect()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn response(&self) -> Result<Fetched, AuthFailure> {
        let runtime = tasks::current().unwrap();
        let number = {
            let mut log = self.log();
            log.fetches += 1;
            log.under_way[runtime.0] += 1;
            assert_eq!(log.under_way[runtime.0], 1, "two fetches at a time on a runtime");
            log.tokens.push(Issued { asked_at: tasks::time(), given: false, used: false });
            log.tokens.len() - 1
        };
        yield_now().await;
        let mut log = self.log();
        log.under_way[runtime.0] -= 1;
        if log.failing > 0 {
            log.failing -= 1;
            let status = Some(StatusCode::SERVICE_UNAVAILABLE);
            return Err(Details { status, ..Details::default() }.into());
        }
        log.tokens[number].given = true;
        let bearer = Bearer::new(&number.to_string()).unwrap();
        Ok(Fetched { bearer, lifetime: Some(LIFE), scope: None })
    }
}

impl TokenSource for Server {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(self.response())
    }

    /// Attempts are no matter of the cache's.
    fn fetch<'a>(&'a self, _: &'a Retries) -> Pending<'a, Result<Fetched, AuthFailure>> {
        self.fetch_once()
    }
}

/// Tokens are numbered.
pub(super) fn number(token: &Token) -> usize {
    token.bearer.token().parse().unwrap()
}
