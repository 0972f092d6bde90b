//! What becomes of calls when something goes wrong on the wire: every fault at every place where one
//! can happen, once and for ever.
//!
//! `docs/reliability.md` shows it. When it has changed for a good reason, write it anew:
//! `LOGTO_WRITE_DOCS=1 cargo test --test faults`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(all(feature = "sign-in", feature = "users"))]

mod call;
mod cell;
mod fault;
#[path = "../support/issuer.rs"]
mod issuer;
mod report;
mod server;
mod world;

use call::Call;
use cell::{Cell, Times};
use fault::Fault;

/// Every fault at every call.
fn matrix() -> Vec<Cell> {
    let faults = Fault::all();
    let cells = faults.iter().flat_map(|fault| {
        Call::ALL.into_iter().flat_map(move |call| {
            [Times::Once, Times::Always]
                .into_iter()
                .filter_map(move |times| Cell::run(fault, call, times))
        })
    });
    cells.collect()
}

#[test]
fn whatever_goes_wrong_ends_well_or_is_told() {
    let cells = matrix();
    for cell in &cells {
        cell.check();
    }
    report::check("docs/reliability.md", &report::page(&cells));
}
