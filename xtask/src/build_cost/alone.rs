//! The library's package without what it depends on, next to what progenitor writes for the same API.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use progenitor_impl::InterfaceStyle;
use serde::{Deserialize, Serialize};

use super::compiler::{self, BUILD_SCRIPT, Crates, LIBRARY, children};
use super::measure::{Folder, LOG, touch};
use super::naive::Naive;
use super::passes::{self, Phases};
use crate::coverage::Features;
use crate::vendor::workspace;

/// What the compiler takes for a crate.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Compiled {
    /// Seconds.
    pub(super) cpu: f64,
    /// The most memory, in bytes.
    pub(super) peak: u64,
    /// Of the source, and for ours of what is generated.
    pub(super) lines: usize,
    pub(super) operations: usize,
    /// How many operations progenitor cannot do.
    pub(super) left_out: usize,
}

/// What was measured side by side.
#[derive(Serialize, Deserialize)]
pub(super) struct Alone {
    pub(super) ours: Compiled,
    /// progenitor's code, by the names of [`NAIVE`].
    pub(super) naive: BTreeMap<String, Compiled>,
    /// CPU seconds to compile our build script, without what it depends on.
    pub(super) script_compiled: f64,
    /// CPU seconds of our build script.
    pub(super) script_run: f64,
    /// Where the compiler's time for ours goes, as shares of the whole.
    pub(super) phases: Phases,
}

/// progenitor's code for the contract that is compiled.
pub(super) const NAIVE: [(&str, &str); 2] =
    [(BUILDERS, "progenitor, builders"), ("positional", "progenitor, positional")];

/// What ours is held against, which has builders of requests, too.
pub(super) const BUILDERS: &str = "builders";

fn generate(name: &str) -> Result<Naive> {
    match name {
        BUILDERS => Naive::of_contract(InterfaceStyle::Builder),
        _ => Naive::of_contract(InterfaceStyle::Positional),
    }
}

const MANIFEST: &str = "[package]
name = \"NAME\"
version = \"0.0.0\"
edition = \"2021\"

[dependencies]
bytes = \"1\"
chrono = { version = \"0.4\", features = [\"serde\"] }
futures-core = \"0.3\"
progenitor-client = \"0.15\"
regress = \"0.12\"
reqwest = { version = \"0.13\", default-features = false, features = [\"form\", \"json\", \"query\", \"stream\"] }
serde = { version = \"1\", features = [\"derive\"] }
serde_json = \"1\"
uuid = { version = \"1\", features = [\"serde\"] }
";

/// Compiles each as often, in turn, after all that they depend on.
pub(super) fn measure(release: bool, runs: usize) -> Result<Alone> {
    let root = workspace().canonicalize()?;
    let mut naive = BTreeMap::new();
    for (name, _) in NAIVE {
        naive.insert(name, generate(name)?);
    }
    let folder = write(&root, &naive)?;
    let script = compiler::find(&build(&folder, release, None)?, "logto-api", BUILD_SCRIPT)?.cpu;
    let rebuild = |passes: Option<&Path>| {
        touch(&root.join("src/lib.rs"))?;
        for name in naive.keys() {
            touch(&folder.path().join(name).join("src/lib.rs"))?;
        }
        build(&folder, release, passes)
    };
    let mut best = BTreeMap::new();
    for _ in 0..runs {
        let crates = rebuild(None)?;
        least(&mut best, &crates, "logto-api", LIBRARY)?;
        for name in naive.keys() {
            least(&mut best, &crates, name, name)?;
        }
    }
    let passes = folder.path().join("passes.log");
    rebuild(Some(&passes))?;
    let mut ours = best.remove(LIBRARY).context("no run was asked for")?;
    let scripts = folder.built(release).join("build");
    let (script_run, lines) = run_script(&scripts, &folder.path().join("written"))?;
    ours.lines = lines;
    for (name, naive) in naive {
        let Some(one) = best.get_mut(name) else { continue };
        (one.lines, one.operations) = (naive.code.lines().count(), naive.operations);
        one.left_out = naive.left_out;
        ours.operations = ours.operations.max(naive.operations + naive.left_out);
    }
    let phases = passes::read(&passes)?;
    Ok(Alone { ours, naive: best, script_compiled: script, script_run, phases })
}

/// A package that depends on all the others, with progenitor's in folders of their own.
fn write(root: &Path, naive: &BTreeMap<&str, Naive>) -> Result<Folder> {
    let mut manifest = MANIFEST.replace("NAME", "all");
    manifest += &format!("logto-api = {{ path = {root:?} }}\n");
    let mut files = vec![("src/lib.rs".to_owned(), String::new())];
    for (name, naive) in naive {
        manifest += &format!("{name} = {{ path = {name:?} }}\n");
        files.push((format!("{name}/Cargo.toml"), MANIFEST.replace("NAME", name)));
        let code = format!("#![allow(warnings)]\n{}", naive.code);
        files.push((format!("{name}/src/lib.rs"), code));
    }
    files.push((
        "Cargo.toml".to_owned(),
        manifest + "\n[profile.dev]\nincremental = false\n\n[workspace]\n",
    ));
    Folder::new(&files)
}

/// One process at a time: those that are compared have the machine alike.
fn build(folder: &Folder, release: bool, passes: Option<&Path>) -> Result<Crates> {
    let log = folder.path().join(LOG);
    if log.exists() {
        fs::remove_file(&log)?;
    }
    let mut arguments = vec!["build", "--offline"];
    arguments.extend(release.then_some("--release"));
    let mut command = folder.command(&arguments)?;
    if let Some(file) = passes {
        command.env(compiler::PASSES, file);
    }
    // But for the first, which compiles what both depend on.
    if folder.built(release).exists() {
        command.env("CARGO_BUILD_JOBS", "1");
    }
    ensure!(command.status()?.success(), "the build in {} failed", folder.path().display());
    compiler::read(&log)
}

/// Keeps the run of the fewest CPU seconds.
fn least(
    best: &mut BTreeMap<String, Compiled>,
    crates: &Crates,
    package: &str,
    name: &str,
) -> Result<()> {
    let one = compiler::find(crates, package, name)?;
    if best.get(name).is_none_or(|best| one.cpu < best.cpu) {
        let compiled = Compiled { cpu: one.cpu, peak: one.peak, ..Compiled::default() };
        best.insert(name.to_owned(), compiled);
    }
    Ok(())
}

/// Runs our build script as Cargo does, for its CPU seconds and the lines of Rust that it writes.
fn run_script(built: &Path, out: &Path) -> Result<(f64, usize)> {
    fs::create_dir_all(out)?;
    let root = workspace();
    let features = Features::read(&root.join("Cargo.toml"))?;
    let enabled = features
        .names()
        .map(|name| (format!("CARGO_FEATURE_{}", name.to_uppercase().replace('-', "_")), "1"));
    let mut command = Command::new(script(built)?);
    command
        .envs(enabled)
        .env("OUT_DIR", out)
        .current_dir(&root)
        .stdout(std::process::Stdio::null());
    let before = children()?.cpu;
    ensure!(command.status()?.success(), "the build script failed");
    Ok((children()?.cpu - before, lines(out)?))
}

fn script(built: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(built)? {
        let path = entry?.path().join("build-script-build");
        let of_ours = path.parent().and_then(Path::file_name);
        let of_ours = of_ours.is_some_and(|name| {
            let name = name.to_string_lossy();
            name.strip_prefix("logto-api-").is_some_and(|hash| !hash.contains('-'))
        });
        if of_ours && path.is_file() {
            return Ok(path);
        }
    }
    anyhow::bail!("no build script was built in {}", built.display())
}

/// The lines of Rust in a folder, without those of the tests.
fn lines(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            count += lines(&path)?;
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && path.file_name().is_some_and(|name| name != "calls.rs")
        {
            count += fs::read_to_string(&path)?.lines().count();
        }
    }
    Ok(count)
}
