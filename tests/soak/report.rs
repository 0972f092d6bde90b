//! What came of it.

use std::{
    collections::BTreeMap,
    io::Write as _,
    time::{Duration, Instant},
};

use logto_api::Result;

use crate::{
    ROUNDS, Settings,
    calls::{Outcome, Record},
    gauge::Gauge,
    judge::{Kind, Problem, judge},
    server::Server,
    world::Counts,
};

/// How many rounds are compared with as many last ones; before them, what is made once is made.
const COMPARED: usize = 3;
/// By how many bytes memory may differ, and grow with a call.
const NOISE: f64 = 32_768.0;
const GROWTH: f64 = 1.0;
/// How many problems of a kind are shown.
const SHOWN: usize = 5;

pub(crate) struct Report {
    settings: Settings,
    started: Instant,
    elapsed: Duration,
    done: u64,
    failed: u64,
    dropped: u64,
    counts: Counts,
    /// Not judged yet.
    records: Vec<Record>,
    gauges: Vec<Gauge>,
    problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            started: Instant::now(),
            elapsed: Duration::ZERO,
            done: 0,
            failed: 0,
            dropped: 0,
            counts: Counts::default(),
            records: Vec::new(),
            gauges: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(crate) fn records(&mut self, records: Vec<Record>) {
        self.records.extend(records);
    }

    /// Compares what the callers of a round were told with what the server did.
    pub(crate) fn judge(&mut self, server: &Server) {
        let mut world = server.world();
        self.counts = world.counts;
        self.problems.append(&mut world.problems);
        let effects = world.take_effects();
        for record in std::mem::take(&mut self.records) {
            match record.outcome {
                Outcome::Done => self.done += 1,
                Outcome::Dropped => self.dropped += 1,
                _ => self.failed += 1,
            }
            self.problems.extend(judge(&record, &effects));
        }
    }

    /// Connections that stay where nobody uses them.
    pub(crate) fn unsettled(&mut self, connections: usize) {
        if connections > 0 {
            self.found(Kind::Leaked, format!("{connections} connections stay open"));
        }
    }

    /// Takes down what is in use after a round.
    pub(crate) fn measure(&mut self, gauge: Gauge) {
        self.gauges.push(gauge);
    }

    pub(crate) fn probe(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.found(Kind::Unusable, error.to_string());
        }
    }

    /// Judges what is left when all clients are gone, and what has grown.
    pub(crate) fn end(&mut self, gauge: Gauge) {
        self.elapsed = self.started.elapsed();
        if gauge.tasks > 0 {
            self.found(Kind::Leaked, format!("{} tasks outlive all clients", gauge.tasks));
        }
        let tasks = self.least(|gauge| gauge.tasks);
        if tasks.1 > tasks.0 {
            self.found(Kind::Leaked, format!("{} tasks have become {}", tasks.0, tasks.1));
        }
        let bytes = self.least(|gauge| gauge.bytes);
        let calls = self.settings.calls as f64 * COMPARED as f64 / ROUNDS as f64;
        if bytes.1 as f64 > bytes.0 as f64 + NOISE + GROWTH * calls {
            let text = format!("{} bytes have become {} in {calls} calls", bytes.0, bytes.1);
            self.found(Kind::Leaked, text);
        }
        if self.counts.tokens > self.settings.calls {
            let text = format!("{} token requests", self.counts.tokens);
            self.found(Kind::Flooded, text);
        }
        if self.done * 2 < self.settings.calls {
            self.found(Kind::Hollow, format!("{} calls succeeded", self.done));
        }
    }

    /// The least of what is in use after the first rounds that are compared, and after the last.
    fn least(&self, part: impl Fn(&Gauge) -> usize) -> (usize, usize) {
        let (first, last) = self.gauges[1..].split_at(COMPARED);
        let least = |gauges: &[Gauge]| gauges.iter().map(&part).min().unwrap();
        (least(first), least(last))
    }

    fn found(&mut self, kind: Kind, text: String) {
        self.problems.push(Problem::new(kind, text));
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Past the test harness, which would keep it from a passing test's reader.
    pub(crate) fn print(&self) {
        let mut out = std::io::stdout().lock();
        let mut say = |line: String| writeln!(out, "{line}").unwrap();
        let (Settings { calls, seed }, counts) = (self.settings, self.counts);
        let rate = calls as f64 / self.elapsed.as_secs_f64();
        say(format!("soak: {calls} calls in {:.1?} ({rate:.0}/s), seed {seed}", self.elapsed));
        say(format!(
            "  told: {} done, {} failed, {} dropped by their callers",
            self.done, self.failed, self.dropped
        ));
        say(format!(
            "  server: {} requests, {} faults, {} of them after it acted; {} token requests, {} \
             renewals, {} of them too late",
            counts.requests,
            counts.faults,
            counts.acted,
            counts.tokens,
            counts.renewals,
            counts.ended
        ));
        let kilobytes: Vec<_> = self.gauges.iter().map(|gauge| gauge.bytes / 1024).collect();
        let tasks: Vec<_> = self.gauges.iter().map(|gauge| gauge.tasks).collect();
        say(format!("  in use after each round: {kilobytes:?} KiB, {tasks:?} tasks"));
        let mut kinds: BTreeMap<Kind, Vec<&Problem>> = BTreeMap::new();
        for problem in &self.problems {
            kinds.entry(problem.kind).or_default().push(problem);
        }
        if kinds.is_empty() {
            say("  nothing lost, doubled, untold, mixed up, stuck or leaked".to_owned());
        }
        for (kind, problems) in kinds {
            say(format!("  {} {kind:?}:", problems.len()));
            problems.iter().take(SHOWN).for_each(|problem| say(format!("    {problem}")));
        }
    }
}
