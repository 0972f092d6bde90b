//! Browsers in which a user has signed in, and what users let applications have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// In milliseconds: two weeks.
pub(crate) const SESSION_LIFETIME: u64 = 14 * 24 * 3600 * 1000;
/// In milliseconds: 180 days.
pub(crate) const GRANT_LIFETIME: u64 = 180 * 24 * 3600 * 1000;

#[derive(Clone)]
pub(crate) struct Session {
    /// Names it for good; its cookie changes with each sign-in.
    pub(crate) uid: String,
    pub(crate) cookie: String,
    pub(crate) user_id: String,
    /// In milliseconds.
    pub(crate) signed_in_at: u64,
    pub(crate) expires_at: u64,
    /// Applications, and what they are known under.
    pub(crate) apps: BTreeMap<String, SignedIn>,
    /// How the user signed in last.
    pub(crate) submission: Value,
    /// The application that the user signed in to last.
    pub(crate) app_id: String,
}

/// An application in a session.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) sid: String,
    pub(crate) grant: String,
    /// Whether its tokens outlive the session.
    pub(crate) persists: bool,
}

/// A browser that is asked whether to sign out.
#[derive(Clone)]
pub(crate) struct SignOut {
    /// Where it goes then.
    pub(crate) target: String,
    /// Which application its user comes from.
    pub(crate) app_id: Option<String>,
}

/// What a user lets an application have.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) app_id: String,
    pub(crate) issued_at: u64,
    pub(crate) scope: BTreeSet<String>,
}

#[derive(Clone, Default)]
pub(crate) struct Sessions {
    pub(crate) sessions: Vec<Session>,
    pub(crate) grants: Vec<Grant>,
}

impl Sessions {
    pub(crate) fn of_cookie(&mut self, cookie: &str, now: u64) -> Option<&mut Session> {
        let is_it = |own: &&mut Session| own.cookie == cookie && own.expires_at > now;
        self.sessions.iter_mut().find(is_it)
    }

    pub(crate) fn find(&self, uid: &str) -> Option<&Session> {
        self.sessions.iter().find(|own| own.uid == uid)
    }

    pub(crate) fn of_user(&self, user_id: &str) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(move |own| own.user_id == user_id)
    }

    pub(crate) fn end(&mut self, uid: &str) -> Option<Session> {
        let at = self.sessions.iter().position(|own| own.uid == uid)?;
        Some(self.sessions.remove(at))
    }

    pub(crate) fn grant(&self, id: &str) -> Option<&Grant> {
        self.grants.iter().find(|own| own.id == id)
    }

    pub(crate) fn grants_of(&self, user_id: &str) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |own| own.user_id == user_id)
    }

    /// Takes a grant back: the browsers it was given in have to sign in again.
    pub(crate) fn revoke(&mut self, id: &str) -> Option<Grant> {
        let at = self.grants.iter().position(|own| own.id == id)?;
        self.sessions.retain(|own| own.apps.values().all(|app| app.grant != id));
        Some(self.grants.remove(at))
    }

    pub(crate) fn forget_user(&mut self, user_id: &str) {
        self.sessions.retain(|own| own.user_id != user_id);
        self.grants.retain(|own| own.user_id != user_id);
    }
}
