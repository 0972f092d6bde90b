//! Thousands of calls of many tenants and users over one pool of connections, while tokens expire,
//! calls are dropped and everything goes wrong on the wire: nothing is lost, done twice, mixed up,
//! stuck or leaked, by the server's own count.
//!
//! `cargo test` makes 2,000 calls. `cargo xtask soak --calls 1000000` makes as many as you like; it
//! sets `LOGTO_SOAK_CALLS` and `LOGTO_SOAK_SEED`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(all(feature = "sign-in", feature = "users"))]

mod answers;
mod calls;
#[path = "../faults/fault.rs"]
mod fault;
mod gauge;
#[path = "../support/issuer.rs"]
mod issuer;
mod judge;
mod report;
mod server;
mod sessions;
mod tenants;
mod wire;
mod world;

use std::{env, sync::Arc};

use fastrand::Rng;
use tokio::{runtime, sync::Mutex};

use calls::{Calls, Record};
use gauge::Gauge;
use report::Report;
use server::Server;
use tenants::{Tenants, User};

/// After each, what is left of it is measured.
const ROUNDS: u64 = 7;
/// How many calls are made at the same time.
const WORKERS: u64 = 128;

#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) calls: u64,
    pub(crate) seed: u64,
}

impl Settings {
    fn of_environment() -> Self {
        let number = |name: &str| {
            let text = env::var(name).ok()?;
            Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
        };
        Self {
            calls: number("LOGTO_SOAK_CALLS").unwrap_or(2_000),
            seed: number("LOGTO_SOAK_SEED").unwrap_or_else(|| fastrand::u64(..)),
        }
    }
}

#[test]
fn nothing_is_lost_or_doubled_or_leaked() {
    let settings = Settings::of_environment();
    let server = Server::start(settings.seed);
    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let report = runtime.block_on(soak(settings, &server));
    report.print();
    assert!(report.is_clean(), "the soak has found something, with the seed {}", settings.seed);
}

async fn soak(settings: Settings, server: &Server) -> Report {
    let tenants = Arc::new(Tenants::new(server.port));
    let users: Arc<Vec<Mutex<User>>> = Arc::new(tenants.users());
    let mut report = Report::new(settings);
    let mut dice = Rng::with_seed(settings.seed);
    for round in 0..ROUNDS {
        let operations = settings.calls * round / ROUNDS..settings.calls * (round + 1) / ROUNDS;
        let calls = Arc::new(Calls::new(tenants.clone(), users.clone(), operations));
        let workers: Vec<_> =
            (0..WORKERS).map(|_| tokio::spawn(calls.clone().work(dice.fork()))).collect();
        for worker in workers {
            let records: Vec<Record> = worker.await.unwrap();
            report.records(records);
        }
        drop(calls);
        tenants.forget_runtimes().await;
        report.unsettled(server.settled().await);
        report.judge(server);
        report.measure(Gauge::read().await);
    }
    server.calm();
    for outcome in tenants.probe().await {
        report.probe(outcome);
    }
    drop((tenants, users));
    report.unsettled(server.settled().await);
    report.end(Gauge::read().await);
    report
}
