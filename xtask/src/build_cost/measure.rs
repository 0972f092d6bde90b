//! Builds a program from cold, and after changes, and reads what that took.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::programs::Program;
use crate::vendor::workspace;

/// What one run of Cargo took, in seconds.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// Of all processes.
    pub(super) cpu: f64,
    pub(super) wall: f64,
}

/// What a program costs.
pub(super) struct Measured {
    pub(super) cold: Cost,
    /// `cargo check` from cold.
    pub(super) check: Cost,
    pub(super) main_changed: Cost,
    pub(super) crate_changed: Cost,
    /// The length of the executable, in bytes; stripped in a release build.
    pub(super) binary: u64,
}

impl Measured {
    pub(super) fn json(&self) -> Value {
        let cost = |cost: Cost| json!({ "cpu": cost.cpu, "wall": cost.wall });
        json!({
            "cold": cost(self.cold),
            "check": cost(self.check),
            "main_changed": cost(self.main_changed),
            "crate_changed": cost(self.crate_changed),
            "binary": self.binary,
        })
    }
}

/// Measures in a folder of its own, which is removed again.
pub(super) fn measure(program: &Program, release: bool) -> Result<Measured> {
    let folder = std::env::temp_dir().join(format!("logto-build-cost-{}", std::process::id()));
    let measured = measure_in(&folder, program, release);
    fs::remove_dir_all(&folder).or_else(|error| match folder.exists() {
        true => Err(error),
        false => Ok(()),
    })?;
    measured
}

fn measure_in(folder: &Path, program: &Program, release: bool) -> Result<Measured> {
    let root = workspace().canonicalize()?;
    fs::create_dir_all(folder.join("src"))?;
    let main = folder.join("src/main.rs");
    fs::write(folder.join("Cargo.toml"), program.manifest(&root.to_string_lossy()))?;
    fs::write(&main, program.source())?;
    // The versions that the workspace is tested with, as far as it has them.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    run(folder, &["fetch"])?;
    let (profile, build): (_, &[&str]) = match release {
        true => ("release", &["build", "--release", "--config", "profile.release.strip=true"]),
        false => ("debug", &["build"]),
    };
    let cold = run(folder, build)?;
    let binary = fs::metadata(folder.join("target").join(profile).join("program"))?.len();
    fs::write(&main, program.source() + "// changed\n")?;
    let main_changed = run(folder, build)?;
    touch(&root.join("src/lib.rs"))?;
    let crate_changed = run(folder, build)?;
    let check = run(folder, &["check", "--target-dir", "checked"])?;
    Ok(Measured { cold, check, main_changed, crate_changed, binary })
}

/// Cargo goes by the time of a file's change.
fn touch(path: &Path) -> Result<()> {
    let file = fs::File::options().append(true).open(path)?;
    Ok(file.set_modified(std::time::SystemTime::now())?)
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Cost> {
    let (before, started) = (children_cpu()?, Instant::now());
    let status = Command::new("cargo")
        .args(arguments)
        .arg("--quiet")
        .current_dir(folder)
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_INCREMENTAL", if arguments[0] == "build" { "0" } else { "1" })
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "cargo {} failed in {}", arguments.join(" "), folder.display());
    Ok(Cost { cpu: children_cpu()? - before, wall: started.elapsed().as_secs_f64() })
}

/// The seconds that ended children, and theirs, ran in user and system mode.
fn children_cpu() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("CPU seconds are read on Linux")?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat has another form")?;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    let ticks = ticks.sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS)
}

/// What Linux counts a second in, for programs.
const TICKS: f64 = 100.0;
