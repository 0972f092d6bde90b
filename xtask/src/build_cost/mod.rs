//! `cargo xtask build-cost`: what it costs to build the crate, next to programs without it; and the
//! sizes that CI holds it to.

mod alone;
mod compiler;
mod goals;
mod llvm;
mod measure;
mod naive;
mod passes;
mod programs;
mod report;
mod size;
mod written;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use alone::Alone;
pub(crate) use compiler::in_place_of_compiler;
use measure::Measured;
use programs::Program;
use size::Size;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only compare the sizes of what is generated with `xtask/build-limits.toml`; fail where one is
    /// over its limit. It compiles the library once, to count what LLVM is given.
    #[arg(long)]
    check: bool,
    /// As JSON, which `--from` reads.
    #[arg(long)]
    json: bool,
    /// Only these programs, such as `bare,users`; `alone` is the package without dependencies, next
    /// to what progenitor writes for the same contract.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many times; one program after the other, and of each the run of the fewest CPU seconds.
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// In the release profile.
    #[arg(long)]
    release: bool,
    /// Take the figures from these files, such as `dev.json,release.json`, and measure nothing.
    #[arg(long, value_delimiter = ',')]
    from: Vec<PathBuf>,
    /// List what the compiler takes for the dearest crates of each program, too.
    #[arg(long)]
    crates: bool,
    /// Write the table of features in the README, and the tables of docs/build-cost.md.
    #[arg(long)]
    write: bool,
}

/// All figures of one sitting.
#[derive(Serialize, Deserialize)]
struct Figures {
    release: bool,
    /// Of one minute, before and after: others' work makes CPU seconds longer, too.
    #[serde(default)]
    load: (String, String),
    /// By the programs' names.
    programs: BTreeMap<String, Measured>,
    alone: Option<Alone>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        return Size::of_default_features()?.check(llvm::lines()?, &llvm::compiler()?);
    }
    if args.from.is_empty() {
        return say(args, &[measure_all(args)?]);
    }
    let read = |path: &PathBuf| {
        serde_json::from_str(&fs::read_to_string(path)?)
            .with_context(|| format!("{} has no figures", path.display()))
    };
    say(args, &args.from.iter().map(read).collect::<Result<Vec<_>>>()?)
}

fn say(args: &Args, all: &[Figures]) -> Result<()> {
    let size = Size::of_default_features()?;
    for figures in all {
        match args.json {
            true => println!("{}", serde_json::to_string_pretty(figures)?),
            false => print!("{}", report::text(&size, figures)),
        }
        if args.crates {
            report::crates(figures);
        }
    }
    if args.write {
        written::write(&size, all)?;
    }
    Ok(())
}

/// The name of what is measured beside the programs.
const ALONE: &str = "alone";

/// Run by run and not program by program, so that a busy time of the machine is for all of them.
fn measure_all(args: &Args) -> Result<Figures> {
    let names: Vec<_> = programs::ALL.iter().map(|program| program.name).chain([ALONE]).collect();
    for name in &args.only {
        ensure!(names.contains(&name.as_str()), "no program {name}: {}", names.join(", "));
    }
    let is_chosen = |name: &str| args.only.is_empty() || args.only.iter().any(|one| one == name);
    let before = load();
    let mut programs = BTreeMap::<String, Measured>::new();
    for _ in 0..args.runs {
        for program in programs::ALL.iter().filter(|program| is_chosen(program.name)) {
            let measured = measure::measure(program, args.release)?;
            let best = programs.get(program.name);
            if best.is_none_or(|best| measured.cold.cpu < best.cold.cpu) {
                programs.insert(program.name.to_owned(), measured);
            }
        }
    }
    let alone = match is_chosen(ALONE) {
        true => Some(alone::measure(args.release, args.runs)?),
        false => None,
    };
    Ok(Figures { release: args.release, load: (before, load()), programs, alone })
}

/// The load of the last minute, where the system says it.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
