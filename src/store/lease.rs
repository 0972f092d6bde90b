//! The turn to renew tokens that several processes share.

use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{Either, select};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::sleep;

use super::{
    Slot, StoreError,
    entry::{Entry, Renewal},
    fence::{Fence, Moment},
};

/// How often the holder shows that it is alive.
const BEAT: Duration = Duration::from_secs(1);
/// How often it tries to keep what it got, …
const ATTEMPTS: u32 = 4;
/// … with a pause between that doubles.
const PAUSE: Duration = Duration::from_millis(50);

/// The turn to renew tokens.
pub(crate) struct Lease<'a, T> {
    slot: &'a Slot<T>,
    /// What is kept, as this one wrote it last.
    text: Mutex<String>,
    /// The tokens that are to be renewed.
    pub(crate) value: Option<T>,
    renewal: Renewal,
    fence: Fence,
}

impl<'a, T: Clone + Serialize + DeserializeOwned> Lease<'a, T> {
    pub(super) fn new(
        slot: &'a Slot<T>,
        (text, value): (String, Option<T>),
        renewal: Renewal,
        fence: Fence,
    ) -> Self {
        Self { slot, text: Mutex::new(text), value, renewal, fence }
    }

    /// Tells whether the turn is still this one's.
    #[cfg(feature = "sign-in")]
    pub(crate) fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Does the work, and shows the others meanwhile that it is being done.
    pub(crate) async fn during<R>(&self, work: impl Future<Output = R>) -> R {
        let (work, beats) = (pin!(work), pin!(self.beat()));
        match select(work, beats).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => work.await,
        }
    }

    /// Counts up until somebody else has the turn.
    async fn beat(&self) {
        let mut renewal = self.renewal.clone();
        loop {
            sleep(BEAT).await;
            renewal.beat += 1;
            let entry = Entry::new(self.value.clone(), Some(renewal.clone()));
            let (before, moment) = (self.text(), Moment::now());
            match self.slot.write(Some(&before), &entry).await {
                Ok(Some(text)) => {
                    self.set_text(text);
                    self.fence.confirm(moment);
                }
                Ok(None) if !self.is_own().await => return,
                // The next beat may get through.
                Ok(None) | Err(_) => {}
            }
        }
    }

    /// Whether this one still has the turn, where what is kept is not what it knows of: the response
    /// to a beat may have been lost.
    async fn is_own(&self) -> bool {
        let Ok(found) = self.slot.read().await else { return true };
        let Some((text, Entry { renewal: Some(renewal), .. })) = found else { return false };
        let is_own = renewal.by == self.slot.own;
        if is_own {
            self.set_text(text);
        }
        is_own
    }

    fn set_text(&self, text: String) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the turn, with what came of it. Where somebody else has taken it meanwhile, `merge`
    /// says which tokens count: of those that this one began with, that it has, and that are kept.
    ///
    /// `lost` tells the others that nobody knows what became of what was sent.
    pub(crate) async fn finish(
        self,
        value: Option<T>,
        lost: bool,
        merge: impl Fn(Option<&T>, Option<T>, Option<T>) -> Option<T>,
    ) -> Result<(), StoreError> {
        let mut attempt = 0;
        loop {
            let failure = match self.try_finish(&value, lost, &merge).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            attempt += 1;
            if attempt == ATTEMPTS {
                return Err(failure);
            }
            sleep(PAUSE * 2_u32.pow(attempt)).await;
        }
    }

    async fn try_finish(
        &self,
        value: &Option<T>,
        lost: bool,
        merge: impl Fn(Option<&T>, Option<T>, Option<T>) -> Option<T>,
    ) -> Result<(), StoreError> {
        let own = |lost| Renewal { by: self.slot.own.clone(), beat: u64::MAX, lost };
        let ended = |value| Entry::new(value, lost.then(|| own(true)));
        let before = self.text();
        if self.slot.write(Some(&before), &ended(value.clone())).await?.is_some() {
            return Ok(());
        }
        // A beat whose answer was lost, or somebody else. What was removed stays so.
        while let Some((before, entry)) = self.slot.read().await? {
            let theirs = entry.renewal.filter(|renewal| renewal.by != self.slot.own);
            let merged = merge(self.value.as_ref(), value.clone(), entry.value);
            let entry = match theirs {
                Some(theirs) => Entry::new(merged, Some(theirs)),
                None => ended(merged),
            };
            if self.slot.write(Some(&before), &entry).await?.is_some() {
                break;
            }
        }
        Ok(())
    }
}
