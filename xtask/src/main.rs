//! Tasks of the logto-api workspace: `cargo xtask <task>`.
#![allow(clippy::print_stdout, reason = "a command line tool talks to its user")]

mod vendor;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Tasks of the logto-api workspace")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Turn an upstream document into the contract `openapi/logto.json`.
    Vendor(vendor::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Vendor(args) => vendor::run(&args),
    }
}
