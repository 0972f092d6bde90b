//! Verification codes: what would have been sent to users.

use std::collections::HashMap;

use serde_json::Value;

use crate::{errors::Failure, ids::Ids};

const MAX_TRIES: u32 = 10;

#[derive(Default)]
pub(crate) struct Codes {
    /// By the verification that they are for.
    open: HashMap<String, Code>,
    /// By address: the newest, used or not.
    newest: HashMap<String, String>,
}

struct Code {
    identifier: Value,
    code: String,
    tries: u32,
    expired: bool,
}

impl Codes {
    pub(crate) fn send(&mut self, ids: &mut Ids, verification_id: &str, identifier: &Value) {
        let code = ids.code();
        let address = identifier["value"].as_str().unwrap_or_default();
        self.newest.insert(address.to_owned(), code.clone());
        let code = Code { identifier: identifier.clone(), code, tries: 0, expired: false };
        self.open.insert(verification_id.to_owned(), code);
    }

    /// Uses the code up, if it is the right one for this address.
    pub(crate) fn check(
        &mut self,
        verification_id: &str,
        identifier: &Value,
        given: &str,
    ) -> Result<(), Failure> {
        let refused = |code| Failure::new(400, code);
        let code = self.open.get_mut(verification_id);
        let code = code.ok_or_else(|| refused("verification_code.not_found"))?;
        if code.identifier != *identifier {
            return Err(match identifier["type"].as_str() {
                Some("phone") => refused("verification_code.phone_mismatch"),
                _ => refused("verification_code.email_mismatch"),
            });
        }
        if code.expired {
            return Err(refused("verification_code.expired"));
        }
        if code.tries >= MAX_TRIES {
            return Err(refused("verification_code.exceed_max_try"));
        }
        if code.code != given {
            code.tries += 1;
            return Err(refused("verification_code.code_mismatch"));
        }
        self.open.remove(verification_id);
        Ok(())
    }

    pub(crate) fn newest(&self, address: &str) -> Option<&str> {
        self.newest.get(address).map(String::as_str)
    }

    /// Makes all codes that are out too old.
    pub(crate) fn expire(&mut self) {
        self.open.values_mut().for_each(|code| code.expired = true);
    }
}
