//! Tasks of the logto-api workspace: `cargo xtask <task>`.

// First, since its macros are for all others.
#[macro_use]
mod output;

mod build_cost;
mod codes;
mod compatibility;
mod coverage;
mod docs;
mod drift;
mod events;
mod fuzz;
mod soak;
mod source;
mod vendor;
mod writes;

use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Compare an upstream document with what is vendored: exits with 0 (no drift), 1 (drift) or 2
    /// (cannot tell).
    Drift(drift::Args),
    /// Compile `openapi/docs.yaml` to `openapi/docs.json`, which `build.rs` reads.
    Docs {
        /// The folder that holds the contract and its companions.
        #[arg(long, default_value_os_t = vendor::openapi_folder())]
        folder: PathBuf,
        /// List what has no text yet.
        #[arg(long)]
        gaps: bool,
    },
    /// Add codes of errors to `openapi/codes.txt`, which the constants in `logto_api::codes` are made of.
    Codes(codes::Args),
    /// Measure what building the crate costs, or hold what is generated to its limits.
    BuildCost(build_cost::Args),
    /// Count the operations of the contract that can be called; fail if one cannot.
    Coverage,
    /// Search for inputs on which a target of `tests/fuzz` fails, guided by the code that they reach.
    Fuzz(fuzz::Args),
    /// Make thousands of calls of many tenants while everything goes wrong; fail if anything is lost,
    /// done twice, leaked or growing.
    Soak(soak::Args),
}

fn main() -> ExitCode {
    if let Some(code) = build_cost::in_place_of_compiler() {
        return code;
    }
    let done = match Cli::parse().task {
        Task::Drift(args) => return drift::run(&args),
        Task::Vendor(args) => vendor::run(&args),
        Task::Docs { folder, gaps } => docs::run(&folder, gaps),
        Task::Codes(args) => codes::run(&args),
        Task::BuildCost(args) => build_cost::run(&args),
        Task::Coverage => coverage::run(),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Soak(args) => soak::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Not as `Debug`, which adds a backtrace where `RUST_BACKTRACE` is set.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
