//! Every way in, as users go: each a whole flow through a session against the mock, to
//! validated tokens, and what goes wrong most.

#![cfg(all(feature = "sign-in", feature = "account", feature = "management"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod applications;
mod browsers;
mod captchas;
mod codes;
mod connectors;
mod consent;
mod forgotten_passwords;
mod one_time_tokens;
mod passkeys;
mod passwords;
mod registrations;
mod second_factors;
mod tenant;

pub(crate) use tenant::{Tenant, signed_in, submitted, user_id};

/// Good enough for the policy of a new tenant.
const PASSWORD: &str = "correct horse 7 battery";

/// What is next is this, and what it carries.
macro_rules! next {
    ($step:expr, $variant:ident) => {
        match $step {
            logto_api::sign_in::NextStep::$variant(carried) => carried,
            other => panic!("{} was expected, not {other:?}", stringify!($variant)),
        }
    };
}
pub(crate) use next;
