//! What users say who they are with.

use serde_json::Value;

use crate::state::{State, user::User};

/// The member of a user that an identifier of this type is.
pub(crate) fn member(kind: Option<&str>) -> &'static str {
    match kind {
        Some("email") => "primaryEmail",
        Some("phone") => "primaryPhone",
        _ => "username",
    }
}

/// The user whom an identifier names.
pub(crate) fn find<'a>(state: &'a State, identifier: &Value) -> Option<&'a User> {
    let member = member(identifier["type"].as_str());
    state.users.find_by(member, identifier["value"].as_str()?)
}
