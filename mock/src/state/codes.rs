//! Verification codes: what would have been sent to users.

use std::collections::HashMap;

use serde_json::Value;

use crate::state::{ids::Ids, now};

#[derive(Clone, Default)]
pub(crate) struct Codes {
    /// By the verification that they are for.
    pub(crate) open: HashMap<String, Code>,
    /// By address: the newest, used or not.
    newest: HashMap<String, String>,
}

#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) identifier: Value,
    pub(crate) code: String,
    pub(crate) tries: u32,
    sent_at: u64,
    expired: bool,
}

/// How long a code can be used, in milliseconds.
const LIFETIME: u64 = 10 * 60 * 1000;

impl Code {
    pub(crate) fn is_expired(&self) -> bool {
        self.expired || now() >= self.sent_at + LIFETIME
    }
}

impl Codes {
    pub(crate) fn send(&mut self, ids: &mut Ids, verification_id: &str, identifier: &Value) {
        let code = ids.code();
        let address = identifier["value"].as_str().unwrap_or_default();
        self.newest.insert(address.to_owned(), code.clone());
        let code =
            Code { identifier: identifier.clone(), code, tries: 0, sent_at: now(), expired: false };
        self.open.insert(verification_id.to_owned(), code);
    }

    pub(crate) fn newest(&self, address: &str) -> Option<&str> {
        self.newest.get(address).map(String::as_str)
    }

    /// Makes all codes that are out too old.
    pub(crate) fn expire(&mut self) {
        self.open.values_mut().for_each(|code| code.expired = true);
    }
}
