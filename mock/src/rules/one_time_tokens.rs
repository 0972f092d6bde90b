//! Which one-time tokens are taken.

use crate::{rules::errors::Failure, state::one_time_tokens::OneTimeTokens};

impl OneTimeTokens {
    /// Uses a token up, if it was sent to this address.
    pub(crate) fn consume(&mut self, token: &str, email: &str) -> Result<(), Failure> {
        let Some(one) = self.0.get_mut(token) else {
            let message = format!("Token {token} not found.");
            return Err(Failure::with_message(404, "one_time_token.token_not_found", &message));
        };
        if one.email != email {
            return Err(Failure::new(400, "one_time_token.email_mismatch"));
        }
        if one.used {
            return Err(Failure::new(400, "one_time_token.token_consumed"));
        }
        one.used = true;
        Ok(())
    }
}
