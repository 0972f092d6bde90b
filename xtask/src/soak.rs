//! `cargo xtask soak`: thousands of calls while everything goes wrong. See `tests/soak`.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// How much to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many calls to make; before a release, make a million.
    #[arg(long, default_value_t = 20_000)]
    calls: u64,
    /// What goes wrong, and when: a seed that an earlier soak has printed. Tasks still run in an
    /// order of their own.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--quiet", "--package", "logto-api", "--test", "soak"]);
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo.env("LOGTO_SOAK_CALLS", args.calls.to_string());
    if let Some(seed) = args.seed {
        cargo.env("LOGTO_SOAK_SEED", seed.to_string());
    }
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "the soak has not passed");
    Ok(())
}
