//! `cargo xtask build-cost`: what it costs to build the crate, next to programs without it; and the
//! sizes that CI holds it to.

mod compiler;
mod measure;
mod programs;
mod report;
mod size;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

pub(crate) use compiler::in_place_of_compiler;
use measure::Measured;
use programs::Program;
use size::Size;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only compare the sizes of what is generated with `xtask/build-limits.toml`; fail where one is
    /// over its limit. It compiles nothing.
    #[arg(long)]
    check: bool,
    /// As JSON, which `--from` reads.
    #[arg(long)]
    json: bool,
    /// Only these programs, such as `bare,users`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many times; one program after the other, and of each the run of the fewest CPU seconds.
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// In the release profile.
    #[arg(long)]
    release: bool,
    /// Take the figures from this file and measure nothing.
    #[arg(long)]
    from: Option<PathBuf>,
    /// List what the compiler takes for the dearest crates of each program, too.
    #[arg(long)]
    crates: bool,
    /// Write the table of features in the README.
    #[arg(long)]
    readme: bool,
}

/// All figures of one sitting.
#[derive(Serialize, Deserialize)]
struct Figures {
    release: bool,
    /// By the programs' names.
    programs: BTreeMap<String, Measured>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        return Size::of_default_features()?.check();
    }
    let figures = match &args.from {
        Some(path) => serde_json::from_str(&fs::read_to_string(path)?)
            .with_context(|| format!("{} has no figures", path.display()))?,
        None => measure_all(args)?,
    };
    match args.json {
        true => println!("{}", serde_json::to_string_pretty(&figures)?),
        false => report::table(&Size::of_default_features()?, &figures),
    }
    if args.crates {
        report::crates(&figures);
    }
    if args.readme {
        report::write_readme(&figures)?;
    }
    Ok(())
}

/// Run by run and not program by program, so that a busy time of the machine is for all of them.
fn measure_all(args: &Args) -> Result<Figures> {
    let names: Vec<_> = programs::ALL.iter().map(|program| program.name).collect();
    for name in &args.only {
        ensure!(names.contains(&name.as_str()), "no program {name}: {}", names.join(", "));
    }
    let chosen = |program: &&Program| {
        args.only.is_empty() || args.only.iter().any(|name| name == program.name)
    };
    let mut figures = Figures { release: args.release, programs: BTreeMap::new() };
    for _ in 0..args.runs {
        for program in programs::ALL.iter().filter(chosen) {
            let measured = measure::measure(program, args.release)?;
            let best = figures.programs.get(program.name);
            if best.is_none_or(|best| measured.cold.cpu < best.cold.cpu) {
                figures.programs.insert(program.name.to_owned(), measured);
            }
        }
    }
    Ok(figures)
}
