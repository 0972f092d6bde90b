//! Sign-ins under way, and what comes of them.

use crate::state::{experience::Experience, factors::Challenge, params::Params};

/// What a user lets an application have; a code or a refresh token stands for it.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) app_id: String,
    pub(crate) user_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    /// What it asked for access to; tokens are for these only.
    pub(crate) resources: Vec<String>,
    /// What all tokens of this sign-in have in common.
    pub(crate) grant: String,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
}

impl Authorization {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|s| s == scope)
    }
}

/// What the user is to do next.
pub(crate) enum Prompt {
    /// Sign in; the Experience API's interaction, once it has been started.
    Login(Option<Experience>),
    /// Agree, as the user who has signed in.
    Consent { user_id: String, given: bool },
}

pub(crate) struct Interaction {
    pub(crate) app_id: String,
    pub(crate) params: Params,
    pub(crate) prompt: Prompt,
    /// What its page has asked all passkeys.
    pub(crate) passkey: Option<Challenge>,
}
