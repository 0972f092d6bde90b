//! `users().list().page_size(20)` next to the same call by hand: calls a second with 16 in flight,
//! and allocations a call. `cargo bench --bench calls`
//!
//! The rounds of the two alternate, so that what else the machine does falls on both.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench is a program")]

mod support;

use std::{
    fmt,
    sync::{LazyLock, Mutex},
    time::{Duration, Instant},
};

use divan::{AllocProfiler, Bencher, counter::ItemsCount};
use support::{
    clients::Caller,
    median,
    server::{Config, Server, serve_if_asked},
};
use tokio::{
    runtime::{self, Runtime},
    task::JoinSet,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const IN_FLIGHT: usize = 16;
const CALLS_EACH: usize = 25;

static SERVER: LazyLock<Server> =
    LazyLock::new(|| Server::start(Config { total: 69, delay: Duration::ZERO }));

/// How long each batch with 16 in flight took, with whether it was ours.
static BATCHES: Mutex<Vec<(bool, Duration)>> = Mutex::new(Vec::new());

fn main() {
    serve_if_asked();
    divan::main();
    summary();
}

/// One of the rounds of one of the two.
struct Round(usize, Caller);

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

fn rounds(number: usize) -> Vec<Round> {
    let endpoint = &SERVER.endpoint;
    let both =
        |round| [Round(round, Caller::by_hand(endpoint)), Round(round, Caller::ours(endpoint))];
    (1..=number).flat_map(both).collect()
}

/// A runtime of one thread, which is the one whose allocations divan counts; connected.
fn runtime(caller: &Caller) -> Runtime {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(batch(caller));
    runtime
}

/// Several tasks that make one call after the other.
async fn batch(caller: &Caller) {
    let mut tasks = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let caller = caller.clone();
        tasks.spawn(async move {
            for _ in 0..CALLS_EACH {
                caller.call().await;
            }
        });
    }
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap();
    }
}

#[divan::bench(args = rounds(2), sample_count = 200)]
fn one_call(bencher: Bencher<'_, '_>, Round(_, caller): &Round) {
    let runtime = runtime(caller);
    bencher.bench_local(|| runtime.block_on(caller.call()));
}

#[divan::bench(args = rounds(12), sample_count = 5, sample_size = 1)]
fn sixteen_in_flight(bencher: Bencher<'_, '_>, Round(_, caller): &Round) {
    let runtime = runtime(caller);
    bencher.counter(ItemsCount::new(IN_FLIGHT * CALLS_EACH)).bench_local(|| {
        let start = Instant::now();
        runtime.block_on(batch(caller));
        BATCHES.lock().unwrap().push((caller.is_ours(), start.elapsed()));
    });
}

fn summary() {
    let batches = BATCHES.lock().unwrap();
    let per_second = |ours: bool| {
        let times = batches.iter().filter(|batch| batch.0 == ours).map(|batch| batch.1);
        let times: Vec<Duration> = times.collect();
        (!times.is_empty()).then(|| (IN_FLIGHT * CALLS_EACH) as f64 / median(times).as_secs_f64())
    };
    if let (Some(by_hand), Some(ours)) = (per_second(false), per_second(true)) {
        println!("\n{IN_FLIGHT} in flight, medians over all rounds:");
        println!("by hand    {by_hand:7.0} calls/s");
        println!("logto-api  {ours:7.0} calls/s, {:.3} of that", ours / by_hand);
    }
}
