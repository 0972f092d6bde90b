//! The tokens of a user who has signed in.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{Method, Url};

use super::{
    IdTokenClaims, StoredTokens, TokenRequest, UserInfo,
    grant::{Grant, RefreshTokenSource, Target, lifetime, other_user},
    id_token::{self, Expected},
};
use crate::{
    AccessToken, Client, Result, Timestamp,
    auth::{Bearer, Credentials, TokenCache},
    setters::{IntoScope, IntoText},
};

/// The tokens of a user who has signed in.
///
/// They stay as they are; [`refresh`](Self::refresh) gives new ones, and [`client`](Self::client)
/// a [`Client`] that renews its own. All that comes of one sign-in shares its refresh token: when
/// Logto rotates it, all know. `Debug` shows no tokens.
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
    /// The tokens that a grant has now, with the claims of its ID token.
    pub(super) fn first(grant: Arc<Grant>, claims: Option<IdTokenClaims>) -> Self {
        let user = client(&grant, Target::default());
        Self::new(grant, user, claims)
    }

    fn new(grant: Arc<Grant>, user: Client, claims: Option<IdTokenClaims>) -> Self {
        let set = grant.newest().clone();
        let lifetime = lifetime(set.expires_at, grant.client.clock().wall_time());
        let scope = Some(set.scope.as_str()).filter(|scope| !scope.is_empty());
        let access_token = AccessToken::new(&set.access_token).expires_in(lifetime).of_scope(scope);
        Self(Arc::new(Held { set, access_token, claims, user, grant }))
    }

    /// The access token. It is for Logto itself: its userinfo endpoint and its Account API. For
    /// other APIs there is [`for_resource`](Self::for_resource).
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// When the access token ends.
    pub fn expires_at(&self) -> Timestamp {
        self.0.set.expires_at
    }

    /// How much is left of the access token's life; zero when it is over.
    pub fn expires_in(&self) -> Duration {
        lifetime(self.expires_at(), self.0.grant.client.clock().wall_time())
    }

    /// The refresh token that is good now, also when it has been rotated since. There is one if the
    /// scope `offline_access` was granted, or the application always gets one.
    pub fn refresh_token(&self) -> Option<String> {
        self.0.grant.newest().refresh_token.clone()
    }

    /// The ID token as it came, which has been validated.
    pub fn id_token(&self) -> Option<&str> {
        self.0.set.id_token.as_deref()
    }

    /// What the ID token says: who signed in. There is one if the scope `openid` was granted.
    pub fn claims(&self) -> Option<&IdTokenClaims> {
        self.0.claims.as_ref()
    }

    /// The scopes that were granted, with spaces between them.
    pub fn scope(&self) -> &str {
        &self.0.set.scope
    }

    /// The id of the application that the user signed in to.
    pub fn client_id(&self) -> &str {
        &self.0.set.client_id
    }

    /// New tokens, by the refresh token. Logto puts what it knows of the user by now in the ID
    /// token.
    ///
    /// # Errors
    ///
    /// When there is no refresh token, or the user's session is over: have the user sign in again
    /// ([`Error::is_sign_in_required`](crate::Error::is_sign_in_required)). When the new ID token is
    /// not to be trusted ([`Error::is_invalid_token`](crate::Error::is_invalid_token)). When no
    /// answer came ([`Error::is_auth`](crate::Error::is_auth)): within 2.5 seconds it is asked for
    /// again, but not later, for Logto ends the session when a refresh token that it has replaced
    /// comes late. What there is goes on until it expires, and the next refresh is a try.
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

    /// Asks for a token of the user's for an API of your own, by its resource indicator. The
    /// authorization request has to name the resource already.
    pub fn for_resource(&self, resource: impl IntoText) -> TokenRequest {
        TokenRequest::new(self).resource(resource)
    }

    /// Asks for a token for Logto itself with less than was granted when the user signed in: some
    /// of its scopes, with spaces between them. It is for handing out; the user's own tokens stay.
    pub fn for_scope<Kind>(&self, scope: impl IntoScope<Kind>) -> TokenRequest {
        TokenRequest::new(self).scope(scope)
    }

    /// Asks for a token of the user's in an organization: an organization token, or with a
    /// resource, a token for that API with the permissions that the organization gives. The scope
    /// `urn:logto:scope:organizations` has to be granted; for an organization token, the
    /// authorization request has to name the resource `urn:logto:resource:organizations` as well,
    /// or the token has no permission.
    pub fn for_organization(&self, organization_id: impl IntoText) -> TokenRequest {
        TokenRequest::new(self).organization(organization_id)
    }

    /// What Logto knows of the user now, as far as the scopes allow. An access token that is over
    /// is renewed before.
    ///
    /// # Errors
    ///
    /// As of any call; besides, what is about another user than the one who signed in is refused
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

    /// A client that acts as the user, for the Account API. Its token is renewed for as long as
    /// there is a refresh token that is good.
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

    /// The part of the Account API that proves who the user is, on behalf of the user: what other
    /// parts need a [`VerificationRecordId`](crate::VerificationRecordId) for.
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

    /// Has the refresh token revoked, or the access token where there is none. Logto takes the whole
    /// grant back with it: all refresh tokens and opaque access tokens of this application's
    /// sign-ins in the same browser, which share one.
    ///
    /// What came of this sign-in hands out no token any more: every use says that the user has to
    /// sign in again ([`Error::is_sign_in_required`](crate::Error::is_sign_in_required)). Tokens
    /// for APIs and organizations that are out already are JWTs, which nobody can call back: they
    /// are good until they expire. The user's session with Logto goes on: it ends at
    /// [`sign_out_url`](Self::sign_out_url), or with [`end_session`](Self::end_session).
    ///
    /// # Errors
    ///
    /// When Logto does not take the application's credentials, or cannot be reached
    /// ([`Error::is_auth`](crate::Error::is_auth)).
    pub async fn revoke(&self) -> Result<()> {
        self.0.grant.revoke().await
    }

    /// Where to send the user's browser to end their session with Logto, after a sign-in on
    /// Logto's own pages. After one on pages of your own, the browser has none of Logto's cookies
    /// there: [`sign_out`](Self::sign_out) does it with those that you have kept.
    ///
    /// From there it comes back to `post_logout_redirect_uri`, which has to be one of the
    /// application's. The address holds no token. Tokens with the scope `offline_access` outlive
    /// the session: [revoke](Self::revoke) them first.
    ///
    /// # Errors
    ///
    /// None that depend on what is given.
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

    /// The tokens to keep between requests: the newest ones, also those that a client has renewed
    /// behind your back. [`StoredTokens::restore`] is the way back.
    pub fn to_stored(&self) -> StoredTokens {
        self.0.grant.newest().clone()
    }

    /// Tells of every change of the tokens from now on: renewed, rotated, revoked, or found to be
    /// over, by whatever came of this sign-in. The last one to ask is told.
    ///
    /// It is called before anyone uses the new tokens, on the task that got them: hand them to
    /// whatever keeps them, and do not wait there.
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

    /// A client that acts for nobody.
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
