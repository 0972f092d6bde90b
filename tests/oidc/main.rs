//! Makes every recorded step of OpenID Connect flows that the crate can make, through its public
//! API, against a server that answers with the recorded bytes: what is sent, and what is made of
//! the answer.
//!
//! Reads every `*.jsonl` in the folder that `LOGTO_OIDC_FLOWS` names, with its `jwks.json`; by
//! default `tests/oidc/flows/`. `LOGTO_OIDC_REFUSALS=1` lists what is said of each refusal.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

#[path = "../support/compare.rs"]
#[allow(dead_code)]
mod compare;
#[path = "../support/exchange.rs"]
#[allow(dead_code)]
mod exchange;
#[path = "../support/input.rs"]
#[allow(dead_code)]
mod input;

mod api;
mod browser;
mod desk;
mod judge;
mod others;
mod step;
mod token;

/// Calls by `operationId`, generated from the contract.
#[allow(deprecated, reason = "as the contract has them")]
mod calls {
    use super::input::{Called, Input};
    include!(concat!(env!("OUT_DIR"), "/calls.rs"));
}

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use desk::Desk;
use step::Step;

/// What became of a step.
pub enum Made {
    /// What differs in the request, and what is wrong with what was made of the answer.
    Tried { request: Vec<String>, answer: Vec<String> },
    /// Why the crate cannot make it.
    NotExpressible(String),
}

impl Made {
    pub fn not(why: &str) -> Self {
        Self::NotExpressible(why.to_owned())
    }
}

#[derive(Default)]
struct Report {
    steps: usize,
    equal: usize,
    read: usize,
    not_expressible: usize,
    failed: usize,
    /// How often each reason was given.
    reasons: BTreeMap<String, usize>,
}

#[tokio::test]
async fn every_recorded_step_passes() {
    let flows = step::read(&folder());
    let desk = Desk::open(&folder()).await;
    let mut report = Report::default();
    for step in &flows {
        let made = make(&desk, step).await;
        report.count(step, made);
    }
    say(&format!(
        "oidc: {} steps, {} equal, {} read, {} not expressible, {} failed",
        report.steps, report.equal, report.read, report.not_expressible, report.failed
    ));
    for (reason, times) in &report.reasons {
        say(&format!("  {times} not expressible: {reason}"));
    }
    assert!(report.steps > 0, "there is nothing to make in {}", folder().display());
    assert_eq!(report.failed, 0, "see the steps listed above");
}

impl Report {
    fn count(&mut self, step: &Step, made: Made) {
        self.steps += 1;
        let (request, answer) = match made {
            Made::NotExpressible(reason) => {
                self.not_expressible += 1;
                *self.reasons.entry(reason).or_default() += 1;
                return;
            }
            Made::Tried { request, answer } => (request, answer),
        };
        self.equal += usize::from(request.is_empty());
        self.read += usize::from(answer.is_empty());
        self.failed += usize::from(!(request.is_empty() && answer.is_empty()));
        for problem in request.iter().chain(&answer) {
            say(&format!("{}: {problem}", step.place()));
        }
    }
}

async fn make(desk: &Desk, step: &Step) -> Made {
    if let Some(reason) = others::not_for_the_crate(step) {
        return Made::not(reason);
    }
    match (step.method.as_str(), step.path.as_str()) {
        ("POST", "/oidc/token") => token::make(desk, step).await,
        ("POST", "/oidc/token/revocation") => others::revocation(desk, step).await,
        ("GET", "/oidc/me") => others::user_info(desk, step).await,
        ("GET", "/oidc/jwks") => others::keys(desk, step).await,
        ("GET", "/oidc/.well-known/openid-configuration") => others::metadata(desk, step).await,
        ("GET", "/oidc/auth") => browser::authorize(desk, step).await,
        ("GET", "/oidc/session/end") => browser::end_session(desk, step).await,
        ("POST", "/oidc/session/end/confirm") => browser::confirm(desk, step).await,
        (_, "/api/interaction/consent") => browser::consent(desk, step).await,
        ("GET", path) if path == "/consent" || path.starts_with("/oidc/auth/") => {
            browser::redirect(desk, step).await
        }
        (_, path) if path.starts_with("/api/") => api::make(desk, step).await,
        _ => Made::not("no part of what the crate does: a request that no application makes"),
    }
}

fn folder() -> PathBuf {
    match std::env::var_os("LOGTO_OIDC_FLOWS") {
        Some(folder) => folder.into(),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oidc/flows").into(),
    }
}

/// Past the test harness, which would keep it from a passing test's reader.
pub fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output");
}
