//! Which verification codes are taken.

use serde_json::Value;

use crate::{rules::errors::Failure, state::codes::Codes};

const MAX_TRIES: u32 = 10;

impl Codes {
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
        if code.is_expired() {
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
}
