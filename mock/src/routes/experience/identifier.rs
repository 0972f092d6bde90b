//! What users say who they are with.

use serde_json::Value;

use crate::{
    rules::guard::{Field, Kind, required},
    state::{State, user::User},
};

const KINDS: Kind = Kind::Enum(&["username", "email", "phone"]);
const FIELDS: &[Field] = &[required("type", KINDS), required("value", Kind::Text)];

/// A username, an e-mail address or a phone number.
pub(crate) const ANY: Kind = Kind::Object(FIELDS);
/// What codes can be sent to.
pub(crate) const ADDRESS: Kind = Kind::Form(&[
    ("email", &[required("value", Kind::Email)]),
    ("phone", &[required("value", Kind::Phone)]),
]);
pub(crate) const ADDRESS_KINDS: Kind = Kind::Enum(&["email", "phone"]);

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
