//! `cargo xtask fuzz`: libFuzzer on the targets of `tests/fuzz`, by the stable compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Has LLVM count which code an input reaches, and show libFuzzer what is compared with it.
const FLAGS: [&str; 6] = [
    "--cfg=guided_fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What to search.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The target: a folder of `tests/fuzz/corpus`.
    target: String,
    /// How long to search.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Where inputs that reach more code are kept, for a later search to go on from: by default a
    /// folder beside what is compiled.
    #[arg(long)]
    found: Option<PathBuf>,
    /// Put the fewest inputs that reach as much code into the corpus, in place of searching.
    #[arg(long)]
    merge: bool,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let corpus = root.join("tests/fuzz/corpus").join(&args.target);
    ensure!(
        corpus.is_dir(),
        "there is no target {}: {} is no folder",
        args.target,
        corpus.display()
    );
    let build = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let found = args.found.clone().unwrap_or_else(|| build.join("fuzz").join(&args.target));
    std::fs::create_dir_all(&found).with_context(|| found.display().to_string())?;
    let host = host()?;

    let mut cargo = Command::new(env!("CARGO"));
    // For a target by name, the flags are not those of build scripts and macros.
    cargo.args(["test", "--quiet", "--release", "--target", &host]);
    cargo.args(["--package", "logto-api", "--features", "webhooks"]);
    cargo.args(["--test", "guided_fuzzing", "--"]);
    cargo.current_dir(root);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    cargo.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    cargo.env("LOGTO_FUZZ_TARGET", &args.target);
    match args.merge {
        true => cargo.arg("-merge=1").args([&corpus, &found]),
        false => {
            cargo.arg(format!("-max_total_time={}", args.seconds));
            cargo.arg(format!("-artifact_prefix={}/", corpus.display()));
            cargo.args(["-timeout=10", "-print_final_stats=1"]).args([&found, &corpus])
        }
    };
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "the target has failed: the input is in {}", corpus.display());
    Ok(())
}

/// The platform that the compiler runs on.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what it runs on")?.to_owned())
}
