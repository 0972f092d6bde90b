//! The positional client that progenitor writes from the contract: it writes requests.
#![allow(dead_code, missing_docs, unreachable_pub, rust_2018_idioms, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/raw.rs"));
