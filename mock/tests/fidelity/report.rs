//! What came of the replays.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use serde_json::Value;

use crate::{contract, exchange::Exchange, shape, world::Reply};

pub(crate) struct Verdict {
    status: bool,
    shape: bool,
    problems: Vec<String>,
}

/// A status, and a code if there is one.
type Outcome<'a> = (u16, Option<&'a str>);

impl Verdict {
    pub(crate) fn of(exchange: &Exchange, reply: &Reply) -> Self {
        let schema = contract::answer(&exchange.method, &exchange.template, exchange.status);
        let mut differences = shape::differences(schema, &exchange.response_body, &reply.body);
        if exchange.response_body.is_null() != reply.body.is_null() {
            differences.insert(0, "a body where there is none, or none where there is one".into());
        }
        let recorded = (exchange.status, exchange.code());
        Self::new(recorded, (reply.status, reply.body["code"].as_str()), differences)
    }

    /// Differences in shape count where the outcome is the recorded one.
    pub(crate) fn new(recorded: Outcome<'_>, own: Outcome<'_>, differences: Vec<String>) -> Self {
        if recorded != own {
            let told = |outcome: Outcome<'_>| format!("{} {}", outcome.0, outcome.1.unwrap_or(""));
            let problems = vec![format!("{} and not {}", told(own), told(recorded))];
            return Self { status: false, shape: false, problems };
        }
        Self { status: true, shape: differences.is_empty(), problems: differences }
    }

    pub(crate) fn is_right(&self) -> bool {
        self.status && self.shape
    }

    pub(crate) fn is_nearer_than(&self, other: &Self) -> bool {
        let rank = |verdict: &Self| (verdict.status, verdict.shape);
        rank(self) > rank(other)
            || (rank(self) == rank(other) && self.problems.len() < other.problems.len())
    }
}

#[derive(Default)]
struct Count {
    all: usize,
    status: usize,
    shape: usize,
}

#[derive(Default)]
pub(crate) struct Report {
    groups: BTreeMap<String, Count>,
    failures: String,
}

impl Report {
    pub(crate) fn add(&mut self, exchange: &Exchange, verdict: Verdict) {
        let Exchange { place, operation, method, path, request_body, .. } = exchange;
        let body: String = match request_body {
            Value::Null => String::new(),
            body => body.to_string().chars().take(160).collect(),
        };
        let line = format!("{operation}\t{method} {path}\t{body}\t{place}");
        self.judge(exchange.group(), &line, verdict);
    }

    /// Counts a step in its group; a line says which it is if something is wrong.
    pub(crate) fn judge(&mut self, group: &str, line: &str, verdict: Verdict) {
        let count = self.groups.entry(group.to_owned()).or_default();
        count.all += 1;
        count.status += usize::from(verdict.status);
        count.shape += usize::from(verdict.shape);
        for problem in verdict.problems {
            let _ = writeln!(self.failures, "{problem}\t{line}");
        }
    }

    /// Prints the groups; writes what is wrong to the file that this variable names.
    pub(crate) fn print(&self, failures: &str) {
        let mut text = String::new();
        for (group, count) in &self.groups {
            let Count { all, status, shape } = count;
            let _ = writeln!(text, "{group:28} {all:5} {status:5} {shape:5}");
        }
        let (status, shape) = self.percentages();
        let all: usize = self.groups.values().map(|count| count.all).sum();
        let _ = writeln!(
            text,
            "fidelity: {all} replayed, {status:.1} % status and code, {shape:.1} % shape"
        );
        // Past the test harness, which would keep it from a passing test's reader.
        std::io::stdout().write_all(text.as_bytes()).unwrap();
        if let Some(file) = std::env::var_os(failures) {
            std::fs::write(file, &self.failures).unwrap();
        }
    }

    pub(crate) fn percentages(&self) -> (f64, f64) {
        let sum = |of: fn(&Count) -> usize| self.groups.values().map(of).sum::<usize>() as f64;
        let all = sum(|count| count.all).max(1.0);
        (sum(|count| count.status) * 100.0 / all, sum(|count| count.shape) * 100.0 / all)
    }
}
