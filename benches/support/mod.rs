//! What the benches share: a server of its own process, and the two clients that are compared.

#![allow(dead_code, reason = "no bench needs all of it")]

pub(crate) mod clients;
pub(crate) mod server;
pub(crate) mod users;

/// Whether `cargo bench` runs this, and not `cargo test --all-targets`, which only builds it.
pub(crate) fn is_asked_for() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// The middle one; of an even number, the lower of the two in the middle.
pub(crate) fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[(values.len() - 1) / 2]
}
