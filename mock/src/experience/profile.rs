//! What an interaction adds to a user, once it has been submitted.

use axum::{
    Router,
    routing::{post, put},
};
use serde_json::{Map, Value, json};

use super::{
    Answer, Event, Flow, Proof, Step,
    identify::check_sso,
    record::{Record, unproved},
};
use crate::{
    collection::{Members, object, text},
    connectors::{self, TARGET},
    errors::Failure,
    guard::{Field, Kind, required},
    passwords,
    policy::SignUpField,
    reply,
    state::{State, Store},
    user::{self, Password, SsoIdentity, User},
    users,
};

const KINDS: Kind =
    Kind::Enum(&["email", "phone", "username", "password", "social", "extraProfile"]);
const ANY: &[Field] = &[required("type", KINDS)];
const PROVED: &[Field] = &[required("verificationId", Kind::Text)];
const USERNAME: &[Field] = &[required("value", Kind::Username)];
const PASSWORD: &[Field] = &[required("value", Kind::Text)];
const VALUES: &[Field] = &[required("values", Kind::FreeForm)];
const RESET: &[Field] = &[required("password", Kind::Text)];

/// Members of a user, by the API's names; what is shown of them has no password.
#[derive(Clone, Default)]
pub(super) struct Profile {
    members: Members,
    password: Option<String>,
}

impl Profile {
    fn of(members: Value) -> Self {
        Self { members: object(members), password: None }
    }

    pub(super) fn of_social(info: &Value) -> Self {
        Self::of(json!({ "socialIdentity": { "target": TARGET, "userInfo": info } }))
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
            Proof::Code { identifier, .. } | Proof::OneTimeToken { identifier } => {
                Self::of_identifier(identifier)
            }
            Proof::Social { user: Some(info), .. } => Self::of_social(info),
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
        self.members.clone().into()
    }

    fn sso(&self) -> Option<SsoIdentity> {
        let identity = self.members.get("enterpriseSsoIdentity")?;
        let issuer = identity["issuer"].as_str()?.to_owned();
        Some(SsoIdentity { issuer, id: identity["identityId"].as_str()?.to_owned() })
    }

    /// The user who has this account of an enterprise's already.
    pub(super) fn sso_user<'a>(&self, state: &'a State) -> Option<&'a User> {
        let identity = self.sso()?;
        state.users.find_where(|user| user.sso.contains(&identity))
    }

    /// What is unique must not be anybody's already.
    fn check_unique(&self, state: &State) -> Result<(), Failure> {
        user::refuse_taken(&state.users, &self.members, None)?;
        let social = self.members.get("socialIdentity").map(|identity| &identity["userInfo"]);
        let social = social.and_then(|info| connectors::user_of_social(state, info));
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
    pub(super) fn apply_to(mut self, user: &mut User) {
        user.sso.extend(self.sso());
        self.members.remove("enterpriseSsoIdentity");
        self.members.remove("submitted");
        if let Some(identity) = self.members.remove("socialIdentity") {
            let info = &identity["userInfo"];
            let mut identities = user.get("identities").clone();
            identities[TARGET] = json!({ "userId": info["id"], "details": info });
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

/// Whether a field of a form is among these members: by itself, in the profile or in custom data.
fn has_field<'a>(member: impl Fn(&str) -> Option<&'a Value>, name: &str) -> bool {
    let inner = ["profile", "customData"].map(|of| member(of).and_then(|of| of.get(name)));
    inner.into_iter().chain([member(name)]).flatten().any(|value| !value.is_null())
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

    /// The same checks for all that has been added, since others may have come first.
    pub(super) fn recheck_profile(&self, user: &User) -> Result<(), Failure> {
        self.experience.profile.check_new_to(user)?;
        self.experience.profile.check_unique(self.state)
    }

    /// Everybody must have what the tenant asks for, but not who comes from an enterprise.
    pub(super) fn check_profile(&self) -> Result<(), Failure> {
        let profile = &self.experience.profile;
        if profile.has("enterpriseSsoIdentity") {
            return Ok(());
        }
        let user = self.user().ok();
        let has = |member: &str| {
            let known = user.as_ref().is_some_and(|user| user.text(member).is_some());
            known || profile.has(member)
        };
        let asked = |field| self.state.policy.asks_for(field);
        let mut missing = Vec::new();
        if asked(SignUpField::Username) && !has("username") {
            missing.push("username");
        }
        match (asked(SignUpField::Email), asked(SignUpField::Phone)) {
            (true, true) if !has("primaryEmail") && !has("primaryPhone") => {
                missing.push("emailOrPhone");
            }
            (true, false) if !has("primaryEmail") => missing.push("email"),
            (false, true) if !has("primaryPhone") => missing.push("phone"),
            _ => {}
        }
        let can_come_back = user.as_ref().is_some_and(|user| {
            user.password.is_some() || user.get("identities") != &json!({}) || !user.sso.is_empty()
        });
        let will_come_back = profile.has_password() || profile.has("socialIdentity");
        if asked(SignUpField::Password) && !can_come_back && !will_come_back {
            missing.push("password");
        }
        if missing.is_empty() && self.lacks_fields(user.as_ref()) {
            missing.push("extraProfile");
        }
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(422, "user.missing_profile")
                .data(json!({ "missingProfile": missing }))),
        }
    }

    /// Whether somebody new has not told all that the tenant's form asks for.
    fn lacks_fields(&self, user: Option<&User>) -> bool {
        let profile = &self.experience.profile.members;
        let told = |name: &String| {
            has_field(|member| profile.get(member), name)
                || user.is_some_and(|user| has_field(|member| Some(user.get(member)), name))
        };
        let is_new = self.experience.event == Event::Register;
        is_new && !self.state.policy.profile_fields.iter().all(told)
    }
}

pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/api/experience/profile", post(add))
        .route("/api/experience/profile/password", put(reset))
}

async fn add(step: Step) -> Answer {
    step.take(ANY, |flow, members| {
        let kind = text(members, "type").unwrap_or_default();
        match flow.experience.event {
            Event::ForgotPassword => {
                return Err(Failure::new(400, "session.not_supported_for_forgot_password"));
            }
            Event::SignIn if kind == "social" => drop(flow.user_id()?),
            Event::SignIn => flow.check_factor()?,
            Event::Register => {}
        }
        let profile = given(flow, kind)?;
        flow.add_to_profile(profile)?;
        Ok(reply::no_content())
    })
}

/// What a body of this type adds.
fn given(flow: &mut Flow<'_>, kind: &str) -> Result<Profile, Failure> {
    match kind {
        "username" => {
            let members = flow.body.check(USERNAME)?;
            Ok(Profile::of(json!({ "username": text(&members, "value") })))
        }
        "password" => {
            let members = flow.body.check(PASSWORD)?;
            let password = text(&members, "value").unwrap_or_default().to_owned();
            passwords::check(&password)?;
            Ok(Profile { password: Some(password), ..Profile::default() })
        }
        "extraProfile" => {
            let members = flow.body.check(VALUES)?;
            Ok(extra(&members["values"]))
        }
        "social" => proved(flow, "Social"),
        "phone" => proved(flow, "PhoneVerificationCode"),
        _ => proved(flow, "EmailVerificationCode"),
    }
}

fn proved(flow: &mut Flow<'_>, kind: &str) -> Result<Profile, Failure> {
    let members = flow.body.check(PROVED)?;
    address(flow, kind, text(&members, "verificationId").unwrap_or_default())
}

/// The address or identity that a record of this kind proves.
pub(super) fn address(flow: &mut Flow<'_>, kind: &str, id: &str) -> Result<Profile, Failure> {
    let record = flow.record_of(kind, id)?.clone();
    check_sso(flow, &record.proof)?;
    let mut profile = Profile::of_new_user(flow.state, &record)?;
    // Of somebody who is known, another place's word changes nothing.
    if flow.experience.user_id.is_some() && kind == "Social" {
        profile.members.retain(|name, _| name == "socialIdentity");
    }
    Ok(profile)
}

/// Splits what a form asks for: what users have by themselves, their profile, and all else.
fn extra(values: &Value) -> Profile {
    let (mut members, mut profile, mut custom) = (Map::new(), Map::new(), Map::new());
    for (name, value) in object(values.clone()) {
        match name.as_str() {
            "name" | "avatar" => members.insert(name, value),
            _ if users::is_of_profile(&name) => profile.insert(name, value),
            _ => custom.insert(name, value),
        };
    }
    members.insert("profile".into(), profile.into());
    members.insert("customData".into(), custom.into());
    members.insert("submitted".into(), true.into());
    Profile { members, password: None }
}

/// A new password for one that was forgotten.
async fn reset(step: Step) -> Answer {
    step.take(RESET, |flow, members| {
        if flow.experience.event != Event::ForgotPassword {
            return Err(Failure::new(400, "session.invalid_interaction_type"));
        }
        let user = flow.user()?;
        let password = text(members, "password").unwrap_or_default();
        passwords::check_new(password, &user)?;
        flow.experience.profile.password = Some(password.to_owned());
        Ok(reply::no_content())
    })
}
