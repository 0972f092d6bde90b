//! Tokens that are sent to an e-mail address and let its user in, once.

use std::collections::HashMap;

use crate::errors::Failure;

#[derive(Default)]
pub(crate) struct OneTimeTokens(HashMap<String, OneTimeToken>);

struct OneTimeToken {
    email: String,
    used: bool,
}

impl OneTimeTokens {
    pub(crate) fn add(&mut self, token: &str, email: &str) {
        let one = OneTimeToken { email: email.to_owned(), used: false };
        self.0.insert(token.to_owned(), one);
    }

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
