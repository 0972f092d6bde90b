//! What the tenant asks of its users, and they have not told yet.

use serde_json::{Value, json};

use super::{Event, Flow};
use crate::{
    rules::errors::Failure,
    state::{policy::SignUpField, user::User},
};

impl Flow<'_> {
    /// Everybody must have what the tenant asks for, but not who comes from an enterprise.
    pub(super) fn check_profile(&self) -> Result<(), Failure> {
        if self.experience.profile.has("enterpriseSsoIdentity") {
            return Ok(());
        }
        let user = self.user().ok();
        let mut missing = self.missing_identifiers(user.as_ref());
        if self.lacks_password(user.as_ref()) {
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

    fn missing_identifiers(&self, user: Option<&User>) -> Vec<&'static str> {
        let lacks = |member: &str| {
            let known = user.is_some_and(|user| user.text(member).is_some());
            !known && !self.experience.profile.has(member)
        };
        let asked = |field| self.state.policy.asks_for(field);
        let mut missing = Vec::new();
        if asked(SignUpField::Username) && lacks("username") {
            missing.push("username");
        }
        match (asked(SignUpField::Email), asked(SignUpField::Phone)) {
            (true, true) if lacks("primaryEmail") && lacks("primaryPhone") => {
                missing.push("emailOrPhone");
            }
            (true, false) if lacks("primaryEmail") => missing.push("email"),
            (false, true) if lacks("primaryPhone") => missing.push("phone"),
            _ => {}
        }
        missing
    }

    /// Whether nothing lets the user come back: an account elsewhere is as good as a password.
    fn lacks_password(&self, user: Option<&User>) -> bool {
        let profile = &self.experience.profile;
        let can_come_back = user.is_some_and(|user| {
            user.password.is_some() || user.get("identities") != &json!({}) || !user.sso.is_empty()
        });
        let will_come_back = profile.has_password() || profile.has("socialIdentity");
        self.state.policy.asks_for(SignUpField::Password) && !can_come_back && !will_come_back
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

/// Whether a field of a form is among these members: by itself, in the profile or in custom data.
fn has_field<'a>(member: impl Fn(&str) -> Option<&'a Value>, name: &str) -> bool {
    let inner = ["profile", "customData"].map(|of| member(of).and_then(|of| of.get(name)));
    inner.into_iter().chain([member(name)]).flatten().any(|value| !value.is_null())
}
