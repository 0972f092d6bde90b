//! Grants that use an application's credentials.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

#[cfg(feature = "sign-in")]
use super::SendCondition;
use super::{
    endpoint::{Granted, Parameter, TokenEndpoint},
    scope,
    shared::Shared,
    source::{Fetched, Pending, TokenSource},
};
use crate::{auth::TokenCache, error::AuthFailure, http::retry::Retries, store::SharedStore};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Logto takes its subject tokens by this name too, in every version.
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const PERSONAL_ACCESS_TOKEN: &str = "urn:logto:token-type:personal_access_token";

/// The parameters of a token request.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenParameters {
    pub(crate) resource: Option<String>,
    pub(crate) scope: Option<String>,
    /// Whether the scope may be granted in part.
    pub(crate) allow_fewer: bool,
    /// Whether a token without any permission is rejected.
    pub(crate) require_any: bool,
}

impl TokenParameters {
    /// The parameters for an application's own token. An empty resource or scope is omitted.
    pub(crate) fn of_app(resource: String, scope: Option<String>, allow_fewer: bool) -> Self {
        let scope = scope.or_else(|| default_scope(&resource));
        let given = |value: String| Some(value).filter(|value| !value.trim().is_empty());
        let require_any = scope.is_none();
        Self { resource: given(resource), scope: scope.and_then(given), allow_fewer, require_any }
    }

    async fn ask<'a>(
        &'a self,
        endpoint: &TokenEndpoint,
        grant: &[Parameter<'a>],
    ) -> Result<Fetched, AuthFailure> {
        let granted = self.ask_unchecked(endpoint, grant).await?;
        self.check(&granted)?;
        Ok(granted.token)
    }

    /// Requests a token, which may have fewer scopes than requested.
    pub(crate) async fn ask_unchecked<'a>(
        &'a self,
        endpoint: &TokenEndpoint,
        grant: &[Parameter<'a>],
    ) -> Result<Granted, AuthFailure> {
        endpoint.ask(&self.form(grant)).await
    }

    fn form<'a>(&'a self, grant: &[Parameter<'a>]) -> Vec<Parameter<'a>> {
        let mut form = grant.to_vec();
        let optional = [("resource", &self.resource), ("scope", &self.scope)];
        for (name, value) in optional {
            form.extend(value.as_deref().map(|value| (name, value)));
        }
        form
    }

    /// As [`ask_unchecked`](Self::ask_unchecked), if the condition holds when the request is sent.
    #[cfg(feature = "sign-in")]
    pub(crate) async fn ask_if<'a>(
        &'a self,
        condition: Option<&SendCondition>,
        endpoint: &TokenEndpoint,
        grant: &[Parameter<'a>],
    ) -> Result<Granted, AuthFailure> {
        endpoint.ask_if(condition, &self.form(grant)).await
    }

    pub(crate) fn check(&self, granted: &Granted) -> Result<(), AuthFailure> {
        match &self.scope {
            _ if self.allow_fewer => Ok(()),
            Some(asked) => scope::check(asked, self.resource.as_deref(), granted),
            None if self.require_any => scope::check_any(granted),
            None => Ok(()),
        }
    }
}

/// The only permission of the Management API, whose resource has this address for every tenant.
fn default_scope(resource: &str) -> Option<String> {
    let tenant = resource.strip_suffix("/api").and_then(|origin| origin.strip_suffix(".logto.app"));
    tenant.is_some().then(|| "all".to_owned())
}

/// The application's own tokens, for itself or in an organization.
#[derive(Debug)]
pub(crate) struct ClientCredentials {
    pub(crate) endpoint: Arc<TokenEndpoint>,
    pub(crate) organization: Option<String>,
    pub(crate) wanted: TokenParameters,
}

impl ClientCredentials {
    /// Keeps the tokens, where there is a store for other processes as well.
    pub(crate) fn cached(self, store: Option<SharedStore>, retries: Retries) -> TokenCache {
        match store {
            None => TokenCache::new(self, retries),
            Some(store) => {
                let (key, clock) = (self.key(), retries.clock.clone());
                TokenCache::new(Shared::new(self, store, key, clock), retries)
            }
        }
    }

    /// What no others have that get other tokens.
    fn key(&self) -> String {
        let Self { endpoint, organization, wanted } = self;
        let (url, id) = (endpoint.url.as_str(), &endpoint.app_id);
        let TokenParameters { resource, scope, allow_fewer, require_any } = wanted;
        let parts =
            serde_json::json!([url, id, organization, resource, scope, allow_fewer, require_any]);
        format!("app:{parts}")
    }
}

impl TokenSource for ClientCredentials {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(async {
            let mut grant = vec![("grant_type", "client_credentials")];
            grant.extend(self.organization.as_deref().map(|id| ("organization_id", id)));
            self.wanted.ask(&self.endpoint, &grant).await
        })
    }
}

/// A token exchange (RFC 8693), without the subject token.
#[derive(Debug)]
pub(crate) struct TokenExchange {
    pub(crate) endpoint: Arc<TokenEndpoint>,
    pub(crate) organization: Option<String>,
    pub(crate) actor_token: Option<Secret>,
    pub(crate) wanted: TokenParameters,
}

/// A string that `Debug` does not show.
pub(crate) struct Secret(pub(crate) String);

impl TokenExchange {
    pub(crate) async fn for_subject(
        &self,
        subject: &str,
        kind: &str,
    ) -> Result<Fetched, AuthFailure> {
        let mut grant = vec![
            ("grant_type", EXCHANGE),
            ("subject_token", subject),
            ("subject_token_type", kind),
        ];
        grant.extend(self.organization.as_deref().map(|id| ("organization_id", id)));
        if let Some(Secret(token)) = &self.actor_token {
            grant.extend([("actor_token", token.as_str()), ("actor_token_type", ACCESS_TOKEN)]);
        }
        self.wanted.ask(&self.endpoint, &grant).await
    }
}

/// The one token for which a subject token that was created elsewhere can be exchanged.
#[derive(Debug)]
pub(crate) struct SubjectTokenExchange {
    /// `None` after the exchange.
    pub(crate) subject_token: Mutex<Option<Secret>>,
    pub(crate) exchange: TokenExchange,
}

impl TokenSource for SubjectTokenExchange {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(async {
            let kept = || self.subject_token.lock().unwrap_or_else(PoisonError::into_inner);
            let subject_token = kept().as_ref().map(|Secret(token)| token.clone());
            let Some(subject_token) = subject_token else {
                return Err(AuthFailure::new(
                    "the subject token has been exchanged already, and the user's token that it \
                     gave has expired: get another subject token, or use `as_user(…)`, which does",
                ));
            };
            let fetched = self.exchange.for_subject(&subject_token, ACCESS_TOKEN).await?;
            *kept() = None;
            Ok(fetched)
        })
    }

    fn renews(&self) -> bool {
        false
    }
}

/// Tokens for a personal access token, which can be exchanged until it expires.
#[derive(Debug)]
pub(crate) struct PersonalAccessToken {
    pub(crate) token: Secret,
    pub(crate) exchange: TokenExchange,
}

impl TokenSource for PersonalAccessToken {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(self.exchange.for_subject(&self.token.0, PERSONAL_ACCESS_TOKEN))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
