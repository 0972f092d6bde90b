//! What holds for users, whoever changes them.

use serde_json::{Map, Value};

use crate::{
    rules::{claims, errors::Failure, releases::knows},
    state::{
        State,
        user::{User, Users},
    },
};

/// The members that a search looks at.
pub(crate) const SEARCHED: &[&str] = &["id", "name", "primaryEmail", "primaryPhone", "username"];

/// Whether it is a member of a user's profile.
pub(crate) fn is_of_profile(name: &str) -> bool {
    claims::PROFILE.iter().any(|(_, member)| *member == name)
}

pub(crate) fn not_found() -> Failure {
    Failure::new(404, "entity.not_found")
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

/// All that is said of a user, as the release that is played has it.
pub(crate) fn row(state: &State, user: &User) -> Value {
    let mut row = user.to_members();
    if !knows(state, "next") {
        row.remove("cimdClientId");
    }
    row.into()
}
