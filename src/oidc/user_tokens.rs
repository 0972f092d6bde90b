//! The tokens of a signed-in user.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{Method, Url};

use super::{
    IdTokenClaims, StoredTokens, TokenRequest, UserInfo,
    grant::{Grant, Target, other_user},
    id_token::{self, Expected},
    refresh_token_source::RefreshTokenSource,
};
use crate::{
    AccessToken, Client, Result, Timestamp,
    auth::{Bearer, Credentials, TokenCache},
    setters::{IntoScope, IntoText},
};

/// The tokens of a signed-in user.
///
/// They do not change; [`refresh`](Self::refresh) returns new ones, and [`client`](Self::client) a
/// [`Client`] that refreshes its own. Everything derived from one sign-in shares its refresh token,
/// including its rotations. `Debug` shows no tokens.
///
/// ```no_run
/// # async fn run(tokens: logto_api::sign_in::UserTokens) -> logto_api::Result<()> {
/// if let Some(claims) = tokens.claims() {
///     println!("{} signed in", claims.user.sub);
/// }
/// let orders = tokens.for_resource("https://api.acme.com").access_token().await?;
/// println!("a token for {:?}", orders.lifetime());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct UserTokens(Arc<Held>);

struct Held {
    set: StoredTokens,
    access_token: AccessToken,
    claims: Option<IdTokenClaims>,
    /// A client that acts as the user.
    user: Client,
    grant: Arc<Grant>,
}

impl UserTokens {
    /// The current tokens of a grant, with the claims of its ID token.
    pub(super) fn first(grant: Arc<Grant>, claims: Option<IdTokenClaims>) -> Self {
        let user = client(&grant, Target::default());
        Self::new(grant, user, claims)
    }

    fn new(grant: Arc<Grant>, user: Client, claims: Option<IdTokenClaims>) -> Self {
        let set = grant.newest().without_api_tokens();
        let lifetime = set.expires_at.since(grant.client.clock().wall_time());
        let scope = Some(set.scope.as_str()).filter(|scope| !scope.is_empty());
        let access_token = AccessToken::new(&set.access_token).expires_in(lifetime).of_scope(scope);
        Self(Arc::new(Held { set, access_token, claims, user, grant }))
    }

    /// The access token for Logto itself: its userinfo endpoint and its Account API. For other
    /// APIs, use [`for_resource`](Self::for_resource).
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// When the access token expires.
    pub fn expires_at(&self) -> Timestamp {
        self.0.set.expires_at
    }

    /// The remaining lifetime of the access token; zero if it has expired.
    pub fn expires_in(&self) -> Duration {
        self.expires_at().since(self.0.grant.client.clock().wall_time())
    }

    /// The current refresh token, including rotations. It is issued if the scope `offline_access`
    /// was granted, or if the application always gets one.
    pub fn refresh_token(&self) -> Option<String> {
        self.0.grant.newest().refresh_token.clone()
    }

    /// The ID token, which has been validated.
    pub fn id_token(&self) -> Option<&str> {
        self.0.set.id_token.as_deref()
    }

    /// The claims of the ID token, which is issued if the scope `openid` was granted.
    pub fn claims(&self) -> Option<&IdTokenClaims> {
        self.0.claims.as_ref()
    }

    /// The granted scopes, separated by spaces.
    pub fn scope(&self) -> &str {
        &self.0.set.scope
    }

    /// The id of the application that the user signed in to.
    pub fn client_id(&self) -> &str {
        &self.0.set.client_id
    }

    /// Refreshes the tokens. The new ID token has the current data of the user.
    ///
    /// # Errors
    ///
    /// When there is no refresh token, or the user's session has ended: let the user sign in again
    /// ([`Error::is_sign_in_required`](crate::Error::is_sign_in_required)). When the new ID token
    /// is invalid ([`Error::is_invalid_token`](crate::Error::is_invalid_token)). When no response
    /// arrived ([`Error::is_auth`](crate::Error::is_auth)): the request is retried within 2.5
    /// seconds, but not later, because Logto ends the session when a replaced refresh token is used
    /// late. The existing tokens remain valid until they expire, and the next refresh tries again.
    pub async fn refresh(&self) -> Result<Self> {
        let grant = &self.0.grant;
        let granted = grant.renew(Target::default()).await?;
        let claims = match &granted.id_token {
            None => self.kept_claims()?,
            Some(token) => {
                let subject = self.claims().map(|claims| claims.user.sub.as_str());
                let expected = Expected {
                    issuer: None,
                    client_id: self.client_id(),
                    nonce: None,
                    subject,
                    access_token: Some(granted.token.bearer.token()),
                    max_age: None,
                };
                let claims = id_token::validate(&grant.client, token, &expected).await?;
                grant.keep_id_token(token).await;
                Some(claims)
            }
        };
        Ok(Self::new(grant.clone(), self.0.user.clone(), claims))
    }

    /// The claims of the newest ID token, which another process may have got.
    fn kept_claims(&self) -> Result<Option<IdTokenClaims>> {
        let newest = self.0.grant.newest().id_token.clone();
        let claims = newest.as_deref().map(id_token::read_again).transpose()?;
        match (&claims, self.claims()) {
            (Some(found), Some(own)) if found.user.sub != own.user.sub => Err(other_user()),
            (None, _) => Ok(self.0.claims.clone()),
            _ => Ok(claims),
        }
    }

    /// Requests an access token for an API of yours, by its resource indicator. The authorization
    /// request must have included the resource.
    pub fn for_resource(&self, resource: impl IntoText) -> TokenRequest {
        TokenRequest::new(self).resource(resource)
    }

    /// Requests an access token for Logto itself with fewer scopes than were granted at sign-in,
    /// separated by spaces, to pass on. The user's own tokens remain unchanged.
    pub fn for_scope<Kind>(&self, scope: impl IntoScope<Kind>) -> TokenRequest {
        TokenRequest::new(self).scope(scope)
    }

    /// Requests an access token in an organization: an organization token or, with a resource, a
    /// token for that API with the permissions that the organization grants. The scope
    /// `urn:logto:scope:organizations` must be granted. For an organization token, the
    /// authorization request must also have included the resource
    /// `urn:logto:resource:organizations`, or the token has no permissions.
    pub fn for_organization(&self, organization_id: impl IntoText) -> TokenRequest {
        TokenRequest::new(self).organization(organization_id)
    }

    /// Requests the user's current data, as far as the scopes allow. An expired access token is
    /// refreshed first.
    ///
    /// # Errors
    ///
    /// As for any call. In addition, a response about another user is rejected
    /// ([`Error::is_invalid_token`](crate::Error::is_invalid_token)).
    pub async fn user_info(&self) -> Result<UserInfo> {
        let user = &self.0.user;
        let token = user.access_token().await?;
        let info = match user_info(user, &token).await {
            Err(error) if error.is_unauthorized() => {
                let bearer = Bearer::new(token.secret())?;
                let renews = self.refresh_token().is_some();
                match renews && user.credentials().discard(&bearer) {
                    true => user_info(user, &user.access_token().await?).await?,
                    false if renews => return Err(error),
                    false => return Err(error.requiring_sign_in()),
                }
            }
            outcome => outcome?,
        };
        match self.claims() {
            Some(claims) if claims.user.sub != info.sub => Err(other_user()),
            _ => Ok(info),
        }
    }

    /// A client that acts as the user, for the Account API. Its token is refreshed as long as the
    /// refresh token is valid.
    pub fn client(&self) -> Client {
        self.0.user.clone()
    }

    /// The Account API, on behalf of the user.
    ///
    /// ```no_run
    /// # async fn run(tokens: logto_api::sign_in::UserTokens) -> logto_api::Result<()> {
    /// let profile = tokens.account().get().send().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "account")]
    pub fn account(&self) -> crate::account::Account {
        self.0.user.account()
    }

    /// The part of the Account API that verifies the user's identity, on behalf of the user. Other
    /// parts need a [`VerificationRecordId`](crate::VerificationRecordId) from it.
    ///
    /// ```no_run
    /// # async fn run(tokens: logto_api::sign_in::UserTokens) -> logto_api::Result<()> {
    /// let record = tokens.verifications().verify_password("correct horse").send().await?;
    /// tokens.account().update_password("battery staple", &record).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "account")]
    pub fn verifications(&self) -> crate::verifications::Verifications {
        self.0.user.verifications()
    }

    /// Revokes the refresh token, or the access token if there is none. Logto revokes the whole
    /// grant with it: all refresh tokens and opaque access tokens of this application's sign-ins in
    /// the same browser, which share one grant.
    ///
    /// Everything derived from this sign-in stops returning tokens: every use returns an error that
    /// the user has to sign in again
    /// ([`Error::is_sign_in_required`](crate::Error::is_sign_in_required)). Tokens for APIs and
    /// organizations that were issued already are JWTs, which cannot be revoked: they remain valid
    /// until they expire. The user's session with Logto continues: it ends at
    /// [`sign_out_url`](Self::sign_out_url), or with [`end_session`](Self::end_session).
    ///
    /// # Errors
    ///
    /// When Logto rejects the application's credentials, or cannot be reached
    /// ([`Error::is_auth`](crate::Error::is_auth)).
    pub async fn revoke(&self) -> Result<()> {
        self.0.grant.revoke().await
    }

    /// The URL to send the user's browser to, to end the session with Logto after a sign-in on
    /// Logto's own pages. After a sign-in on your own pages, the browser has none of Logto's
    /// cookies there: use [`sign_out`](Self::sign_out) with the cookies that you have stored.
    ///
    /// Logto redirects the browser to `post_logout_redirect_uri`, which has to be registered with
    /// the application. The URL contains no token. Tokens with the scope `offline_access` outlive
    /// the session: [revoke](Self::revoke) them first.
    ///
    /// # Errors
    ///
    /// None that depend on the argument.
    pub fn sign_out_url(&self, post_logout_redirect_uri: Option<&str>) -> Result<Url> {
        let mut url = self.0.grant.client.target().public_join("/oidc/session/end")?;
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", self.client_id());
        if let Some(uri) = post_logout_redirect_uri {
            query.append_pair("post_logout_redirect_uri", uri);
        }
        drop(query);
        Ok(url)
    }

    /// The tokens in serializable form: the newest ones, including those that a client has
    /// refreshed. Restore them with [`StoredTokens::restore`].
    pub fn to_stored(&self) -> StoredTokens {
        self.0.grant.newest().without_api_tokens()
    }

    /// Calls `observer` with every change of the tokens from now on: refreshed, rotated, revoked,
    /// or found to have expired, by anything derived from this sign-in. It replaces an earlier
    /// observer.
    ///
    /// It is called before the new tokens are used, on the task that got them: pass them on to what
    /// stores them, and do not block.
    ///
    /// ```no_run
    /// # fn run(tokens: logto_api::sign_in::UserTokens) {
    /// let (changed, mut keep) = tokio::sync::mpsc::unbounded_channel();
    /// tokens.on_change(move |set| drop(changed.send(set.clone())));
    /// tokio::spawn(async move {
    ///     while let Some(set) = keep.recv().await {
    ///         // Put it where the session is kept.
    ///     }
    /// });
    /// # }
    /// ```
    pub fn on_change(&self, observer: impl Fn(&StoredTokens) + Send + Sync + 'static) {
        self.0.grant.observe(Arc::new(observer));
    }

    /// A client without credentials.
    pub(crate) fn plain_client(&self) -> &Client {
        &self.0.grant.client
    }

    pub(super) fn grant(&self) -> &Arc<Grant> {
        &self.0.grant
    }
}

/// A client that acts as the user.
pub(super) fn client(grant: &Arc<Grant>, target: Target) -> Client {
    let source = RefreshTokenSource::new(grant.clone(), target);
    let tokens = TokenCache::new(source, grant.client.retries().clone());
    grant.client.with_credentials(Credentials::Anyone(tokens))
}

async fn user_info(client: &Client, token: &AccessToken) -> Result<UserInfo> {
    let request = client.request(Method::GET, "/oidc/me").token(token.secret());
    request.send().await?.json()
}

impl fmt::Debug for UserTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("set", &self.0.set)
            .field("claims", &self.0.claims)
            .finish_non_exhaustive()
    }
}
