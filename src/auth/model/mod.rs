//! The token cache under a scheduler that tries thousands of orders in which its tasks may run.
//!
//! What is compiled here is the cache itself, with shuttle's locks and tasks in place of those in
//! `auth::tasks`. Loom would try every order, but knows no async channels, and there are far too many
//! for several tasks. That nobody waits for ever is checked throughout: it would be a deadlock.

#![allow(clippy::unwrap_used)]

#[path = "../cache.rs"]
// The models need no more of it.
#[allow(dead_code, clippy::duplicate_mod)]
mod cache;
mod server;
mod tasks;

use std::{
    env,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use shuttle::{
    Config, Runner,
    future::{JoinHandle, block_on, yield_now},
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
};

use self::{
    cache::TokenCache,
    server::{LIFE, Server, number},
    tasks::{Id, Pace, advance, spawn_on, time},
};
use super::{
    AuthFailure, Bearer,
    source::{self, Fetched, TokenSource},
    token::{self, Token},
};
use crate::{
    Clock, RetryPolicy,
    clock::SharedClock,
    http::retry::{Retries, budget::RetryBudget},
};

/// How many orders of each kind are tried: `LOGTO_MODEL_ORDERS` says otherwise.
const ORDERS: usize = 500;
const FIRST: Id = Id(0);
const SECOND: Id = Id(1);

struct ModelClock;

impl Clock for ModelClock {
    fn now(&self) -> Instant {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        *START + time()
    }

    fn random(&self) -> f64 {
        0.5
    }
}

fn cache(server: &Server) -> Arc<TokenCache> {
    let retries = Retries {
        policy: RetryPolicy::never(),
        budget: Arc::new(RetryBudget::new(0)),
        clock: SharedClock(Arc::new(ModelClock)),
    };
    Arc::new(TokenCache::new(server.clone(), retries))
}

/// Tries the model in many orders; which one failed is printed, for `shuttle::replay`.
fn check<F: Future<Output = ()>>(model: impl Fn() -> F + Send + Sync + Copy + 'static) {
    let run = |scheduler: Box<dyn Scheduler + Send>| {
        let mut config = Config::new();
        config.stack_size = 512 * 1024;
        Runner::new(scheduler, config).run(move || {
            tasks::reset();
            block_on(model());
            tasks::reset();
        });
    };
    let orders = env::var("LOGTO_MODEL_ORDERS").map_or(ORDERS, |orders| orders.parse().unwrap());
    run(Box::new(RandomScheduler::new(orders)));
    run(Box::new(PctScheduler::new(3, orders)));
}

type Call = JoinHandle<Result<Token, AuthFailure>>;

/// A call that needs a token, on this runtime.
fn call(cache: &Arc<TokenCache>, runtime: Id) -> Call {
    let cache = cache.clone();
    spawn_on(runtime, async move { cache.token().await })
}

/// Does this with the cache at once, on each of these runtimes, to the end.
async fn at_once<const N: usize, F: Future<Output = ()> + Send + 'static>(
    cache: &Arc<TokenCache>,
    runtimes: [Id; N],
    work: impl Fn(Arc<TokenCache>) -> F,
) {
    for task in runtimes.map(|runtime| spawn_on(runtime, work(cache.clone()))) {
        task.await.unwrap();
    }
}

async fn token(call: Call) -> Token {
    call.await.unwrap().ok().unwrap()
}

#[test]
fn calls_share_one_fetch() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        for call in [FIRST; 4].map(|runtime| call(&cache, runtime)) {
            assert_eq!(number(&token(call).await), 0);
        }
        assert_eq!(server.fetches(), 1);
    });
}

#[test]
fn a_token_is_used_until_its_end_and_no_longer() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        let calls = [FIRST; 3].map(|runtime| {
            let (cache, server) = (cache.clone(), server.clone());
            spawn_on(runtime, async move {
                for _ in 0..2 {
                    let (begun, used) = (time(), server.used());
                    let token = cache.token().await.ok().unwrap();
                    server.note_use(&token);
                    // One that has just come may have taken its time.
                    let end = server.asked_at(&token) + LIFE - Duration::from_secs(10);
                    assert!(begun < end || !used.contains(&number(&token)), "it was over");
                }
            })
        });
        // A fetch would be given up after 120 s.
        for _ in 0..2 {
            advance(Duration::from_secs(50));
            yield_now().await;
        }
        for call in calls {
            call.await.unwrap();
        }
        // With a token that lasts, calls and renewals end.
        let last = token(call(&cache, FIRST)).await;
        assert!(time() < server.asked_at(&last) + LIFE);
    });
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        at_once(&cache, [FIRST, FIRST, SECOND], |cache| async move {
            let first = cache.token().await.ok().unwrap();
            if number(&first) == 0 {
                assert!(cache.discard(&first.bearer));
                let second = cache.token().await.ok().unwrap();
                assert_ne!(number(&second), 0, "the refused token is given again");
            }
        })
        .await;
        // Each runtime may have fetched one at first.
        assert!((2..=4).contains(&server.fetches()), "{} fetches", server.fetches());
    });
}

#[test]
fn on_one_runtime_a_token_that_is_refused_costs_one_fetch() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        at_once(&cache, [FIRST; 3], |cache| async move {
            let token = cache.token().await.ok().unwrap();
            if number(&token) == 0 {
                cache.discard(&token.bearer);
                assert_eq!(number(&cache.token().await.ok().unwrap()), 1);
            }
        })
        .await;
        assert_eq!(server.fetches(), 2);
    });
}

#[test]
fn an_api_that_refuses_every_token_gets_two() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        at_once(&cache, [FIRST; 3], |cache| async move {
            for _ in 0..3 {
                let token = cache.token().await.ok().unwrap();
                cache.discard(&token.bearer);
            }
        })
        .await;
        assert_eq!(server.fetches(), 2);
    });
}

#[test]
fn an_endpoint_that_fails_is_asked_twice() {
    check(|| async {
        let server = Server::failing(usize::MAX);
        let cache = cache(&server);
        at_once(&cache, [FIRST; 3], |cache| async move {
            for _ in 0..2 {
                assert!(cache.token().await.is_err());
            }
        })
        .await;
        assert_eq!(server.fetches(), 2);
    });
}

#[test]
fn who_joins_a_fetch_that_fails_gets_another() {
    check(|| async {
        let server = Server::failing(1);
        let cache = cache(&server);
        let mut failures = 0;
        for call in [FIRST; 4].map(|runtime| call(&cache, runtime)) {
            failures += usize::from(call.await.unwrap().is_err());
        }
        assert!(failures <= 1, "at most the call that began the fetch fails with it");
        assert_eq!(server.fetches(), 2);
    });
}

#[test]
fn a_call_that_is_dropped_takes_nothing_from_others() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        let [first, second, third] = [FIRST; 3].map(|runtime| call(&cache, runtime));
        first.abort();
        second.abort();
        assert_eq!(number(&token(third).await), 0);
        for call in [first, second] {
            // It may have been done before.
            assert!(call.await.is_err() || server.fetches() == 1);
        }
        assert_eq!(server.fetches(), 1);
    });
}

#[test]
fn runtimes_fetch_for_themselves_and_keep_the_newest() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        let calls = [FIRST, SECOND, FIRST, SECOND].map(|runtime| call(&cache, runtime));
        advance(Duration::from_secs(5));
        for call in calls {
            token(call).await;
        }
        assert!(server.fetches() <= 2);
        let (newest, kept) = (server.newest(), token(call(&cache, FIRST)).await);
        assert_eq!(server.asked_at(&kept), newest);
    });
}

#[test]
fn nobody_waits_for_a_runtime_that_idles() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        tasks::set_pace(FIRST, Pace::Idles);
        let waiting = call(&cache, FIRST);
        for call in [SECOND; 2].map(|runtime| call(&cache, runtime)) {
            assert_eq!(number(&token(call).await), 0);
        }
        // When it runs again, the task that it had is given up in the end.
        tasks::set_pace(FIRST, Pace::Runs);
        advance(Duration::from_secs(120));
        assert!(number(&token(waiting).await) <= 1);
    });
}

#[test]
fn calls_outlive_a_runtime_that_takes_their_fetch_along() {
    check(|| async {
        let server = Server::default();
        let cache = cache(&server);
        tasks::set_pace(FIRST, Pace::Ends);
        let calls = [FIRST, SECOND, FIRST].map(|runtime| call(&cache, runtime));
        yield_now().await;
        tasks::set_pace(FIRST, Pace::Runs);
        let mut failures = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(token) => assert!(number(&token) <= 1),
                Err(failure) => failures += usize::from(failure.problem.contains("runtime")),
            }
        }
        // A call begins anew only so often.
        assert!(failures <= 2);
        assert!(number(&token(call(&cache, FIRST)).await) <= 1);
    });
}
