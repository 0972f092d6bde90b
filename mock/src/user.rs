//! Users and their passwords.

use serde_json::{Map, Value, json};

use crate::{errors::Failure, factors::Mfa, state::now};

#[derive(Clone)]
pub(crate) enum Password {
    Plain(String),
    /// One that is right, and lets nobody in until it is set anew.
    Expired(String),
    /// Imported, and matched by nothing: the mock has no hash algorithms.
    Digest,
}

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    /// What the API shows, in its own names.
    members: Map<String, Value>,
    pub(crate) password: Option<Password>,
    pub(crate) mfa: Mfa,
    /// At the identity providers of enterprises.
    pub(crate) sso: Vec<SsoIdentity>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SsoIdentity {
    pub(crate) issuer: String,
    pub(crate) id: String,
}

impl User {
    pub(crate) fn new(id: &str) -> Self {
        let time = now();
        let members = json!({
            "id": id, "username": null, "primaryEmail": null, "primaryPhone": null, "name": null,
            "avatar": null, "customData": {}, "identities": {}, "lastSignInAt": null,
            "createdAt": time, "updatedAt": time, "profile": {}, "applicationId": null,
            "cimdClientId": null, "isSuspended": false,
        });
        Self {
            id: id.to_owned(),
            members: members.as_object().cloned().unwrap_or_default(),
            password: None,
            mfa: Mfa::default(),
            sso: Vec::new(),
        }
    }

    pub(crate) fn get(&self, member: &str) -> &Value {
        self.members.get(member).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.get(member).as_str()
    }

    pub(crate) fn set(&mut self, member: &str, value: Value) {
        self.members.insert(member.to_owned(), value);
    }

    pub(crate) fn set_all(&mut self, members: Map<String, Value>) {
        self.members.extend(members);
    }

    pub(crate) fn touch(&mut self) {
        self.set("updatedAt", now().into());
    }

    pub(crate) fn is_suspended(&self) -> bool {
        *self.get("isSuspended") == true
    }

    pub(crate) fn has_password(&self, given: &str) -> bool {
        match &self.password {
            Some(Password::Plain(own) | Password::Expired(own)) => own == given,
            _ => false,
        }
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

    pub(crate) fn to_json(&self) -> Value {
        let mut members = self.members.clone();
        members.insert("hasPassword".to_owned(), self.password.is_some().into());
        members.into()
    }
}

#[derive(Default)]
pub(crate) struct Users(Vec<User>);

impl Users {
    pub(crate) fn add(&mut self, user: User) {
        self.0.push(user);
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &User> {
        self.0.iter().rev()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&User> {
        self.find_by("id", id)
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut User> {
        self.0.iter_mut().find(|user| user.id == id)
    }

    /// The user whose member has this value.
    pub(crate) fn find_by(&self, member: &str, value: &str) -> Option<&User> {
        self.0.iter().find(|user| user.text(member) == Some(value))
    }

    pub(crate) fn find_where(&self, is_it: impl Fn(&User) -> bool) -> Option<&User> {
        self.0.iter().find(|user| is_it(user))
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<User> {
        let at = self.0.iter().position(|user| user.id == id)?;
        Some(self.0.remove(at))
    }
}

/// Refuses what another user has already and only one may have.
pub(crate) fn refuse_taken(
    users: &Users,
    members: &Map<String, Value>,
    own_id: Option<&str>,
) -> Result<(), Failure> {
    for (member, code) in [
        ("username", "user.username_already_in_use"),
        ("primaryEmail", "user.email_already_in_use"),
        ("primaryPhone", "user.phone_already_in_use"),
    ] {
        let wanted = members.get(member).and_then(Value::as_str).unwrap_or_default();
        let owner = users.find_by(member, wanted).map(|user| user.id.as_str());
        if !wanted.is_empty() && owner.is_some() && owner != own_id {
            return Err(Failure::new(422, code));
        }
    }
    Ok(())
}
