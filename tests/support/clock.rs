//! A clock that moves only when a test or a sleep moves it.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::{
    future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime},
};

use logto_api::Clock;

#[derive(Clone)]
pub(crate) struct TestClock(Arc<Mutex<State>>);

struct State {
    start: Instant,
    elapsed: Duration,
    sleeps: Vec<Duration>,
    chance: f64,
}

impl TestClock {
    /// The time of day that it starts at: 1994-11-06 08:49:37 UTC.
    pub(crate) const START: u64 = 784_111_777;

    /// `chance` is what its random numbers are.
    pub(crate) fn new(chance: f64) -> Self {
        Self(Arc::new(Mutex::new(State {
            start: Instant::now(),
            elapsed: Duration::ZERO,
            sleeps: Vec::new(),
            chance,
        })))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.state().elapsed += duration;
    }

    pub(crate) fn forward(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// All sleeps so far, in milliseconds.
    pub(crate) fn sleeps(&self) -> Vec<u128> {
        self.state().sleeps.iter().map(Duration::as_millis).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        let state = self.state();
        state.start + state.elapsed
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(Self::START) + self.state().elapsed
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut state = self.state();
        state.elapsed += duration;
        state.sleeps.push(duration);
        Box::pin(future::ready(()))
    }

    fn random(&self) -> f64 {
        self.state().chance
    }
}
