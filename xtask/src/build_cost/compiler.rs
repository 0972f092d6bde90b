//! What the compiler takes for each crate: Cargo runs this program in its place, which runs it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// Names the file to which each process of the compiler adds a line.
pub(super) const LOG: &str = "LOGTO_BUILD_COST_LOG";

/// Names the file to which the compiler's passes for the library are written.
pub(super) const PASSES: &str = "LOGTO_BUILD_COST_PASSES";

/// The library's crate.
pub(super) const LIBRARY: &str = "logto_api";

/// The name that Cargo gives the crate of each build script.
pub(super) const BUILD_SCRIPT: &str = "build_script_build";

/// The compiler's run for a crate.
#[derive(Serialize, Deserialize)]
pub(super) struct Crate {
    /// The package that it is of.
    #[serde(default)]
    pub(super) package: String,
    pub(super) name: String,
    /// Seconds.
    pub(super) cpu: f64,
    /// The most memory it had, in bytes.
    pub(super) peak: u64,
}

pub(super) type Crates = Vec<Crate>;

/// What processes took.
pub(super) struct Usage {
    pub(super) cpu: f64,
    peak: u64,
}

/// What ended children of this process took, and theirs.
pub(super) fn children() -> Result<Usage> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    // Linux counts memory in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Ok(Usage {
        cpu: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak: u64::try_from(usage.max_rss())? * unit,
    })
}

/// Runs the compiler where Cargo runs this program in its place.
pub(crate) fn in_place_of_compiler() -> Option<ExitCode> {
    let log = env::var_os(LOG)?;
    Some(run(Path::new(&log)).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    }))
}

fn run(log: &Path) -> Result<ExitCode> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let (compiler, rest) = arguments.split_first().context("Cargo names the compiler")?;
    let name = rest.iter().skip_while(|argument| *argument != "--crate-name").nth(1);
    let passes = env::var_os(PASSES).filter(|_| name.is_some_and(|name| name == LIBRARY));
    let mut command = Command::new(compiler);
    command.args(rest);
    let status = match passes {
        Some(file) => with_passes(command, Path::new(&file))?,
        None => command.status()?,
    };
    if let Some(name) = name.filter(|name| *name != "___") {
        add_line(log, name)?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn add_line(log: &Path, name: &OsString) -> Result<()> {
    let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let Usage { cpu, peak } = children()?;
    let line = format!("{package} {} {cpu} {peak}\n", name.to_string_lossy());
    let mut log = fs::File::options().create(true).append(true).open(log)?;
    // At once, since others write too.
    Ok(log.write_all(line.as_bytes())?)
}

/// Has the compiler say what its passes take, one after the other, and keeps that from Cargo.
fn with_passes(mut command: Command, file: &Path) -> Result<ExitStatus> {
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["-Ztime-passes", "-Ztime-passes-format=json", "-Zno-parallel-backend"])
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut passes = fs::File::create(file)?;
    let said = child.stderr.take().context("the compiler's messages are not read")?;
    for line in BufReader::new(said).lines() {
        let line = line?;
        match line.strip_prefix("time: ") {
            Some(pass) => writeln!(passes, "{pass}")?,
            None => eprintln!("{line}"),
        }
    }
    Ok(child.wait()?)
}

/// Reads the lines of a build, and has the dearest first.
pub(super) fn read(log: &Path) -> Result<Crates> {
    let text = fs::read_to_string(log)?;
    let mut crates = text.lines().map(parse).collect::<Result<Crates>>()?;
    crates.sort_by(|a, b| b.cpu.total_cmp(&a.cpu));
    Ok(crates)
}

fn parse(line: &str) -> Result<Crate> {
    let parts: Vec<_> = line.split(' ').collect();
    let [package, name, cpu, peak] = parts[..] else { anyhow::bail!("not a crate: {line}") };
    Ok(Crate {
        package: package.to_owned(),
        name: name.to_owned(),
        cpu: cpu.parse()?,
        peak: peak.parse()?,
    })
}

/// The run for this crate.
pub(super) fn find<'a>(crates: &'a Crates, package: &str, name: &str) -> Result<&'a Crate> {
    crates
        .iter()
        .find(|one| one.package == package && one.name == name)
        .with_context(|| format!("{name} of {package} was not compiled"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_line_names_the_package_since_all_build_scripts_have_one_name() {
        let crates: Crates = ["a build_script_build 0.5 7", "b build_script_build 2 9"]
            .map(|line| parse(line).unwrap())
            .into();
        let of_b = find(&crates, "b", BUILD_SCRIPT).unwrap();
        assert_eq!((of_b.cpu, of_b.peak), (2.0, 9));
        assert!(find(&crates, "c", BUILD_SCRIPT).is_err());
        assert!(parse("build_script_build 2 9").is_err());
    }
}
