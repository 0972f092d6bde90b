//! Users and their passwords.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use serde_json::{Map, Value, json};

use crate::state::{
    collection::{Members, newest_from},
    factors::Mfa,
    now,
};

#[derive(Clone)]
pub(crate) enum Password {
    Plain(String),
    /// One that is right, and lets nobody in until it is set anew.
    Expired(String),
    /// Imported: the algorithm by Logto's name, and what it made of the password.
    Digest {
        algorithm: String,
        digest: String,
    },
}

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    /// What the API shows, in its own names, where it differs from what all users have.
    members: Vec<(Cow<'static, str>, Value)>,
    pub(crate) password: Option<Password>,
    pub(crate) mfa: Mfa,
    /// Accounts at the identity providers of enterprises, as the API shows them.
    pub(crate) sso: Vec<Members>,
    /// What other places gave to act for the user there, with what the API shows of it.
    pub(crate) tokens: Vec<Members>,
}

/// What users have who have not said otherwise; only what differs is kept.
static DEFAULTS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let defaults = json!({
        "username": null, "primaryEmail": null, "primaryPhone": null, "name": null,
        "avatar": null, "customData": {}, "identities": {}, "lastSignInAt": null, "profile": {},
        "applicationId": null, "cimdClientId": null, "isSuspended": false,
    });
    defaults.as_object().cloned().unwrap_or_default()
});

impl User {
    pub(crate) fn new(id: &str) -> Self {
        let mut user = Self {
            id: id.to_owned(),
            members: Vec::with_capacity(4),
            password: None,
            mfa: Mfa::default(),
            sso: Vec::new(),
            tokens: Vec::new(),
        };
        let time = now();
        user.set("id", id.into());
        user.set("createdAt", time.into());
        user.set("updatedAt", time.into());
        user
    }

    pub(crate) fn get(&self, member: &str) -> &Value {
        let own = self.members.iter().find(|(name, _)| name == member).map(|(_, value)| value);
        own.or_else(|| DEFAULTS.get(member)).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.get(member).as_str()
    }

    pub(crate) fn set(&mut self, member: &str, value: Value) {
        match self.members.iter_mut().find(|(name, _)| name == member) {
            Some((_, own)) => *own = value,
            None if DEFAULTS.get(member) == Some(&value) => {}
            None => self.members.push((interned(member), value)),
        }
    }

    pub(crate) fn set_all(&mut self, members: Map<String, Value>) {
        for (name, value) in members {
            self.set(&name, value);
        }
    }

    pub(crate) fn touch(&mut self) {
        self.set("updatedAt", now().into());
    }

    pub(crate) fn is_suspended(&self) -> bool {
        *self.get("isSuspended") == true
    }

    pub(crate) fn has_expired_password(&self) -> bool {
        matches!(self.password, Some(Password::Expired(_)))
    }

    /// Has the password set anew before it lets anybody in.
    pub(crate) fn expire_password(&mut self) {
        self.password = match self.password.take() {
            Some(Password::Plain(own)) => Some(Password::Expired(own)),
            other => other,
        };
    }

    /// Has an expired password let its user in again.
    pub(crate) fn renew_password(&mut self) {
        self.password = match self.password.take() {
            Some(Password::Expired(own)) => Some(Password::Plain(own)),
            other => other,
        };
    }

    pub(crate) fn to_json(&self) -> Value {
        self.to_members().into()
    }

    pub(crate) fn to_members(&self) -> Map<String, Value> {
        let mut members = DEFAULTS.clone();
        let own = self.members.iter();
        members.extend(own.map(|(name, value)| (name.clone().into_owned(), value.clone())));
        members.insert("hasPassword".to_owned(), self.password.is_some().into());
        members
    }
}

/// The name itself where it is one of those that nearly all users have.
fn interned(name: &str) -> Cow<'static, str> {
    let common =
        ["id", "createdAt", "updatedAt", "username", "primaryEmail", "primaryPhone", "name"];
    match common.into_iter().find(|common| *common == name) {
        Some(common) => Cow::Borrowed(common),
        None => Cow::Owned(name.to_owned()),
    }
}

/// What only one user may have.
const UNIQUE: [&str; 3] = ["username", "primaryEmail", "primaryPhone"];

/// The case of e-mail addresses does not matter.
fn same(member: &str, value: &str) -> String {
    if member == "primaryEmail" { value.to_lowercase() } else { value.to_owned() }
}

/// Users in the order they were created, found without looking at all of them.
#[derive(Clone, Default)]
pub(crate) struct Users {
    users: BTreeMap<u64, User>,
    created: u64,
    ids: HashMap<String, u64>,
    owners: HashMap<(&'static str, String), u64>,
    /// The one handed out to be changed last: not among the owners until the next change.
    changing: Option<u64>,
}

impl Users {
    pub(crate) fn add(&mut self, user: User) {
        self.settle();
        self.created += 1;
        self.ids.insert(user.id.clone(), self.created);
        self.users.insert(self.created, user);
        self.changing = Some(self.created);
    }

    pub(crate) fn len(&self) -> usize {
        self.users.len()
    }

    /// The newest first, without the first of them. As long as none was removed, these are not
    /// looked at.
    pub(crate) fn newest_from(&self, skipped: usize) -> impl Iterator<Item = &User> {
        newest_from(&self.users, self.created, skipped)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &User> {
        self.users.values().rev()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&User> {
        self.users.get(self.ids.get(id)?)
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut User> {
        self.settle();
        let at = *self.ids.get(id)?;
        self.disown(at);
        self.changing = Some(at);
        self.users.get_mut(&at)
    }

    /// The user whose member has this value.
    pub(crate) fn find_by(&self, member: &str, value: &str) -> Option<&User> {
        let Some(unique) = UNIQUE.into_iter().find(|unique| *unique == member) else {
            return self.find_where(|user| user.text(member) == Some(value));
        };
        let wanted = same(unique, value);
        let changing = self.changing.and_then(|at| self.users.get(&at));
        let is_it = |user: &&User| user.text(unique).is_some_and(|own| same(unique, own) == wanted);
        let owner = || self.users.get(self.owners.get(&(unique, wanted.clone()))?);
        changing.filter(is_it).or_else(owner)
    }

    pub(crate) fn find_where(&self, is_it: impl Fn(&User) -> bool) -> Option<&User> {
        self.users.values().find(|user| is_it(user))
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<User> {
        self.settle();
        let at = self.ids.remove(id)?;
        self.disown(at);
        self.users.remove(&at)
    }

    /// Notes what the one that was changed owns now.
    fn settle(&mut self) {
        let Some(at) = self.changing.take() else { return };
        let Some(user) = self.users.get(&at) else { return };
        for unique in UNIQUE {
            if let Some(value) = user.text(unique) {
                self.owners.entry((unique, same(unique, value))).or_insert(at);
            }
        }
    }

    fn disown(&mut self, at: u64) {
        let Some(user) = self.users.get(&at) else { return };
        for unique in UNIQUE {
            let Some(value) = user.text(unique) else { continue };
            let owned = (unique, same(unique, value));
            if self.owners.get(&owned) == Some(&at) {
                self.owners.remove(&owned);
            }
        }
    }
}
