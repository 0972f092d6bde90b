//! What will be a user's, once the interaction has been submitted.

use serde_json::{Map, Value, json};

use super::{Flow, Profile, Proof, Record, record::unproved};
use crate::{
    rules::{connectors, errors::Failure, identities, users},
    state::{
        State,
        collection::{Members, object},
        ids::Ids,
        user::{Password, User},
    },
};

impl Profile {
    pub(super) fn of(members: Value) -> Self {
        Self { members: object(members), password: None }
    }

    pub(super) fn of_social(state: &State, connector_id: &str, info: &Value) -> Self {
        let target = identities::target(state, connector_id);
        Self::of(json!({ "socialIdentity": { "target": target, "userInfo": info } }))
    }

    pub(super) fn of_sso(connector_id: &str, issuer: &str, info: &Value) -> Self {
        Self::of(json!({ "enterpriseSsoIdentity": {
            "identityId": info["id"], "ssoConnectorId": connector_id, "issuer": issuer,
            "detail": info,
        } }))
    }

    /// What a record proves of somebody new.
    pub(super) fn of_new_user(state: &State, record: &Record) -> Result<Self, Failure> {
        if !record.verified {
            return Err(unproved());
        }
        let mut profile = match &record.proof {
            Proof::NewPassword { identifier, password } => {
                let mut profile = Self::of_identifier(identifier);
                profile.password = Some(password.clone());
                profile
            }
            Proof::Code { identifier, .. } | Proof::OneTimeToken { identifier, .. } => {
                Self::of_identifier(identifier)
            }
            Proof::Social { user: Some(info), connector_id } => {
                Self::of_social(state, connector_id, info)
            }
            Proof::Sso { user: Some(info), connector_id, issuer } => {
                Self::of_sso(connector_id, issuer, info)
            }
            _ => return Err(unproved()),
        };
        if let Proof::Social { user: Some(info), .. } | Proof::Sso { user: Some(info), .. } =
            &record.proof
        {
            profile.members.extend(told(state, info));
        }
        Ok(profile)
    }

    fn of_identifier(identifier: &Value) -> Self {
        let member = super::identifier::member(identifier["type"].as_str());
        Self {
            members: Map::from_iter([(member.to_owned(), identifier["value"].clone())]),
            ..Self::default()
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.members.extend(other.members);
        self.password = other.password.or(self.password.take());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.password.is_none()
    }

    pub(super) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    pub(super) fn has(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    pub(super) fn to_json(&self) -> Value {
        let shown = self.members.iter().filter(|(name, _)| *name != "submitted");
        shown.map(|(name, value)| (name.clone(), value.clone())).collect::<Members>().into()
    }

    /// The user who has this account of an enterprise's already.
    pub(super) fn sso_user<'a>(&self, state: &'a State) -> Option<&'a User> {
        let wanted = self.members.get("enterpriseSsoIdentity")?;
        let is_it = |own: &Members| {
            own["issuer"] == wanted["issuer"] && own["identityId"] == wanted["identityId"]
        };
        state.users.find_where(|user| user.sso.iter().any(is_it))
    }

    /// What is unique must not be anybody's already.
    fn check_unique(&self, state: &State) -> Result<(), Failure> {
        users::refuse_taken(&state.users, &self.members, None)?;
        let social = self.members.get("socialIdentity");
        let social = social.and_then(|own| {
            let target = own["target"].as_str().unwrap_or_default();
            connectors::user_of_social(state, target, &own["userInfo"]["id"])
        });
        match social.or_else(|| self.sso_user(state)) {
            Some(_) => Err(Failure::new(422, "user.identity_already_in_use")),
            None => Ok(()),
        }
    }

    /// What a user has already is not set here.
    fn check_new_to(&self, user: &User) -> Result<(), Failure> {
        for (member, code) in [
            ("username", "user.username_exists_in_profile"),
            ("primaryEmail", "user.email_exists_in_profile"),
            ("primaryPhone", "user.phone_exists_in_profile"),
        ] {
            if self.has(member) && user.text(member).is_some() {
                return Err(Failure::new(422, code));
            }
        }
        match self.has_password() && user.password.is_some() {
            true => Err(Failure::new(422, "user.password_exists_in_profile")),
            false => Ok(()),
        }
    }

    /// Makes it the user's.
    pub(super) fn apply_to(mut self, ids: &mut Ids, user: &mut User) {
        if let Some(identity) = self.members.remove("enterpriseSsoIdentity") {
            identities::add_enterprise(ids, user, &identity);
        }
        self.members.remove("submitted");
        if let Some(identity) = self.members.remove("socialIdentity") {
            let info = &identity["userInfo"];
            let mut identities = user.get("identities").clone();
            identities[identity["target"].as_str().unwrap_or_default()] =
                json!({ "userId": info["id"], "details": info });
            user.set("identities", identities);
        }
        for name in ["profile", "customData"] {
            let mut merged = object(user.get(name).clone());
            merged.extend(self.members.remove(name).map(object).unwrap_or_default());
            user.set(name, merged.into());
        }
        user.set_all(self.members);
        if let Some(password) = self.password {
            user.password = Some(Password::Plain(password));
        }
        user.touch();
    }
}

/// What else another place says of somebody new, unless it is another user's.
fn told(state: &State, info: &Value) -> Members {
    let free = |member: &str, value: &Value| {
        let value = value.as_str().unwrap_or_default();
        state.users.find_by(member, value).is_none()
    };
    let names = [
        ("email", "primaryEmail"),
        ("phone", "primaryPhone"),
        ("name", "name"),
        ("avatar", "avatar"),
    ];
    let told = names.into_iter().filter_map(|(name, member)| Some((member, info.get(name)?)));
    let told = told.filter(|(member, value)| !member.starts_with("primary") || free(member, value));
    told.map(|(member, value)| (member.to_owned(), value.clone())).collect()
}

impl Flow<'_> {
    /// Adds to what will be the user's, if it can be.
    pub(super) fn add_to_profile(&mut self, profile: Profile) -> Result<(), Failure> {
        if let Ok(user) = self.user() {
            profile.check_new_to(&user)?;
        }
        profile.check_unique(self.state)?;
        self.experience.profile.extend(profile);
        Ok(())
    }

    /// Keeps the tokens that other places gave for the user who comes from there.
    pub(super) fn keep_tokens(&mut self, user_id: &str) {
        for record in self.experience.records.iter().filter(|own| own.verified) {
            match &record.proof {
                Proof::Social { connector_id, user: Some(info) } => {
                    identities::keep_social(self.state, user_id, connector_id, info);
                }
                Proof::Sso { connector_id, issuer, user: Some(info) } => {
                    identities::keep_enterprise(self.state, user_id, issuer, connector_id, info);
                }
                _ => {}
            }
        }
    }

    /// The same checks for all that has been added, since others may have come first.
    pub(super) fn recheck_profile(&self, user: &User) -> Result<(), Failure> {
        self.experience.profile.check_new_to(user)?;
        self.experience.profile.check_unique(self.state)
    }
}
