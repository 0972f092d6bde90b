// Included by the tests and by the guided search, which are crates of their own.

mod answers;
mod callbacks;
mod cookies;
#[cfg(feature = "webhooks")]
mod deliveries;
mod desk;
mod downloads;
mod drifts;
mod errors;
mod id_tokens;
#[path = "../support/issuer.rs"]
mod issuer;
mod key_sets;
mod lists;
mod logout_tokens;
mod message;
mod signed;
mod told;
mod token_answers;
mod vendoring;
mod waits;

#[path = "../support/compare.rs"]
#[allow(dead_code, unreachable_pub)]
mod compare;
#[path = "../support/exchange.rs"]
#[allow(dead_code, unreachable_pub)]
mod exchange;
#[path = "../support/input.rs"]
#[allow(dead_code, unreachable_pub)]
mod input;

/// Calls by `operationId`, generated from the contract.
#[allow(deprecated, unreachable_pub, reason = "as the contract has them")]
mod calls {
    use super::input::{Called, Input};
    include!(concat!(env!("OUT_DIR"), "/calls.rs"));
}
