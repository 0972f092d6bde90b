//! Instructions a call of `users().list().page_size(20)` next to the same call by hand, counted by
//! callgrind, which must be installed. `cargo bench --bench instructions`
//!
//! What a process does before and after its calls is the same however many they are: the
//! difference between many calls and few is what calls cost. The server is a process of its own.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench is a program")]

#[path = "support/callgrind.rs"]
mod callgrind;
mod support;

use std::{env, process::exit, time::Duration};

use support::{
    clients::Caller,
    is_asked_for, median,
    server::{Config, Server, serve_if_asked},
};
use tokio::runtime;

/// Runs of each of the two: a socket is not always read in as many pieces.
const ROUNDS: usize = 3;
const FEW: u64 = 200;
const MANY: u64 = 1_200;

/// What is saved by checking a body for UTF-8 once pays for all that a call does besides.
const LIMIT: f64 = 0.92;

const ROLE: &str = "LOGTO_BENCH_CALLS";

fn main() {
    serve_if_asked();
    call_if_asked();
    if !is_asked_for() || !callgrind::is_there() {
        return;
    }
    let server = Server::start(Config { total: 69, delay: Duration::ZERO });
    let (mut by_hand, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        by_hand.push(per_call("by-hand", &server.endpoint));
        ours.push(per_call("ours", &server.endpoint));
    }
    println!("instructions a call, each of {ROUNDS} rounds:");
    println!("by hand    {by_hand:?}");
    println!("logto-api  {ours:?}");
    let ratio = median(ours) as f64 / median(by_hand) as f64;
    println!("ratio of the medians: {ratio:.4} (limit {LIMIT})");
    drop(server);
    exit(i32::from(ratio > LIMIT));
}

fn per_call(caller: &str, endpoint: &str) -> u64 {
    (instructions(caller, endpoint, MANY) - instructions(caller, endpoint, FEW)) / (MANY - FEW)
}

/// All instructions of a process that makes so many calls.
fn instructions(caller: &str, endpoint: &str, calls: u64) -> u64 {
    let role = format!("{caller} {calls} {endpoint}");
    callgrind::instructions(&format!("{caller}.{calls}"), ROLE, &role)
}

/// Is this process the one that is counted, it makes its calls and never returns.
fn call_if_asked() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let [caller, calls, endpoint] = role.split(' ').collect::<Vec<_>>()[..] else {
        exit(2);
    };
    let caller = match caller {
        "ours" => Caller::ours(endpoint),
        _ => Caller::by_hand(endpoint),
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..calls.parse().unwrap() {
            caller.call().await;
        }
    });
    exit(0);
}
