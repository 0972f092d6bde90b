//! What a user's tokens are renewed with.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{App, TokenSet};
use crate::{
    Client, Error, Result, Timestamp,
    auth::{
        AuthFailure, Bearer, Fetched, Granted, Pending, Source, TokenEndpoint, Wanted, attempts,
    },
    trace,
};

/// What one sign-in of a user gave leave for. All tokens and clients that come of it share one,
/// for a refresh token may be good once: Logto ends the user's session when one is used again.
pub(super) struct Grant {
    /// A client that acts for nobody.
    pub(super) client: Client,
    endpoint: TokenEndpoint,
    newest: Mutex<TokenSet>,
    /// Held while the refresh token is in use.
    turn: tokio::sync::Mutex<()>,
}

/// What tokens are asked for.
#[derive(Clone, Default)]
pub(super) struct Target {
    pub(super) organization: Option<String>,
    pub(super) wanted: Wanted,
}

impl Target {
    /// Whether these are the tokens that a sign-in gives by itself.
    fn is_default(&self) -> bool {
        self.organization.is_none() && self.wanted.resource.is_none() && self.wanted.scope.is_none()
    }
}

impl Grant {
    pub(super) fn new(client: &Client, app: &App, newest: TokenSet) -> Result<Arc<Self>> {
        let (id, secret) = (app.client_id.clone(), app.secret.clone());
        Ok(Arc::new(Self {
            client: client.anonymous(),
            endpoint: TokenEndpoint::of_users(client, id, secret)?,
            newest: Mutex::new(newest),
            turn: tokio::sync::Mutex::default(),
        }))
    }

    /// The newest tokens, whoever had them renewed.
    pub(super) fn newest(&self) -> MutexGuard<'_, TokenSet> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for tokens. It runs to its end even if nobody waits for it any more: the answer may
    /// hold the only refresh token that is good.
    pub(super) async fn renew(self: &Arc<Self>, target: Target) -> Result<Granted> {
        let grant = self.clone();
        let work = async move {
            let retries = grant.client.retries();
            attempts(retries, true, None, || grant.renew_once(&target)).await
        };
        let task = tokio::spawn(trace::within_caller(work));
        let outcome = match tokio::time::timeout(self.client.timeout(), task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(AuthFailure::new("the token was not renewed: its runtime is gone")),
            Err(_) => Err(AuthFailure::late()),
        };
        trace::token(outcome.as_ref().map(|granted| granted.token.life));
        outcome.map_err(|failure| failure.to_error(self.client.clock().wall_time()))
    }

    /// One attempt. Should its answer be lost, so may be the new refresh token with it; Logto
    /// takes the old one for some seconds more, so that asking again helps, and does no harm later.
    async fn renew_once(&self, target: &Target) -> Result<Granted, AuthFailure> {
        let _turn = self.turn.lock().await;
        let refresh_token =
            self.newest().refresh_token.clone().ok_or_else(nothing_to_renew_with)?;
        let asked_at = self.client.clock().wall_time();
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &refresh_token)];
        form.extend(target.organization.as_deref().map(|id| ("organization_id", id)));
        let granted = target.wanted.ask_unchecked(&self.endpoint, &form).await?;
        self.keep(&granted, target, asked_at);
        // Whatever it may do, the refresh token that came with it counts.
        target.wanted.check(&granted)?;
        Ok(granted)
    }

    fn keep(&self, granted: &Granted, target: &Target, asked_at: SystemTime) {
        let mut newest = self.newest();
        if let Some(token) = &granted.refresh_token {
            newest.refresh_token = Some(token.clone());
        }
        if target.is_default() {
            newest.access_token = granted.token.bearer.token().to_owned();
            newest.expires_at = end(granted, asked_at);
            if let Some(scope) = &granted.scope {
                newest.scope = scope.clone();
            }
        }
    }

    /// Has the refresh token revoked, and with it all that came of it; without one, the access
    /// token.
    pub(super) async fn revoke(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        let (token, hint) = {
            let newest = self.newest();
            match &newest.refresh_token {
                Some(token) => (token.clone(), "refresh_token"),
                None => (newest.access_token.clone(), "access_token"),
            }
        };
        let form = [("token", token.as_str()), ("token_type_hint", hint)];
        let outcome =
            attempts(self.client.retries(), true, None, || self.endpoint.revoke(&form)).await;
        outcome.map_err(|failure| failure.to_error(self.client.clock().wall_time()))?;
        let mut newest = self.newest();
        newest.refresh_token = None;
        newest.expires_at = Timestamp::from_millis(0);
        Ok(())
    }
}

fn nothing_to_renew_with() -> AuthFailure {
    AuthFailure::new(
        "there is no refresh token to get a user's token with: it was revoked, or never there. Have \
         the user sign in again, and ask for the scope `offline_access`",
    )
}

/// When a token that was asked for at this time ends.
pub(super) fn end(granted: &Granted, asked_at: SystemTime) -> Timestamp {
    let life = granted.token.life.unwrap_or_default();
    asked_at.checked_add(life).unwrap_or(asked_at).into()
}

/// A user's tokens as a client needs them: renewed for as long as the user's session lasts.
pub(super) struct Renewal {
    grant: Arc<Grant>,
    target: Target,
    /// The token that was handed out last.
    handed: Mutex<Option<Bearer>>,
}

impl Renewal {
    pub(super) fn new(grant: Arc<Grant>, target: Target) -> Self {
        Self { grant, target, handed: Mutex::default() }
    }

    /// The newest token, if it is good and was not handed out before.
    fn unused(&self) -> Option<Fetched> {
        if !self.target.is_default() {
            return None;
        }
        let newest = self.grant.newest();
        let life = life(newest.expires_at, self.grant.client.clock().wall_time());
        let bearer = Bearer::new(&newest.access_token).ok()?;
        let is_new = self.handed().as_ref() != Some(&bearer);
        (is_new && !life.is_zero()).then_some(Fetched { bearer, life: Some(life) })
    }

    fn handed(&self) -> MutexGuard<'_, Option<Bearer>> {
        self.handed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Renewal {
    fn fetch_once(&self) -> Pending<'_, Result<Fetched, AuthFailure>> {
        Box::pin(async {
            let fetched = match self.unused() {
                Some(fetched) => fetched,
                None => self.grant.renew_once(&self.target).await?.token,
            };
            *self.handed() = Some(fetched.bearer.clone());
            Ok(fetched)
        })
    }

    fn renews(&self) -> bool {
        self.grant.newest().refresh_token.is_some()
    }
}

/// How much is left of a token's life.
pub(super) fn life(expires_at: Timestamp, now: SystemTime) -> Duration {
    let left = expires_at.as_millis().saturating_sub(Timestamp::from(now).as_millis());
    Duration::from_millis(u64::try_from(left).unwrap_or_default())
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.newest().fmt(f)
    }
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewal").field("client_id", &self.grant.newest().client_id).finish()
    }
}

/// The error of a client that does not know its user any more.
pub(super) fn other_user() -> Error {
    Error::invalid_token("what Logto tells is about another user than the one who signed in")
}
