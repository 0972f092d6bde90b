//! Calls every recorded operation of a real Logto through the public API, and
//! checks both directions: what is sent, and what is made of the answer.
//!
//! Reads every `*.jsonl` in the folder that `LOGTO_RECORDINGS` names, by default
//! `tests/recordings/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "recordings/canaries.rs"]
mod canaries;
#[path = "support/compare.rs"]
mod compare;
#[path = "support/exchange.rs"]
mod exchange;
#[path = "support/input.rs"]
mod input;
#[path = "support/replay.rs"]
mod replay;

/// Calls by `operationId`, generated from the contract.
#[allow(deprecated, reason = "as the contract has them")]
mod calls {
    use super::input::{Called, Input};
    include!(concat!(env!("OUT_DIR"), "/calls.rs"));
}

use std::io::Write;
use std::path::PathBuf;

use compare::Difference;
use exchange::Exchange;
use input::{Input, NotExpressible};
use logto_api::{Client, Error};
use replay::Replay;
use serde_json::Value;

#[derive(Default)]
struct Report {
    exchanges: usize,
    requests_equal: usize,
    not_expressible: usize,
    answers_right: usize,
    lossless: usize,
    failed: usize,
}

#[tokio::test]
async fn every_recorded_exchange_passes() {
    let server = Replay::start().await;
    let client = server.client();
    let mut report = Report::default();
    for exchange in exchange::read(&folder()) {
        let problems = check(&server, &client, &exchange, &mut report).await;
        report.exchanges += 1;
        report.failed += usize::from(!problems.is_empty());
        for problem in problems {
            say(&format!(
                "{}: {} {}: {problem}",
                exchange.place, exchange.operation, exchange.status
            ));
        }
    }
    say(&format!(
        "recordings: {} exchanges, {} requests equal, {} not expressible, {} answers right, {} lossless, {} failed",
        report.exchanges,
        report.requests_equal,
        report.not_expressible,
        report.answers_right,
        report.lossless,
        report.failed
    ));
    assert!(report.exchanges > 0, "there is nothing to replay in {}", folder().display());
    assert_eq!(report.failed, 0, "see the exchanges listed above");
}

/// Past the test harness, which would keep it from a passing test's reader.
fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output");
}

fn folder() -> PathBuf {
    match std::env::var_os("LOGTO_RECORDINGS") {
        Some(folder) => folder.into(),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings").into(),
    }
}

async fn check(
    server: &Replay,
    client: &Client,
    exchange: &Exchange,
    report: &mut Report,
) -> Vec<String> {
    server.answer_next_with(exchange);
    let input = Input::of(exchange);
    let Some(call) = calls::call(client, &exchange.operation, &input) else {
        return vec!["the contract has no such operation".into()];
    };
    let mut problems = Vec::new();
    let result = match call.await {
        Ok(result) => {
            match server.differences_from(exchange) {
                differences if differences.is_empty() => report.requests_equal += 1,
                differences => problems.extend(differences),
            }
            result
        }
        Err(NotExpressible(why)) => {
            report.not_expressible += 1;
            if exchange.succeeded() {
                problems.push(format!("the request was accepted but cannot be made: {why}"));
            }
            replay::send_as_recorded(client, exchange).await
        }
    };
    let wrong = judge(exchange, result, report);
    problems.extend(wrong);
    problems
}

fn judge(exchange: &Exchange, result: Result<Value, Error>, report: &mut Report) -> Vec<String> {
    match result {
        Ok(decoded) if exchange.succeeded() => {
            report.answers_right += 1;
            let differences = compare::lossless(exchange, &decoded);
            for dropped in differences.iter().filter(|d| d.is_dropped()) {
                say(&format!("{}: {}: {dropped}", exchange.place, exchange.operation));
            }
            let lost: Vec<_> = differences
                .iter()
                .filter(|difference| !difference.is_dropped())
                .map(Difference::to_string)
                .collect();
            report.lossless += usize::from(lost.is_empty());
            lost
        }
        Err(error) if !exchange.succeeded() => {
            let wrong = compare::error(exchange, &error);
            report.answers_right += usize::from(wrong.is_empty());
            wrong
        }
        Ok(_) => vec!["a refusal was taken for a success".into()],
        Err(error) => vec![format!("a success was taken for an error: {error}")],
    }
}
