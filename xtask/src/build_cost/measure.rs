//! Builds a program from cold, and after changes, and reads what that took.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
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
    /// `cargo check` from cold. It is the same in each profile, and measured in dev.
    pub(super) check: Option<Cost>,
    /// `cargo check` after a change of `main.rs`.
    pub(super) check_changed: Option<Cost>,
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

/// A package in a folder of its own in the target directory, which is removed again.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Writes the files, each a path and a text, and has Cargo fetch what the package depends on.
    pub(super) fn new(files: &[(String, String)]) -> Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("build-cost-{}-{number}", std::process::id());
        let folder = Self(target_directory()?.join(name));
        for (path, text) in files {
            let path = folder.0.join(path);
            fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
            fs::write(path, text)?;
        }
        // The versions that the workspace is tested with, as far as it has them.
        fs::copy(workspace().join("Cargo.lock"), folder.0.join("Cargo.lock"))?;
        folder.cargo(&["fetch"])?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Where Cargo builds to.
    pub(super) fn built(&self, release: bool) -> PathBuf {
        self.0.join("target").join(if release { "release" } else { "debug" })
    }

    /// Cargo, as a user has it, with this program in place of the compiler.
    pub(super) fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new("cargo");
        command.args(arguments).arg("--quiet").current_dir(&self.0).stdout(Stdio::null());
        // The profiles of whoever measures are not those of users.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            let is_set = ["CARGO_TARGET_DIR", "CARGO_INCREMENTAL"].contains(&&*text);
            if is_set || text.starts_with("CARGO_PROFILE_") {
                command.env_remove(&name);
            }
        }
        command
            .env("RUSTC_WRAPPER", env::current_exe().context("no path of this program is known")?)
            .env(compiler::LOG, self.0.join(LOG));
        Ok(command)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<Cost> {
        let mut command = self.command(arguments)?;
        let (before, started) = (children()?, Instant::now());
        let status = command.status()?;
        ensure!(status.success(), "cargo {} failed in {}", arguments.join(" "), self.0.display());
        Ok(Cost { cpu: children()?.cpu - before.cpu, wall: started.elapsed().as_secs_f64() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} is left: {error}", self.0.display());
        }
    }
}

pub(super) fn target_directory() -> Result<PathBuf> {
    let given = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| workspace().join("target"));
    fs::create_dir_all(&folder)?;
    Ok(folder.canonicalize()?)
}

/// Builds a program from cold and after changes.
pub(super) fn measure(program: &Program, release: bool) -> Result<Measured> {
    let root = workspace().canonicalize()?;
    let folder = Folder::new(&[
        ("Cargo.toml".to_owned(), program.manifest(&root.to_string_lossy())),
        ("src/main.rs".to_owned(), program.source()),
    ])?;
    let main = folder.path().join("src/main.rs");
    let build: &[&str] = match release {
        true => &["build", "--offline", "--release", "--config", "profile.release.strip=true"],
        false => &["build", "--offline"],
    };
    let check: &[&str] = &["check", "--offline", "--target-dir", "checked"];
    let cold = folder.cargo(build)?;
    let crates = compiler::read(&folder.path().join(LOG))?;
    let built = folder.built(release);
    let binary = fs::metadata(built.join("program"))?.len();
    let check = || match release {
        true => Ok(None),
        false => folder.cargo(check).map(Some),
    };
    let checked = check()?;
    change(&main)?;
    let main_changed = folder.cargo(build)?;
    let check_changed = check()?;
    touch(&root.join("src/lib.rs"))?;
    let crate_changed = folder.cargo(build)?;
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
pub(super) const LOG: &str = "crates.log";

fn change(main: &Path) -> Result<()> {
    let text = fs::read_to_string(main)?;
    Ok(fs::write(main, text + "// changed\n")?)
}

/// Cargo goes by the time of a file's change.
pub(super) fn touch(path: &Path) -> Result<()> {
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
