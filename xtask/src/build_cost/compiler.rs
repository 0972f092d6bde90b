//! What the compiler takes for each crate: Cargo runs this program in its place, which runs it.

use std::env;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// Names the file to which each process of the compiler adds a line.
pub(super) const LOG: &str = "LOGTO_BUILD_COST_LOG";

/// The compiler's run for a crate.
#[derive(Serialize, Deserialize)]
pub(super) struct Crate {
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
    let status = Command::new(compiler).args(rest).status()?;
    let name = rest.iter().skip_while(|argument| *argument != "--crate-name").nth(1);
    if let Some(name) = name.filter(|name| *name != "___") {
        let Usage { cpu, peak } = children()?;
        let line = format!("{} {cpu} {peak}\n", name.to_string_lossy());
        let mut log = fs::File::options().create(true).append(true).open(log)?;
        // At once, since others write too.
        log.write_all(line.as_bytes())?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
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
    let [name, cpu, peak] = parts[..] else { anyhow::bail!("not a crate: {line}") };
    Ok(Crate { name: name.to_owned(), cpu: cpu.parse()?, peak: peak.parse()? })
}
