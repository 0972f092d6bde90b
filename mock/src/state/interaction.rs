//! Sign-ins under way, and what comes of them.

use crate::state::{experience::Experience, factors::Challenge, params::Params};

/// What a user lets an application have; a code or a refresh token stands for it.
#[derive(Clone, Default)]
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
    /// What the session calls the application.
    pub(crate) sid: Option<String>,
    /// In seconds; told where it was asked for.
    pub(crate) signed_in_at: Option<u64>,
}

impl Authorization {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|s| s == scope)
    }
}

/// What the user is to do next.
#[derive(Clone)]
pub(crate) enum Prompt {
    /// Sign in; the Experience API's interaction, once it has been started.
    Login(Option<Experience>),
    /// Agree, as the user who has signed in.
    Consent { user_id: String, given: bool },
}

#[derive(Clone)]
pub(crate) struct Interaction {
    pub(crate) app_id: String,
    pub(crate) params: Params,
    pub(crate) prompt: Prompt,
    /// What its page has asked all passkeys.
    pub(crate) passkey: Option<Challenge>,
    /// The code of the device that it is for.
    pub(crate) user_code: Option<String>,
}

impl Interaction {
    pub(crate) fn new(app_id: &str, params: Params, prompt: Prompt) -> Self {
        Self { app_id: app_id.to_owned(), params, prompt, passkey: None, user_code: None }
    }

    /// Where the browser goes on with it.
    pub(crate) fn path(&self, uid: &str) -> String {
        match self.user_code {
            Some(_) => format!("/oidc/device/{uid}"),
            None => format!("/oidc/auth/{uid}"),
        }
    }
}
