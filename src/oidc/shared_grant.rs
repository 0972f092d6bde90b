//! A grant whose tokens several processes share: one of them renews, the others take what it got.

use std::sync::atomic::Ordering;

use super::{
    StoredTokens,
    grant::{Grant, Sent, Target, Turn, lock},
};
use crate::{
    Timestamp,
    auth::{Bearer, Granted},
    error::AuthFailure,
    http::trace,
    store::{Begun, Lease, Slot, StoreError, Wants},
};

/// Tokens that others have renewed are taken if they are good for longer, in milliseconds.
const LEEWAY: i64 = 10_000;

impl Grant {
    /// Renews the tokens for all, unless another process has done so.
    pub(super) async fn renew_for_all(
        &self,
        slot: &Slot<StoredTokens>,
        target: &Target,
        turn: Turn,
        handed: Option<&Bearer>,
    ) -> Result<Granted, AuthFailure> {
        let begun = self.begin(slot, target, turn.number, handed).await;
        let lease = match begun.map_err(down)? {
            Begun::Turn(lease) => lease,
            Begun::Gone => return Err(self.signed_out()),
            Begun::Found(kept) => {
                let granted = self.granted(&kept, target);
                self.adopt(Some(kept));
                return granted;
            }
            Begun::InDoubt(kept) => {
                self.adopt(Some(kept));
                return Err(self.in_doubt());
            }
        };
        self.adopt(lease.value.clone());
        let turn = Turn { fence: Some(lease.fence()), ..turn };
        let outcome = lease.during(self.renew_in_turn(target, turn)).await;
        self.finish(lease).await;
        outcome
    }

    async fn begin<'a>(
        &self,
        slot: &'a Slot<StoredTokens>,
        target: &Target,
        number: u64,
        handed: Option<&Bearer>,
    ) -> Result<Begun<'a, StoredTokens>, StoreError> {
        let own = self.newest().clone();
        let now = self.client.clock().wall_time();
        let good_until = Timestamp::from(now).as_millis() + LEEWAY;
        let takes_own = |kept: &StoredTokens| {
            let is_other = kept.access_token != own.access_token;
            is_other && kept.expires_at.as_millis() > good_until
        };
        let takes_api_token = |kept: &StoredTokens| {
            let Some(Ok(granted)) = kept.api_token(target, now) else { return false };
            let is_good = granted.token.expires_at(now).as_millis() > good_until;
            let is_other = handed != Some(&granted.token.bearer);
            is_good && is_other && target.wanted.check(&granted).is_ok()
        };
        let takes = |kept: &StoredTokens| {
            !self.is_outdated(kept)
                && if target.is_default() { takes_own(kept) } else { takes_api_token(kept) }
        };
        // Whoever has been told, or has nothing to lose, tries what there is.
        let was_told = lock(&self.sent).as_ref().is_some_and(|sent| number >= sent.begun);
        let dares = was_told || own.expires_at.since(now).is_zero();
        slot.begin(Wants { takes, begins: false, dares }).await
    }

    /// Ends the turn, with the newest tokens.
    async fn finish(&self, lease: Lease<'_, StoredTokens>) {
        let lost = lock(&self.sent).is_some();
        let newest = self.newest().clone();
        let began = lease.value.clone();
        let saved = lease.finish(Some(newest), lost, merge).await;
        let mut unsaved = lock(&self.unsaved);
        match saved {
            Ok(()) => *unsaved = None,
            Err(_) => {
                trace::token_store_failed();
                // What was kept before the first that failed is what may still be kept.
                *unsaved = unsaved.take().or(began);
            }
        }
    }

    /// Whether these are what this one has renewed, and could not keep. They may have been kept all the
    /// same, and renewed by others since: then they are not outdated.
    fn is_outdated(&self, kept: &StoredTokens) -> bool {
        let unsaved = lock(&self.unsaved);
        unsaved.as_ref().is_some_and(|began| began.refresh_token == kept.refresh_token)
    }

    /// Takes the tokens that are kept for this one's own, but for those that could not be kept.
    fn adopt(&self, kept: Option<StoredTokens>) {
        let Some(kept) = kept.filter(|kept| !self.is_outdated(kept)) else {
            return;
        };
        *lock(&self.unsaved) = None;
        let (is_other, is_renewed) = {
            let own = self.newest();
            (*own != kept, own.refresh_token != kept.refresh_token)
        };
        if is_renewed {
            *lock(&self.sent) = None;
        }
        if is_other {
            self.change(|newest| *newest = kept);
        }
    }

    fn granted(&self, kept: &StoredTokens, target: &Target) -> Result<Granted, AuthFailure> {
        let now = self.client.clock().wall_time();
        if let Some(granted) = kept.api_token(target, now).filter(|_| !target.is_default()) {
            return granted;
        }
        let token = kept.fetched(now)?;
        let scope = token.scope.clone();
        Ok(Granted { token, scope, refresh_token: None, id_token: None })
    }

    /// The process that renewed the tokens is gone, or got no response. What there is goes on until
    /// it expires; whoever comes then tries.
    fn in_doubt(&self) -> AuthFailure {
        let failure = AuthFailure::new(
            "another process has sent the refresh token, and the outcome is unknown: the current \
             tokens remain in use, and the next renewal tries again",
        );
        let begun = self.begun.load(Ordering::SeqCst);
        let at = self.client.clock().now();
        *lock(&self.sent) = Some(Sent { at, failure: failure.clone(), begun });
        failure
    }

    /// Another process has signed the user out.
    fn signed_out(&self) -> AuthFailure {
        self.end();
        AuthFailure::sign_in_required(
            "the token store no longer has the user's session: it was signed out, or has expired. \
             Have the user sign in again",
        )
    }

    /// The turn of this process, to revoke the tokens.
    pub(super) async fn begin_revoking<'a>(
        &self,
        slot: &'a Slot<StoredTokens>,
    ) -> Result<Option<Lease<'a, StoredTokens>>, AuthFailure> {
        let wants = Wants { takes: |_: &StoredTokens| false, begins: false, dares: true };
        match slot.begin(wants).await.map_err(down)? {
            Begun::Turn(lease) => {
                self.adopt(lease.value.clone());
                Ok(Some(lease))
            }
            _ => Ok(None),
        }
    }

    /// Ends a turn in which the tokens were revoked, or were not.
    pub(super) async fn finish_revoking(
        &self,
        slot: &Slot<StoredTokens>,
        lease: Lease<'_, StoredTokens>,
        revoked: bool,
    ) -> Result<(), AuthFailure> {
        match revoked {
            true => slot.remove().await.map(drop).map_err(|error| {
                let problem =
                    "the user's tokens were revoked, but the token store failed to remove them";
                AuthFailure::of_store(problem, error)
            }),
            false => {
                self.finish(lease).await;
                Ok(())
            }
        }
    }

    /// Keeps an ID token that has been validated.
    pub(super) async fn keep_id_token(&self, token: &str) {
        self.change(|newest| newest.id_token = Some(token.to_owned()));
        let Some(slot) = &self.shared else { return };
        let own = self.newest().access_token.clone();
        let kept = slot.change(|kept| {
            let is_own = kept.access_token == own;
            if is_own {
                kept.id_token = Some(token.to_owned());
            }
            is_own
        });
        if kept.await.is_err() {
            trace::token_store_failed();
        }
    }
}

/// Which tokens count where somebody else had the turn meanwhile, or it is not known whether this one's
/// were kept: others may have renewed these since, and Logto takes none of them any more then.
fn merge(
    began: Option<&StoredTokens>,
    own: Option<StoredTokens>,
    kept: Option<StoredTokens>,
) -> Option<StoredTokens> {
    let (Some(began), Some(ours), Some(theirs)) = (began, &own, &kept) else { return own };
    let is_outdated = theirs.refresh_token == began.refresh_token;
    let is_newer = ours.expires_at >= theirs.expires_at && ours.renews();
    if theirs == began || (is_outdated && is_newer) { own } else { kept }
}

fn down(error: StoreError) -> AuthFailure {
    let problem = "the token store failed: the user's tokens were not renewed, because another \
                   process may have used the refresh token";
    AuthFailure::of_store(problem, error)
}
