//! Builds a program from cold, and after changes, and reads what that took.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::compiler::{self, Crates, children};
use super::programs::Program;
use crate::vendor::workspace;

/// What one run of Cargo took, in seconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Cost {
    /// Of all processes.
    pub(super) cpu: f64,
    pub(super) wall: f64,
}

/// What a program costs.
#[derive(Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) cold: Cost,
    /// `cargo check` from cold.
    pub(super) check: Cost,
    /// `cargo check` after a change of `main.rs`.
    pub(super) check_changed: Cost,
    pub(super) main_changed: Cost,
    pub(super) crate_changed: Cost,
    /// The most memory that one process of the cold build had, in bytes.
    pub(super) peak: u64,
    /// The length of the executable, in bytes; stripped in a release build.
    pub(super) binary: u64,
    /// The length of logto-api's rlib, in bytes.
    pub(super) rlib: u64,
    /// The crates of the cold build and the CPU seconds of the compiler for each, the dearest first.
    pub(super) crates: Crates,
}

/// Measures in a folder of its own in the target directory, which is removed again.
pub(super) fn measure(program: &Program, release: bool) -> Result<Measured> {
    let folder = target_directory()?.join(format!("build-cost-{}", std::process::id()));
    let measured = measure_in(&folder, program, release);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    measured
}

fn target_directory() -> Result<PathBuf> {
    let given = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| workspace().join("target"));
    fs::create_dir_all(&folder)?;
    Ok(folder.canonicalize()?)
}

fn measure_in(folder: &Path, program: &Program, release: bool) -> Result<Measured> {
    let root = workspace().canonicalize()?;
    fs::create_dir_all(folder.join("src"))?;
    let main = folder.join("src/main.rs");
    fs::write(folder.join("Cargo.toml"), program.manifest(&root.to_string_lossy()))?;
    fs::write(&main, program.source())?;
    // The versions that the workspace is tested with, as far as it has them.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    cargo(folder, &["fetch"])?;
    let (profile, build): (_, &[&str]) = match release {
        true => (
            "release",
            &["build", "--offline", "--release", "--config", "profile.release.strip=true"],
        ),
        false => ("debug", &["build", "--offline"]),
    };
    let check: &[&str] = &["check", "--offline", "--target-dir", "checked"];
    let cold = cargo(folder, build)?;
    let crates = compiler::read(&folder.join(LOG))?;
    let built = folder.join("target").join(profile);
    let binary = fs::metadata(built.join("program"))?.len();
    let checked = cargo(folder, check)?;
    change(&main)?;
    let main_changed = cargo(folder, build)?;
    let check_changed = cargo(folder, check)?;
    touch(&root.join("src/lib.rs"))?;
    let crate_changed = cargo(folder, build)?;
    Ok(Measured {
        cold,
        check: checked,
        check_changed,
        main_changed,
        crate_changed,
        peak: crates.iter().map(|one| one.peak).max().unwrap_or_default(),
        binary,
        rlib: rlib(&built.join("deps"))?,
        crates,
    })
}

/// Where the compiler's processes are listed.
const LOG: &str = "crates.log";

fn change(main: &Path) -> Result<()> {
    let text = fs::read_to_string(main)?;
    Ok(fs::write(main, text + "// changed\n")?)
}

/// Cargo goes by the time of a file's change.
fn touch(path: &Path) -> Result<()> {
    let file = fs::File::options().append(true).open(path)?;
    Ok(file.set_modified(std::time::SystemTime::now())?)
}

/// The length of the rlib of logto-api; 0 without one.
fn rlib(folder: &Path) -> Result<u64> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("liblogto_api-") && name.ends_with(".rlib") {
            return Ok(entry.metadata()?.len());
        }
    }
    Ok(0)
}

fn cargo(folder: &Path, arguments: &[&str]) -> Result<Cost> {
    let mut command = Command::new("cargo");
    command.args(arguments).arg("--quiet").current_dir(folder).stdout(Stdio::null());
    // The profiles of whoever measures are not those of users.
    for (name, _) in env::vars_os() {
        if name == "CARGO_TARGET_DIR" || name.to_string_lossy().starts_with("CARGO_PROFILE_") {
            command.env_remove(name);
        }
    }
    let is_check = arguments.first() == Some(&"check");
    command
        .env("CARGO_INCREMENTAL", if is_check { "1" } else { "0" })
        .env("RUSTC_WRAPPER", env::current_exe().context("no path of this program is known")?)
        .env(compiler::LOG, folder.join(LOG));
    let (before, started) = (children()?, Instant::now());
    let status = command.status()?;
    ensure!(status.success(), "cargo {} failed in {}", arguments.join(" "), folder.display());
    Ok(Cost { cpu: children()?.cpu - before.cpu, wall: started.elapsed().as_secs_f64() })
}
