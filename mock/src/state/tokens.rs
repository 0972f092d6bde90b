//! Tokens and codes that have been given out.

use std::{collections::HashMap, time::Duration};

use crate::state::{
    collection::Members, device::Devices, interaction::Authorization, params::Params,
};

/// An opaque access token is taken for this long after its end, as a real server does.
const SLACK: u64 = 15_000;

#[derive(Clone, Default)]
pub(crate) struct AccessToken {
    /// The resource the token is for; none for a user's opaque token.
    pub(crate) audience: Option<String>,
    pub(crate) scope: String,
    /// Whose it is; none for an application's own.
    pub(crate) user_id: Option<String>,
    pub(crate) app_id: String,
    /// What it came from, shared by all tokens of a sign-in.
    pub(crate) grant: Option<String>,
    /// Claims beside those that every token has.
    pub(crate) claims: Members,
    /// What custom claims are told of the subject token that it came of.
    pub(crate) subject_context: Option<Members>,
    /// In milliseconds.
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
}

impl AccessToken {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|s| s == scope)
    }
}

#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) authorization: Authorization,
    pub(crate) expires_at: u64,
    pub(crate) used: bool,
}

#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) authorization: Authorization,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    /// When another took its place, or it was used after that.
    pub(crate) replaced_at: Option<u64>,
}

/// With one, an application gets a user's tokens without the user.
#[derive(Clone)]
pub(crate) struct SubjectToken {
    pub(crate) user_id: String,
    pub(crate) expires_at: u64,
    /// What the one who made it wants custom claims to know.
    pub(crate) context: Members,
}

#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) lifetime: Duration,
    access: HashMap<String, AccessToken>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) refresh: HashMap<String, RefreshToken>,
    /// The applications that ID tokens are for, and whose they are.
    pub(crate) id_tokens: HashMap<String, (String, String)>,
    pub(crate) subjects: HashMap<String, SubjectToken>,
    pub(crate) devices: Devices,
    /// Authorization requests that were pushed, and when they end.
    pub(crate) pushed: HashMap<String, (Params, u64)>,
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
            devices: Devices::default(),
            pushed: HashMap::new(),
        }
    }
}

impl Tokens {
    pub(crate) fn remember(&mut self, text: &str, token: AccessToken) {
        self.access.insert(text.to_owned(), token);
    }

    /// The token, unless it is unknown or too old.
    pub(crate) fn access(&self, text: &str, now: u64) -> Option<&AccessToken> {
        let token = self.access.get(text)?;
        let slack = if token.audience.is_none() { SLACK } else { 0 };
        (now < token.expires_at + slack).then_some(token)
    }

    /// Takes over the tokens that applications have got for themselves.
    pub(crate) fn keep_own(&mut self, before: &Self, is_there: impl Fn(&str) -> bool) {
        let own = before.access.iter();
        let own = own.filter(|(_, token)| token.user_id.is_none() && is_there(&token.app_id));
        self.access.extend(own.map(|(text, token)| (text.clone(), token.clone())));
    }

    pub(crate) fn revoke_access(&mut self) {
        self.access.clear();
    }

    /// Which sign-in a token came of, and for which application it was.
    pub(crate) fn origin(&self, text: &str) -> Option<(&str, Option<&str>)> {
        let access = self.access.get(text);
        let access = access.map(|token| (token.app_id.as_str(), token.grant.as_deref()));
        access.or_else(|| {
            let own = &self.refresh.get(text)?.authorization;
            Some((own.app_id.as_str(), Some(own.grant.as_str())))
        })
    }

    /// Ends all that came of a sign-in, and what else this token may be.
    pub(crate) fn revoke(&mut self, text: &str) {
        let grant = self.origin(text).and_then(|(_, grant)| grant).map(str::to_owned);
        self.access.remove(text);
        if let Some(grant) = grant {
            self.revoke_grant(&grant);
        }
    }

    pub(crate) fn revoke_grant(&mut self, grant: &str) {
        self.access.retain(|_, token| token.grant.as_deref() != Some(grant));
        self.refresh.retain(|_, refresh| refresh.authorization.grant != grant);
        self.codes.retain(|_, code| code.authorization.grant != grant);
    }

    /// Ends what a user could go on with after being suspended or deleted.
    pub(crate) fn sign_out(&mut self, user_id: &str) {
        self.access.retain(|_, token| token.user_id.as_deref() != Some(user_id));
        self.refresh.retain(|_, refresh| refresh.authorization.user_id != user_id);
        self.codes.retain(|_, code| code.authorization.user_id != user_id);
    }
}
