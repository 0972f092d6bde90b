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

/// What an authorization request names for permissions in organizations.
const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

/// A token of a user's for an API or in an organization: what [`UserTokens::for_resource`] and
/// [`UserTokens::for_organization`] return.
///
/// It is had by the refresh token.
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

    /// The resource indicator of the API that the token is for. The authorization request has to
    /// name it already.
    pub fn resource(mut self, resource: impl IntoText) -> Self {
        self.target.wanted.resource = Some(resource.into_text());
        self
    }

    /// The organization that the user acts in.
    pub fn organization(mut self, organization_id: impl IntoText) -> Self {
        self.target.organization = Some(organization_id.into_text());
        self
    }

    /// The scope of the token: permissions, with spaces between them. Without, it has all that
    /// were granted when the user signed in, which may be none. A token that lacks one of them is
    /// refused with an error that [`is_insufficient_scope`](Error::is_insufficient_scope).
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.target.wanted.scope = Some(scope.into_scope());
        self
    }

    /// Takes tokens that lack some or all of what was asked for; [`AccessToken::scope`] tells what
    /// was granted.
    pub fn allow_fewer_scopes(mut self) -> Self {
        self.target.wanted.allow_fewer = true;
        self
    }

    /// The token. Each call asks for another: keep it for as long as its
    /// [`lifetime`](AccessToken::lifetime), or have a [`client`](Self::client) do so.
    ///
    /// # Errors
    ///
    /// When what was given is empty, when there is no refresh token, and when Logto gives no such
    /// token ([`Error::is_auth`]; its text says what to check).
    pub async fn access_token(self) -> Result<AccessToken> {
        let request = self.checked()?;
        let token = request.grant.renew(request.target).await?.token;
        let access_token = AccessToken::new(token.bearer.token()).of_scope(token.scope.as_deref());
        Ok(match token.lifetime {
            Some(lifetime) => access_token.expires_in(lifetime),
            None => access_token,
        })
    }

    /// A client that acts as the user with such tokens, which it keeps and renews;
    /// [`Client::access_token`] gives them to you. For the Management API it takes that API's
    /// resource, and a user with an organization role that has its permissions: Logto lets no
    /// other role have them.
    ///
    /// # Errors
    ///
    /// When what was given is empty, and as those of [`access_token`](Self::access_token) as far as
    /// they are known beforehand. Nothing is sent yet.
    pub fn client(self) -> Result<Client> {
        let request = self.checked()?;
        Ok(client(&request.grant, request.target))
    }

    /// The same, unless it is known that Logto would refuse it, or give a token without any
    /// permission.
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

/// Logto would say the same, and use the refresh token up over it.
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
            "the resource `{ORGANIZATIONS}` was not named when the user signed in, so that an \
             organization token would have no permission:"
        ),
        INSUFFICIENT,
        "name it with `resource(…)` in the authorization request, with the scope \
         `urn:logto:scope:organizations` and the permissions, or take a token without any with \
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
