//! Tokens and codes that have been given out.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::state::interaction::Authorization;

#[derive(Default)]
pub(crate) struct AccessToken {
    /// The resource the token is for; none for a user's opaque token.
    pub(crate) audience: Option<String>,
    pub(crate) scope: String,
    /// Whose it is; none for an application's own.
    pub(crate) user_id: Option<String>,
    pub(crate) app_id: String,
    /// What it came from, shared by all tokens of a sign-in.
    pub(crate) grant: Option<String>,
}

impl AccessToken {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|s| s == scope)
    }
}

struct Issued {
    token: AccessToken,
    at: Instant,
    lifetime: Duration,
}

pub(crate) struct Tokens {
    pub(crate) lifetime: Duration,
    access: HashMap<String, Issued>,
    pub(crate) codes: HashMap<String, Authorization>,
    pub(crate) refresh: HashMap<String, Authorization>,
    /// The applications that ID tokens are for.
    pub(crate) id_tokens: HashMap<String, String>,
    /// Users, by the tokens with which an application may ask for their tokens.
    pub(crate) subjects: HashMap<String, String>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(3600),
            access: HashMap::new(),
            codes: HashMap::new(),
            refresh: HashMap::new(),
            id_tokens: HashMap::new(),
            subjects: HashMap::new(),
        }
    }
}

impl Tokens {
    pub(crate) fn remember(&mut self, text: &str, token: AccessToken) {
        let issued = Issued { token, at: Instant::now(), lifetime: self.lifetime };
        self.access.insert(text.to_owned(), issued);
    }

    /// The token, unless it is unknown or too old.
    pub(crate) fn access(&self, text: &str) -> Option<&AccessToken> {
        let issued = self.access.get(text)?;
        (issued.at.elapsed() < issued.lifetime).then_some(&issued.token)
    }

    pub(crate) fn revoke_access(&mut self) {
        self.access.clear();
    }

    /// Takes an application's token back; with a refresh token, all that came of the sign-in.
    pub(crate) fn revoke(&mut self, text: &str, app_id: &str) {
        if self.access.get(text).is_some_and(|issued| issued.token.app_id == app_id) {
            self.access.remove(text);
        }
        let refresh = self.refresh.get(text).filter(|grant| grant.app_id == app_id);
        let Some(grant) = refresh.map(|refresh| refresh.grant.clone()) else { return };
        self.access.retain(|_, issued| issued.token.grant.as_ref() != Some(&grant));
        self.refresh.retain(|_, refresh| refresh.grant != grant);
    }

    /// Ends what a user could go on with after being suspended or deleted.
    pub(crate) fn sign_out(&mut self, user_id: &str) {
        self.refresh.retain(|_, grant| grant.user_id != user_id);
        self.codes.retain(|_, grant| grant.user_id != user_id);
    }
}
