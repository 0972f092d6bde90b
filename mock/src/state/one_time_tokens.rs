//! Tokens that are sent to an e-mail address and let its user in, once.

use std::collections::HashMap;

#[derive(Default)]
pub(crate) struct OneTimeTokens(pub(crate) HashMap<String, OneTimeToken>);

pub(crate) struct OneTimeToken {
    pub(crate) email: String,
    pub(crate) used: bool,
}

impl OneTimeTokens {
    pub(crate) fn add(&mut self, token: &str, email: &str) {
        let one = OneTimeToken { email: email.to_owned(), used: false };
        self.0.insert(token.to_owned(), one);
    }
}
