//! What recorded requests say.

use logto_api::sign_in::Identifier;
use serde_json::{Value, json};

use crate::conversation::Step;

pub(super) const API: &str = "/api/experience";

/// Whether it is this operation of the Experience API.
pub(super) fn is(step: &Step, method: &str, operation: &str) -> bool {
    step.is(method, &format!("{API}{operation}"))
}

/// Tells who the user is, by this record and nothing else.
pub(super) fn identifies(step: &Step, record: &str) -> bool {
    is(step, "POST", "/identification") && step.asked() == json!({ "verificationId": record })
}

/// Makes the account, of what has been collected.
pub(super) fn goes_on(step: &Step) -> bool {
    is(step, "POST", "/identification") && step.asked() == json!({})
}

/// Binds a record as a factor.
pub(super) fn binds(step: &Step, factor: &str, record: &str) -> bool {
    let body = json!({ "type": factor, "verificationId": record });
    is(step, "POST", "/profile/mfa") && step.asked() == body
}

pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

/// Whether an object has these members, all others being absent.
pub(super) fn has_only(value: &Value, names: &[&str]) -> bool {
    value.as_object().is_some_and(|members| {
        members.len() == names.len() && names.iter().all(|name| members.contains_key(*name))
    })
}

pub(super) fn identifier(value: &Value) -> Option<Identifier> {
    if !has_only(value, &["type", "value"]) {
        return None;
    }
    let name = text(value, "value")?;
    match value["type"].as_str()? {
        "username" => Some(Identifier::username(name)),
        "email" => Some(Identifier::email(name)),
        "phone" => Some(Identifier::phone(name)),
        _ => None,
    }
}

/// The record that an answer has made or verified.
pub(super) fn record(step: &Step) -> String {
    text(&step.answered(), "verificationId").unwrap_or_default()
}

/// What a browser's `toJSON()` gives: the type has another name there.
pub(super) fn credential(payload: &Value) -> Value {
    let mut credential = payload.clone();
    credential["type"] = "public-key".into();
    credential
}
