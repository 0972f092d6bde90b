//! Proofs of the Account API: of who a user is, and of addresses that are to be theirs.

use std::collections::HashMap;

use serde_json::Value;

use crate::state::factors::{Challenge, Credential};

#[derive(Clone, Default)]
pub(crate) struct Verifications(pub(crate) HashMap<String, Verification>);

#[derive(Clone)]
pub(crate) struct Verification {
    /// Whom it proves; nobody, if it is about an address that is not yet theirs.
    pub(crate) user_id: Option<String>,
    pub(crate) verified: bool,
    pub(crate) expires_at: u64,
    pub(crate) about: About,
}

#[derive(Clone)]
pub(crate) enum About {
    Password,
    Address(Value),
    Authenticator(Challenge, Option<Credential>),
    Social {
        connector_id: String,
        /// Whom it proves there, once it has.
        user: Option<Value>,
    },
}
