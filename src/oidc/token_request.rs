//! A user's tokens for other APIs, and in organizations.

use std::sync::Arc;

use super::{
    UserTokens,
    grant::{Grant, Target},
    user_tokens::client,
};
use crate::{
    AccessToken, Client, Error, Result,
    error::{AuthFailure, INSUFFICIENT},
    setters::{IntoScope, IntoText},
};

/// The resource that an authorization request names for permissions in organizations.
const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

/// A request for a user's access token for an API or an organization, made by
/// [`UserTokens::for_resource`] and [`UserTokens::for_organization`].
///
/// The token is requested with the refresh token.
///
/// ```no_run
/// # async fn run(tokens: logto_api::sign_in::UserTokens) -> logto_api::Result<()> {
/// let acme = tokens.for_organization("organization-id");
/// let token = acme.resource("https://api.acme.com").scope("read:orders").access_token().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a token request does nothing until it is sent"]
pub struct TokenRequest {
    grant: Arc<Grant>,
    target: Target,
}

impl TokenRequest {
    pub(super) fn new(tokens: &UserTokens) -> Self {
        Self { grant: tokens.grant().clone(), target: Target::default() }
    }

    /// The resource indicator of the API that the token is for. The authorization request must have
    /// included it.
    pub fn resource(mut self, resource: impl IntoText) -> Self {
        self.target.wanted.resource = Some(resource.into_text());
        self
    }

    /// The organization that the user acts in.
    pub fn organization(mut self, organization_id: impl IntoText) -> Self {
        self.target.organization = Some(organization_id.into_text());
        self
    }

    /// The scopes to request, separated by spaces. By default, the token has all scopes that were
    /// granted at sign-in, which may be none. A token that lacks a requested scope is rejected with
    /// an error that [`is_insufficient_scope`](Error::is_insufficient_scope).
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.target.wanted.scope = Some(scope.into_scope());
        self
    }

    /// Accepts tokens that lack some or all of the requested scopes; [`AccessToken::scope`] has the
    /// granted ones.
    pub fn allow_fewer_scopes(mut self) -> Self {
        self.target.wanted.allow_fewer = true;
        self
    }

    /// Requests the token. Each call requests another one: keep it for its
    /// [`lifetime`](AccessToken::lifetime), or let a [`client`](Self::client) do so. Where processes share
    /// the session ([`UserSessions`](crate::sign_in::UserSessions)), it is kept there, and requested
    /// when it expires.
    ///
    /// # Errors
    ///
    /// When a parameter is empty, when there is no refresh token, and when Logto issues no such
    /// token ([`Error::is_auth`]; the message says what to check).
    pub async fn access_token(self) -> Result<AccessToken> {
        let request = self.checked()?;
        let token = request.grant.renew(request.target).await?.token;
        let access_token = AccessToken::new(token.bearer.token()).of_scope(token.scope.as_deref());
        Ok(match token.lifetime {
            Some(lifetime) => access_token.expires_in(lifetime),
            None => access_token,
        })
    }

    /// A client that acts as the user with such tokens, which it caches and refreshes;
    /// [`Client::access_token`] returns them. For the Management API it needs that API's resource,
    /// and a user with an organization role that has its permissions: Logto grants them to no other
    /// role.
    ///
    /// # Errors
    ///
    /// When a parameter is empty, and the errors of [`access_token`](Self::access_token) that are
    /// known in advance. Nothing is sent yet.
    pub fn client(self) -> Result<Client> {
        let request = self.checked()?;
        Ok(client(&request.grant, request.target))
    }

    /// Validates the request, and rejects it if Logto is known to reject it, or to issue a token
    /// without permissions.
    fn checked(mut self) -> Result<Self> {
        self.check_values()?;
        let named = |wanted: &str| {
            let newest = self.grant.newest();
            newest.resources.as_ref().map(|named| named.iter().any(|name| name == wanted))
        };
        let Target { organization, wanted } = &self.target;
        match (&wanted.resource, organization) {
            (Some(resource), _) if named(resource) == Some(false) => {
                return Err(Error::auth(not_named(resource)));
            }
            (None, Some(_)) if named(ORGANIZATIONS) == Some(false) && !wanted.allow_fewer => {
                return Err(Error::auth(without_permissions()));
            }
            _ => {}
        }
        // An organization token tells what the user may do there, and little else.
        self.target.wanted.require_any = wanted.resource.is_none() && wanted.scope.is_none();
        Ok(self)
    }

    fn check_values(&self) -> Result<()> {
        let Target { organization, wanted } = &self.target;
        for (what, value) in [
            ("organization's id", organization),
            ("resource", &wanted.resource),
            ("scope", &wanted.scope),
        ] {
            if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
                return Err(Error::config(format!("the {what} is empty")));
            }
        }
        Ok(())
    }
}

/// Logto would reject it too, and consume the refresh token.
fn not_named(resource: &str) -> AuthFailure {
    AuthFailure::rejected_locally(
        format!("the resource `{resource}` was not named when the user signed in:"),
        "invalid_target",
        "name it with `resource(…)` in the authorization request; nothing was sent",
    )
}

fn without_permissions() -> AuthFailure {
    AuthFailure::rejected_locally(
        format!(
            "the resource `{ORGANIZATIONS}` was not named when the user signed in, so an \
             organization token would have no permission:"
        ),
        INSUFFICIENT,
        "name it with `resource(…)` in the authorization request, with the scope \
         `urn:logto:scope:organizations` and the permissions, or accept a token without any with \
         `allow_fewer_scopes()`; nothing was sent",
    )
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest")
            .field("organization", &self.target.organization)
            .field("resource", &self.target.wanted.resource)
            .field("scope", &self.target.wanted.scope)
            .finish_non_exhaustive()
    }
}
