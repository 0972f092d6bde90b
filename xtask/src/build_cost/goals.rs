//! What the crate is to cost, and whether it does.

use super::Figures;
use super::alone::{BUILDERS, Compiled};
use super::measure::Measured;
use super::programs::BARE;

/// A ratio that is to be reached.
#[derive(Debug, PartialEq)]
pub(super) struct Goal {
    pub(super) what: &'static str,
    pub(super) measured: f64,
    pub(super) limit: f64,
}

impl Goal {
    pub(super) fn is_met(&self) -> bool {
        self.measured <= self.limit
    }
}

/// The goals of which there are figures.
pub(super) fn judge(figures: &Figures) -> Vec<Goal> {
    let cold = |one: &Measured| one.cold.cpu;
    let ratio = |name: &str, of: &dyn Fn(&Measured) -> f64| {
        Some(of(figures.programs.get(name)?) / of(figures.programs.get(BARE)?))
    };
    let alone = |of: &dyn Fn(&Compiled) -> f64| {
        let alone = figures.alone.as_ref()?;
        Some(of(&alone.ours) / of(alone.naive.get(BUILDERS)?))
    };
    let limit = if figures.release { 0.25 } else { 0.20 };
    let binary = |one: &Measured| one.binary as f64;
    let goals = [
        ("the package alone: CPU, next to progenitor's builders", alone(&|one| one.cpu), limit),
        (
            "the package alone: memory, next to progenitor's builders",
            alone(&|one| one.peak as f64),
            limit,
        ),
        ("the default features, from cold", ratio("default", &cold), 1.35),
        ("`users`, from cold", ratio("users", &cold), 1.2),
        ("`webhooks`, from cold", ratio("webhooks", &cold), 0.5),
        (
            "the default features, after a change of `main.rs`",
            ratio("default", &|one| one.main_changed.cpu),
            1.2,
        ),
        (
            "the stripped executable with the default features",
            ratio("default", &binary).filter(|_| figures.release),
            1.15,
        ),
    ];
    goals
        .into_iter()
        .filter_map(|(what, measured, limit)| Some(Goal { what, measured: measured?, limit }))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn figures(release: bool) -> Figures {
        let program = |cpu: f64, changed: f64, binary: u64| {
            let cost = |cpu: f64| json!({"cpu": cpu, "wall": 1.0});
            json!({
                "cold": cost(cpu), "check": cost(1.0), "check_changed": cost(1.0),
                "main_changed": cost(changed), "crate_changed": cost(1.0),
                "peak": 1, "binary": binary, "rlib": 1, "crates": [],
            })
        };
        let compiled = |cpu: f64, peak: u64| json!({"cpu": cpu, "peak": peak, "lines": 1, "operations": 1, "left_out": 0});
        serde_json::from_value(json!({
            "release": release,
            "programs": {"bare": program(100.0, 1.0, 100), "default": program(150.0, 1.1, 120)},
            "alone": {
                "ours": compiled(22.0, 3), "naive": {BUILDERS: compiled(100.0, 20)},
                "script_compiled": 1.0, "script_run": 1.0, "phases": [],
            },
        }))
        .unwrap()
    }

    fn met(release: bool) -> Vec<(f64, bool)> {
        judge(&figures(release)).iter().map(|goal| (goal.measured, goal.is_met())).collect()
    }

    #[test]
    fn ratios_are_held_against_the_limits_of_their_profile() {
        let memory = 3.0 / 20.0;
        assert_eq!(met(false), [(0.22, false), (memory, true), (1.5, false), (1.1, true)]);
        assert_eq!(
            met(true),
            [(0.22, true), (memory, true), (1.5, false), (1.1, true), (1.2, false)]
        );
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        let mut figures = figures(true);
        figures.programs.remove(BARE);
        figures.alone = None;
        assert_eq!(judge(&figures), []);
    }
}
