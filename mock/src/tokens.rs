//! Tokens and codes that have been given out.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::authorization::Authorization;

pub(crate) struct AccessToken {
    /// The resource the token is for; none for a user's opaque token.
    pub(crate) audience: Option<String>,
    pub(crate) scope: String,
    issued: Instant,
    lifetime: Duration,
}

impl AccessToken {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|s| s == scope)
    }
}

pub(crate) struct Tokens {
    pub(crate) lifetime: Duration,
    access: HashMap<String, AccessToken>,
    pub(crate) codes: HashMap<String, Authorization>,
    pub(crate) refresh: HashMap<String, Authorization>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(3600),
            access: HashMap::new(),
            codes: HashMap::new(),
            refresh: HashMap::new(),
        }
    }
}

impl Tokens {
    pub(crate) fn remember(&mut self, token: &str, audience: Option<&str>, scope: &str) {
        let known = AccessToken {
            audience: audience.map(str::to_owned),
            scope: scope.to_owned(),
            issued: Instant::now(),
            lifetime: self.lifetime,
        };
        self.access.insert(token.to_owned(), known);
    }

    /// The token, unless it is unknown or too old.
    pub(crate) fn access(&self, token: &str) -> Option<&AccessToken> {
        let token = self.access.get(token)?;
        (token.issued.elapsed() < token.lifetime).then_some(token)
    }

    pub(crate) fn revoke_access(&mut self) {
        self.access.clear();
    }

    /// Ends what a user could go on with after being suspended or deleted.
    pub(crate) fn sign_out(&mut self, user_id: &str) {
        self.refresh.retain(|_, grant| grant.user_id != user_id);
        self.codes.retain(|_, grant| grant.user_id != user_id);
    }
}
