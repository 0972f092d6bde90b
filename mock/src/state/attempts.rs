//! Attempts to prove who somebody is, by what they were made for.

use std::collections::HashMap;

/// Which attempts are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    /// Passwords, verification codes and one-time tokens.
    FirstFactor,
    Totp,
    WebAuthn,
    BackupCode,
}

#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) pool: Pool,
    pub(crate) failed: bool,
    pub(crate) at: u64,
    /// Until when everything is refused because of it.
    pub(crate) blocks_until: Option<u64>,
}

/// By identifier or by a user's id, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Attempts(HashMap<String, Vec<Attempt>>);

impl Attempts {
    pub(crate) fn of(&self, target: &str, pool: Pool) -> impl Iterator<Item = &Attempt> {
        let all = self.0.get(target).into_iter().flatten();
        all.filter(move |attempt| attempt.pool == pool)
    }

    pub(crate) fn add(&mut self, target: &str, attempt: Attempt) {
        self.0.entry(target.to_owned()).or_default().push(attempt);
    }

    /// Forgets those for a target that were made later than this.
    pub(crate) fn forget(&mut self, target: &str, since: u64) {
        if let Some(own) = self.0.get_mut(target) {
            own.retain(|attempt| attempt.at <= since);
        }
    }
}
