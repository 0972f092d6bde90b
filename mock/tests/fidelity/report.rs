//! What came of the replays.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use serde_json::Value;

use crate::{contract, exchange::Exchange, shape, world::Reply};

pub(crate) struct Verdict {
    status: bool,
    shape: bool,
    problems: Vec<String>,
}

impl Verdict {
    pub(crate) fn of(exchange: &Exchange, reply: &Reply) -> Self {
        let code = reply.body["code"].as_str();
        let status = reply.status == exchange.status && code == exchange.code();
        let mut problems = Vec::new();
        if !status {
            problems.push(format!(
                "{} {} and not {} {}",
                reply.status,
                code.unwrap_or_default(),
                exchange.status,
                exchange.code().unwrap_or_default()
            ));
        }
        let schema = contract::answer(&exchange.method, &exchange.template, exchange.status);
        let differences = shape::differences(schema, &exchange.response_body, &reply.body);
        let kinds = exchange.response_body.is_null() == reply.body.is_null();
        if status && !kinds {
            problems.push("a body where there is none, or none where there is one".into());
        }
        let shape = status && kinds && differences.is_empty();
        if status {
            problems.extend(differences);
        }
        Self { status, shape, problems }
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
        self.count(exchange.group(), verdict.status, verdict.shape);
        for problem in verdict.problems {
            let Exchange { place, operation, method, path, request_body, .. } = exchange;
            let body: String = match request_body {
                Value::Null => String::new(),
                body => body.to_string().chars().take(160).collect(),
            };
            let _ =
                writeln!(self.failures, "{operation}\t{method} {path}\t{problem}\t{body}\t{place}");
        }
    }

    pub(crate) fn count(&mut self, group: &str, status: bool, shape: bool) {
        let count = self.groups.entry(group.to_owned()).or_default();
        count.all += 1;
        count.status += usize::from(status);
        count.shape += usize::from(shape);
    }

    pub(crate) fn print(&self) {
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
        if let Some(file) = std::env::var_os("FIDELITY_FAILURES") {
            std::fs::write(file, &self.failures).unwrap();
        }
    }

    pub(crate) fn percentages(&self) -> (f64, f64) {
        let sum = |of: fn(&Count) -> usize| self.groups.values().map(of).sum::<usize>() as f64;
        let all = sum(|count| count.all).max(1.0);
        (sum(|count| count.status) * 100.0 / all, sum(|count| count.shape) * 100.0 / all)
    }
}
