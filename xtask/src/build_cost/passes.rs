//! Where the compiler's time for the library goes, by the passes that it reports.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Shares of the whole, by phase.
pub(super) type Phases = Vec<(String, f64)>;

/// A line of the compiler's, of which the rest is not read.
#[derive(Deserialize)]
struct Pass {
    pass: String,
    /// Seconds on the clock; passes run one after the other.
    time: f64,
}

const TOTAL: &str = "total";
const REST: &str = "the rest";

/// A phase: the passes that it consists of, and those of other phases that run within them.
struct Phase {
    name: &'static str,
    passes: &'static [&'static str],
    without: &'static [&'static str],
}

const fn phase(
    name: &'static str,
    passes: &'static [&'static str],
    without: &'static [&'static str],
) -> Phase {
    Phase { name, passes, without }
}

const MONOMORPHISATION: &[&str] =
    &["monomorphization_collector_graph_walk", "partition_and_assert_distinct_symbols"];
const TO_LLVM: &[&str] = &["codegen_to_LLVM_IR"];

const PHASES: [Phase; 9] = [
    phase(
        "parsing, macros, names",
        &["parse_crate", "macro_expand_crate", "resolve_crate", "misc_checking_1"],
        &[],
    ),
    phase("type check", &["type_check_crate"], &[]),
    phase("borrow check", &["MIR_borrow_checking", "MIR_effect_checking"], &[]),
    phase("privacy, dead code, lints", &["misc_checking_2", "misc_checking_3"], &[]),
    phase("monomorphisation", MONOMORPHISATION, &[]),
    phase("MIR passes, metadata", &["generate_crate_metadata"], MONOMORPHISATION),
    phase("codegen to LLVM IR", TO_LLVM, &[]),
    phase("LLVM", &["codegen_crate", "finish_ongoing_codegen"], TO_LLVM),
    phase("archive", &["link"], &[]),
];

/// Reads the passes of a run of the compiler.
pub(super) fn read(file: &Path) -> Result<Phases> {
    parse(&fs::read_to_string(file)?)
}

fn parse(text: &str) -> Result<Phases> {
    let mut times = BTreeMap::<String, f64>::new();
    for line in text.lines() {
        let Pass { pass, time } = serde_json::from_str(line).with_context(|| line.to_owned())?;
        *times.entry(pass).or_default() += time;
    }
    let total = *times.get(TOTAL).context("the compiler does not say what it took in all")?;
    let sum = |passes: &[&str]| -> f64 { passes.iter().filter_map(|pass| times.get(*pass)).sum() };
    let share = |phase: &Phase| (sum(phase.passes) - sum(phase.without)).max(0.0) / total;
    let mut phases: Phases =
        PHASES.iter().map(|phase| (phase.name.to_owned(), share(phase))).collect();
    let known: f64 = phases.iter().map(|(_, share)| share).sum();
    phases.push((REST.to_owned(), (1.0 - known).max(0.0)));
    Ok(phases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn said(passes: &[(&str, f64)]) -> String {
        let line = |(pass, time): &(&str, f64)| {
            format!("{{\"pass\":{pass:?},\"time\":{time},\"rss_start\":1,\"rss_end\":2}}\n")
        };
        passes.iter().map(line).collect()
    }

    #[test]
    fn a_pass_within_another_is_counted_once() {
        let phases = parse(&said(&[
            ("coherence_checking", 1.0),
            ("type_check_crate", 3.0),
            ("monomorphization_collector_graph_walk", 1.0),
            ("generate_crate_metadata", 2.0),
            ("codegen_to_LLVM_IR", 1.0),
            ("codegen_crate", 3.0),
            ("total", 10.0),
        ]));
        let phases: BTreeMap<_, _> = phases.unwrap().into_iter().collect();
        for (name, share) in [
            ("type check", 0.3),
            ("monomorphisation", 0.1),
            ("MIR passes, metadata", 0.1),
            ("codegen to LLVM IR", 0.1),
            ("LLVM", 0.2),
            (REST, 0.2),
        ] {
            assert!((phases[name] - share).abs() < 1e-9, "{name}: {phases:?}");
        }
    }

    #[test]
    fn a_run_that_did_not_end_has_no_shares() {
        assert!(parse(&said(&[("type_check_crate", 3.0)])).is_err());
        assert!(parse("warning: something else").is_err());
    }
}
