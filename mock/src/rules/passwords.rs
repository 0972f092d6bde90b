//! What a password must be like: eight characters, and neither one repeated nor a sequence.

use serde_json::{Value, json};

use crate::{rules::errors::Failure, state::user::User};

pub(crate) fn check(password: &str) -> Result<(), Failure> {
    let complaints = complaints(password);
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(422, "password.rejected").data(complaints.into())),
    }
}

/// The same, for a user's next password.
pub(crate) fn check_new(password: &str, user: &User) -> Result<(), Failure> {
    check(password)?;
    match user.has_password(password) {
        true => Err(Failure::new(422, "user.same_password")),
        false => Ok(()),
    }
}

fn complaints(password: &str) -> Vec<Value> {
    let length = password.chars().count();
    let mut complaints = Vec::new();
    if length < 8 {
        complaints.push(json!({
            "code": "password_rejected.too_short", "interpolation": { "min": 8 },
        }));
    }
    if length > 256 {
        complaints.push(json!({
            "code": "password_rejected.too_long", "interpolation": { "max": 256 },
        }));
    }
    let follow = |by: u32| {
        let next = |c: char| u32::from(c).checked_add(by).and_then(char::from_u32);
        length > 2
            && password.chars().zip(password.chars().skip(1)).all(|(a, b)| next(a) == Some(b))
    };
    if follow(0) {
        complaints.push(json!({ "code": "password_rejected.restricted.repetition" }));
    }
    if follow(1) {
        complaints.push(json!({ "code": "password_rejected.restricted.sequence" }));
    }
    complaints
}
