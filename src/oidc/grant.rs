//! The grant of a sign-in, and its refresh token.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use reqwest::StatusCode;

use super::{App, StoredTokens, refresh_lock::RefreshLock};
use crate::{
    Client, Error, Result, Timestamp,
    auth::{Bearer, Granted, SendCondition, TokenEndpoint, TokenParameters, attempts},
    error::AuthFailure,
    http::{runtimes, trace},
    store::{Fence, Slot},
};

/// Logto accepts a refresh token for 3 seconds after it was replaced, and issues another one for
/// it. When it is used later, Logto revokes the whole grant and the user is signed out
/// (`refreshTokenReuseInterval` in its `queries/oidc-model-instance.ts`, the same in 1.30 to 1.42;
/// observed at 2.5 and at 4 seconds). Half a second is left for the network.
const RESEND_WINDOW: Duration = Duration::from_millis(2500);

/// The grant of a user's sign-in. All tokens and clients of the sign-in share it, because a refresh
/// token can be used once: Logto ends the user's session when it is used again.
pub(super) struct Grant {
    /// A client without credentials.
    pub(super) client: Client,
    pub(super) endpoint: TokenEndpoint,
    newest: Mutex<StoredTokens>,
    /// Held while the refresh token is in use.
    pub(super) refresh_lock: RefreshLock,
    /// The refresh token, after it was sent with an unknown outcome.
    pub(super) sent: Mutex<Option<Sent>>,
    /// How many refreshes have begun.
    pub(super) begun: AtomicU64,
    pub(super) revoked: AtomicBool,
    /// Where other processes share it.
    pub(super) shared: Option<Slot<StoredTokens>>,
    /// The tokens that the newest came of, where it is not known whether the newest were kept there.
    pub(super) unsaved: Mutex<Option<StoredTokens>>,
    observer: Mutex<Option<Observer>>,
}

type Observer = Arc<dyn Fn(&StoredTokens) + Send + Sync>;

/// A refresh token that may have been replaced, although no response arrived.
pub(super) struct Sent {
    /// When it was first sent.
    pub(super) at: Instant,
    pub(super) failure: AuthFailure,
    /// How many refreshes had begun when this one failed.
    pub(super) begun: u64,
}

/// What tokens are requested for.
#[derive(Clone, Default)]
pub(super) struct Target {
    pub(super) organization: Option<String>,
    pub(super) wanted: TokenParameters,
}

impl Target {
    /// Whether these are the tokens that a sign-in itself returns.
    pub(super) fn is_default(&self) -> bool {
        self.organization.is_none() && self.wanted.resource.is_none() && self.wanted.scope.is_none()
    }
}

/// A turn to use the refresh token.
pub(super) struct Turn {
    /// Of the refresh: those that had begun before an outcome became unknown have lower ones.
    pub(super) number: u64,
    /// Since when another runtime has used it without an end.
    pub(super) abandoned_since: Option<Instant>,
    /// Where processes share it: whether it is still this one's turn.
    pub(super) fence: Option<Fence>,
}

impl Grant {
    pub(super) fn new(client: &Client, app: &App, newest: StoredTokens) -> Result<Arc<Self>> {
        Self::shared(client, app, newest, None)
    }

    /// One that other processes may share.
    pub(super) fn shared(
        client: &Client,
        app: &App,
        newest: StoredTokens,
        shared: Option<Slot<StoredTokens>>,
    ) -> Result<Arc<Self>> {
        let (id, secret) = (app.client_id.clone(), app.secret.clone());
        Ok(Arc::new(Self {
            client: client.anonymous(),
            endpoint: client.token_endpoint_of(id, secret)?,
            newest: Mutex::new(newest),
            refresh_lock: RefreshLock::default(),
            sent: Mutex::default(),
            begun: AtomicU64::default(),
            revoked: AtomicBool::default(),
            shared,
            unsaved: Mutex::default(),
            observer: Mutex::default(),
        }))
    }

    /// The newest tokens, whoever refreshed them.
    pub(super) fn newest(&self) -> MutexGuard<'_, StoredTokens> {
        lock(&self.newest)
    }

    /// Reports every change of the tokens from now on.
    pub(super) fn observe(&self, observer: Observer) {
        *lock(&self.observer) = Some(observer);
    }

    /// Changes the newest tokens, and reports the change.
    pub(super) fn change(&self, change: impl FnOnce(&mut StoredTokens)) {
        let newest = {
            let mut newest = self.newest();
            change(&mut newest);
            newest.without_api_tokens()
        };
        let observer = lock(&self.observer).clone();
        if let Some(observer) = observer {
            observer(&newest);
        }
    }

    /// Requests tokens. It runs to its end even if the caller stops waiting: the response may
    /// contain the only valid refresh token.
    pub(super) async fn renew(self: &Arc<Self>, target: Target) -> Result<Granted> {
        runtimes::check()?;
        let grant = self.clone();
        let work = async move { grant.attempts(&target, None).await };
        let task = tokio::spawn(trace::within_caller(work));
        let outcome = match tokio::time::timeout(self.client.timeout(), task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(AuthFailure::new(
                "the token was not renewed: the runtime of its task has ended",
            )),
            Err(_) => Err(AuthFailure::timed_out()),
        };
        self.client.obtained(outcome)
    }

    /// Requests tokens, with retries where they are safe.
    ///
    /// What other processes have got is taken, but for the token that was `handed` out last.
    pub(super) async fn attempts(
        &self,
        target: &Target,
        handed: Option<&Bearer>,
    ) -> Result<Granted, AuthFailure> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        attempts(self.client.retries(), true, None, || self.renew_once(target, number, handed))
            .await
    }

    /// One attempt. If its response is lost, the new refresh token may be lost as well.
    async fn renew_once(
        &self,
        target: &Target,
        number: u64,
        handed: Option<&Bearer>,
    ) -> Result<Granted, AuthFailure> {
        let guard = self.refresh_lock.acquire(self.client.clock()).await;
        let turn = Turn { number, abandoned_since: guard.abandoned_since(), fence: None };
        match &self.shared {
            Some(slot) => self.renew_for_all(slot, target, turn, handed).await,
            None => self.renew_in_turn(target, turn).await,
        }
    }

    pub(super) async fn renew_in_turn(
        &self,
        target: &Target,
        turn: Turn,
    ) -> Result<Granted, AuthFailure> {
        let now = self.client.clock().now();
        let first_sent = match turn.abandoned_since {
            Some(since) if now <= since + RESEND_WINDOW => since,
            _ => self.first_sent(now, turn.number)?,
        };
        let again = (first_sent < now).then_some(first_sent);
        let condition = self.condition(again, turn.fence.as_ref());
        let used = self.newest().refresh_token.clone();
        let failure = match self.ask(target, condition.as_ref()).await {
            Ok(granted) => {
                // Whatever it may do, the refresh token that came with it counts.
                target.wanted.check(&granted)?;
                return Ok(granted);
            }
            Err(failure) => self.failed(failure, first_sent, used),
        };
        if !target.is_default() && may_have_used_token(&failure) {
            self.recover_refresh_token(first_sent, turn.fence.as_ref()).await;
        }
        Err(failure)
    }

    /// What has to hold when the refresh token is sent, for the second time if it was `first_sent`
    /// before: this process, or its machine, may stand still until then.
    fn condition(
        &self,
        first_sent: Option<Instant>,
        fence: Option<&Fence>,
    ) -> Option<SendCondition> {
        if first_sent.is_none() && fence.is_none() {
            return None;
        }
        let (clock, fence) = (self.client.clock().clone(), fence.cloned());
        Some(SendCondition::new(move || {
            first_sent.is_none_or(|at| clock.now() <= at + RESEND_WINDOW)
                && fence.as_ref().is_none_or(Fence::holds)
        }))
    }

    /// When the refresh token was first sent. Refreshes that had begun when the outcome became
    /// unknown do not send it again; later ones do.
    fn first_sent(&self, now: Instant, number: u64) -> Result<Instant, AuthFailure> {
        let mut sent = lock(&self.sent);
        match &*sent {
            None => Ok(now),
            Some(sent) if now <= sent.at + RESEND_WINDOW => Ok(sent.at),
            Some(sent) if number < sent.begun => Err(sent.failure.clone()),
            Some(_) => {
                *sent = None;
                Ok(now)
            }
        }
    }

    /// Sends the refresh token, and stores the response.
    async fn ask(
        &self,
        target: &Target,
        condition: Option<&SendCondition>,
    ) -> Result<Granted, AuthFailure> {
        let refresh_token =
            self.newest().refresh_token.clone().ok_or_else(nothing_to_renew_with)?;
        let asked_at = self.client.clock().wall_time();
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", &refresh_token)];
        form.extend(target.organization.as_deref().map(|id| ("organization_id", id)));
        let granted = target.wanted.ask_if(condition, &self.endpoint, &form).await?;
        *lock(&self.sent) = None;
        self.keep(&granted, target, asked_at, &refresh_token);
        Ok(granted)
    }

    /// Records what a failure means for the refresh token that was sent.
    fn failed(
        &self,
        failure: AuthFailure,
        first_sent: Instant,
        used: Option<String>,
    ) -> AuthFailure {
        if failure.sign_in_required {
            *lock(&self.sent) = None;
            self.change(|newest| {
                if newest.refresh_token == used {
                    newest.refresh_token = None;
                }
            });
            return failure;
        }
        if failure.is_unsent() {
            return failure;
        }
        let failure = failure.retry_before(first_sent + RESEND_WINDOW);
        let settled = failure.is_oauth_error() && !may_have_used_token(&failure);
        let begun = self.begun.load(Ordering::SeqCst);
        *lock(&self.sent) =
            (!settled).then(|| Sent { at: first_sent, failure: failure.clone(), begun });
        failure
    }

    /// Gets another refresh token in place of one that Logto has consumed without issuing a new
    /// one.
    async fn recover_refresh_token(&self, first_sent: Instant, fence: Option<&Fence>) {
        let condition = self.condition(Some(first_sent), fence);
        let ask = async || {
            let late = self.client.clock().now() > first_sent + RESEND_WINDOW;
            match late {
                true => Err(AuthFailure::timed_out()),
                false => self.ask(&Target::default(), condition.as_ref()).await,
            }
        };
        let deadline = Some(first_sent + RESEND_WINDOW);
        // Should it fail, the next renewal tells.
        let _ = attempts(self.client.retries(), true, deadline, ask).await;
    }

    /// Stores the tokens issued for a refresh token, unless that has been replaced in the meantime.
    fn keep(&self, granted: &Granted, target: &Target, asked_at: SystemTime, used: &str) {
        self.change(|newest| {
            if newest.refresh_token.as_deref() != Some(used) {
                return;
            }
            if let Some(token) = &granted.refresh_token {
                newest.refresh_token = Some(token.clone());
            }
            if !target.is_default() {
                if self.shared.is_some() && target.wanted.check(granted).is_ok() {
                    newest.keep_api_token(target, granted, asked_at);
                }
            } else {
                newest.access_token = granted.token.bearer.token().to_owned();
                newest.expires_at = granted.token.expires_at(asked_at);
                if let Some(scope) = &granted.scope {
                    newest.scope = scope.clone();
                }
            }
        });
    }

    /// Ends the session here: nothing is renewed or used any more.
    pub(super) fn end(&self) {
        self.revoked.store(true, Ordering::SeqCst);
        self.change(|newest| {
            newest.refresh_token = None;
            newest.api_tokens = Vec::new();
            newest.expires_at = Timestamp::from_millis(0);
        });
    }
}

/// Whether Logto may have consumed the refresh token without issuing another: it replaces the token
/// before it checks the resource, and before a custom claims script may deny the token.
fn may_have_used_token(failure: &AuthFailure) -> bool {
    let denied = matches!(failure.code.as_deref(), Some("invalid_target" | "access_denied"));
    match failure.status {
        Some(StatusCode::BAD_REQUEST) => denied,
        Some(status) => status.is_success() || status == StatusCode::INTERNAL_SERVER_ERROR,
        None => false,
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn nothing_to_renew_with() -> AuthFailure {
    AuthFailure::sign_in_required(
        "there is no refresh token to obtain a user's token with: the user's session has ended, \
         the tokens were revoked, or none was issued. Have the user sign in again; Logto issues a \
         refresh token for the scope `offline_access` with the prompt `consent`",
    )
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.newest().fmt(f)
    }
}

/// The error if the user has changed.
pub(super) fn other_user() -> Error {
    Error::invalid_token("Logto's response is about a user other than the one who signed in")
}
