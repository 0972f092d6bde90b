//! A user's access tokens for APIs and organizations, beside those for Logto itself: the processes of
//! a fleet share them as well.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{StoredTokens, grant::Target};
use crate::{
    Timestamp,
    auth::{Fetched, Granted},
    error::AuthFailure,
};

/// How many of a session's are kept, of some thousand bytes each.
const CAPACITY: usize = 32;

/// A token, and what was asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ApiToken {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_scope: Option<String>,
    access_token: String,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl ApiToken {
    fn is_for(&self, target: &Target) -> bool {
        self.resource == target.wanted.resource
            && self.organization == target.organization
            && self.asked_scope == target.wanted.scope
    }
}

impl StoredTokens {
    /// The token for this target, if there is one.
    pub(super) fn api_token(
        &self,
        target: &Target,
        now: SystemTime,
    ) -> Option<Result<Granted, AuthFailure>> {
        let kept = self.api_tokens.iter().find(|kept| kept.is_for(target))?;
        let lifetime = kept.expires_at.since(now);
        let fetched = Fetched::kept(&kept.access_token, lifetime, kept.scope.clone());
        Some(fetched.map(|token| {
            let scope = token.scope.clone();
            Granted { token, scope, refresh_token: None, id_token: None }
        }))
    }

    /// Keeps a token for this target, in place of one that expires soonest where there are many.
    pub(super) fn keep_api_token(
        &mut self,
        target: &Target,
        granted: &Granted,
        asked_at: SystemTime,
    ) {
        let now = Timestamp::from(asked_at);
        self.api_tokens.retain(|kept| kept.expires_at > now && !kept.is_for(target));
        self.api_tokens.push(ApiToken {
            resource: target.wanted.resource.clone(),
            organization: target.organization.clone(),
            asked_scope: target.wanted.scope.clone(),
            access_token: granted.token.bearer.token().to_owned(),
            expires_at: granted.token.expires_at(asked_at),
            scope: granted.token.scope.clone(),
        });
        if self.api_tokens.len() > CAPACITY {
            self.api_tokens.sort_by_key(|kept| kept.expires_at);
            self.api_tokens.remove(0);
        }
    }

    /// The same without them: they are the store's, and no part of what an application keeps.
    pub(super) fn without_api_tokens(&self) -> Self {
        Self { api_tokens: Vec::new(), ..self.clone() }
    }
}
