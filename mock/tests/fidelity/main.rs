//! How near the mock is to a real Logto: replays recorded exchanges and conversations on it,
//! and compares status, code and shape (fields and their types).
//!
//! ```text
//! cargo test -p logto-mock --test fidelity -- --nocapture
//! LOGTO_RECORDINGS=folder cargo test -p logto-mock --test fidelity -- --nocapture
//! LOGTO_FLOWS=file:file cargo test -p logto-mock --test fidelity -- --nocapture
//! ```
//!
//! `LOGTO_RECORDINGS` names a folder of `*.jsonl` files of exchanges, `LOGTO_RELEASE` the release that
//! they are of, `FIDELITY_FAILURES` a file to which each difference is written. `LOGTO_FLOWS` names
//! files of whole conversations and of OpenID Connect flows, whose differences are written to the
//! file that `FLOW_FAILURES` names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod authenticator;
mod bearer;
mod codes;
#[path = "../common/mod.rs"]
mod common;
mod contract;
mod exchange;
mod flows;
mod hooks;
mod identities;
mod interaction;
mod known;
mod logs;
mod proofs;
mod report;
mod scene;
mod server;
mod shape;
mod stage;
mod tenant;
mod world;

use std::path::{Path, PathBuf};

use exchange::Exchange;
use known::Known;
use report::{Report, Verdict};
use world::World;

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/recordings");

/// What part of the exchanges that travel with the project must be right, in percent: status and
/// code, and shape. Raise them when the mock gets better.
const FLOOR: (f64, f64) = (99.4, 97.8);

/// Whole sign-ins and OpenID Connect, and the release that they are of if it is an older one.
const FLOWS: [(&str, Option<&str>); 3] = [
    (concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conversations/experience.jsonl"), None),
    (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fidelity/flows.jsonl"), None),
    (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fidelity/flows-1.30.jsonl"), Some("1.30.1")),
];
/// As [`FLOOR`], of flows.
const FLOW_FLOOR: (f64, f64) = (99.5, 98.7);

#[tokio::test]
async fn recorded_exchanges() {
    let folder = std::env::var_os("LOGTO_RECORDINGS").map(PathBuf::from);
    let mut report = Report::default();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.as_deref().unwrap_or(Path::new(RECORDED)))
            .expect("a folder of recordings")
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
            .collect();
    files.sort();
    let mut exchanges: Vec<Vec<Exchange>> = files.iter().map(|file| exchange::read(file)).collect();
    exchange::order(&mut exchanges);
    let known = Known::of(exchanges.iter().flatten());
    for file in &exchanges {
        replay(file, &known, &mut report).await;
    }
    report.print("FIDELITY_FAILURES");
    let (status, shape) = report.percentages();
    assert!(
        folder.is_some() || status >= FLOOR.0 && shape >= FLOOR.1,
        "{status:.1} % and {shape:.1} % are below the floor of {} % and {} %",
        FLOOR.0,
        FLOOR.1
    );
}

/// Each in turn, with what a step gave in the next.
#[tokio::test]
async fn recorded_flows() {
    let own = std::env::var_os("LOGTO_FLOWS");
    let release = std::env::var("LOGTO_RELEASE").ok();
    let files: Vec<(PathBuf, Option<&str>)> = match &own {
        Some(files) => {
            std::env::split_paths(files).map(|file| (file, release.as_deref())).collect()
        }
        None => FLOWS.map(|(file, release)| (file.into(), release)).into(),
    };
    let mut report = Report::default();
    for (file, release) in &files {
        flows::replay(file, *release, &mut report).await;
    }
    report.print("FLOW_FAILURES");
    let (status, shape) = report.percentages();
    assert!(
        own.is_some() || status >= FLOW_FLOOR.0 && shape >= FLOW_FLOOR.1,
        "{status:.1} % and {shape:.1} % are below the floor of {} % and {} %",
        FLOW_FLOOR.0,
        FLOW_FLOOR.1
    );
}

/// Replays a file in order on one mock. What an earlier exchange left behind may stand in the
/// way of a later one, since about half of what happened was not recorded: where the answer
/// differs, the exchange has a second try on a mock that holds only what it needs.
async fn replay(exchanges: &[Exchange], known: &Known, report: &mut Report) {
    let mut world = World::start(known).await;
    for exchange in exchanges {
        let mut verdict = attempt(&mut world, exchange, false).await;
        if !verdict.is_right() {
            let mut fresh = World::start(known).await;
            let second = attempt(&mut fresh, exchange, true).await;
            if second.is_nearer_than(&verdict) {
                verdict = second;
            }
        }
        report.add(exchange, verdict);
    }
}

async fn attempt(world: &mut World<'_>, exchange: &Exchange, is_second: bool) -> Verdict {
    scene::prepare(world, exchange, is_second).await;
    let exchange = &match exchange.group() {
        "experience" => interaction::prepare(world, exchange).await,
        "my-account" | "verifications" => account::prepare(world, exchange).await,
        "hooks" => hooks::prepare(world, exchange).await,
        "users" => identities::prepare(world, exchange).await,
        "one-time-tokens" | "verification-codes" => codes::prepare(world, exchange).await,
        _ => exchange.clone(),
    };
    if exchange.group() == "logs" && exchange.succeeded() {
        logs::prepare(world, exchange).await;
    }
    let reply = world.replay(exchange).await;
    let reply = scene::complete(world, exchange, reply, is_second).await;
    world.learn(exchange, &reply);
    Verdict::of(exchange, &reply)
}
