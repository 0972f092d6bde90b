//! Members whose value must never show.

use anyhow::Result;
use serde_json::{Value, json};

use crate::walk::{Place, Schema, Side};

/// The keyword that marks a secret.
pub(super) const MARK: &str = "x-logto-secret";

/// Secret wherever they occur.
const SECRET: [&str; 37] = [
    "accessToken",
    "access_token",
    "apiKey",
    "captchaToken",
    "clientSecret",
    "client_secret",
    "code",
    "codes",
    "config",
    "connectorData",
    "environmentVariables",
    "headers",
    "idToken",
    "id_token",
    "oneTimeToken",
    "password",
    "passwordDigest",
    "passwordEncrypted",
    "passwordHash",
    "privateKey",
    "private_key",
    "providerConfig",
    "refreshToken",
    "refresh_token",
    "secret",
    "secretAccessKey",
    "secretKey",
    "secretQrCode",
    "signingKey",
    "subjectToken",
    "token",
    "tokenSecret",
    "verificationCode",
    "SAMLResponse",
    "encryptedTokenSet",
    "newPassword",
    "currentPassword",
];

/// Marks the secret members of an object, and secret parameters.
///
/// A `value` is secret in what expires (a named secret, a personal token) and in a password.
pub(crate) fn marked(schema: &mut Schema, place: &Place) -> Result<()> {
    schema.remove(MARK);
    let parameter = place.member.as_deref().filter(|_| place.side == Side::Parameter);
    if parameter.is_some_and(|name| SECRET.contains(&name)) && holds_a_value(schema) {
        schema.insert(MARK.into(), true.into());
    }
    let is_issue = has_member(schema, "interpolation") || has_member(schema, "message");
    let is_credential = has_member(schema, "expiresAt") || says_password(schema);
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    for (name, member) in properties {
        // The code of an error or of a password issue says what is wrong: no secret.
        let exempt = name == "code" && is_issue;
        let Some(member) = member.as_object_mut() else {
            continue;
        };
        let named = SECRET.contains(&name.as_str()) || name == "value" && is_credential;
        if named && !exempt && holds_a_value(member) {
            member.insert(MARK.into(), true.into());
        }
    }
    Ok(())
}

/// `{"type": "password", "value": …}`.
fn says_password(schema: &Schema) -> bool {
    let kinds = schema.get("properties").and_then(|properties| properties.pointer("/type/enum"));
    kinds.is_some_and(|kinds| *kinds == json!(["password"]))
}

fn has_member(schema: &Schema, name: &str) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(name).is_some())
}

/// Text, lists of text and open objects hold values; an object with members has its own marks.
fn holds_a_value(schema: &Schema) -> bool {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => !schema.contains_key("enum"),
        Some("object") => !schema.contains_key("properties"),
        Some("array") => schema.get("items").and_then(Value::as_object).is_some_and(holds_a_value),
        _ => false,
    }
}
