//! Text whose value must never show. What has no declared form is not marked: it never shows.

use anyhow::Result;
use serde_json::{Value, json};

use crate::walk::{Place, Schema, Side};

/// The keyword that marks a secret.
pub(super) const MARK: &str = "x-logto-secret";

/// How a name tells that its value is a secret. Names are compared in lower case and without `_`
/// and `-`.
struct Names {
    exact: &'static [&'static str],
    prefixes: &'static [&'static str],
    suffixes: &'static [&'static str],
    parts: &'static [&'static str],
}

/// What Logto itself masks or leaves out when it writes an audit log, as of 1.42.0: the keys in its
/// `packages/core/src/utils/sensitive-data.ts`.
const MASKED_BY_LOGTO: Names = Names {
    exact: &["authorization", "xfunctionskey"],
    prefixes: &["script"],
    suffixes: &["token", "script"],
    parts: &[
        "secret",
        "password",
        "apikey",
        "privatekey",
        "credential",
        "cookie",
        "environmentvariables",
    ],
};

/// What else lets its holder act, continue or impersonate:
///
/// - codes, keys, hashes, and what is signed or asked to be signed;
/// - ids of verification records, which prove who the user is, and of sessions and interactions,
///   which are the values of their cookies (`jti`; in audit logs `sessionId`);
/// - what ties a sign-in elsewhere to its browser (`state`, `RelayState`, SAML's messages), and the
///   addresses at which one goes on;
/// - addresses of hooks and invitations, which hold a key of their own.
const SECRET: Names = Names {
    exact: &[
        "assertion",
        "attestationobject",
        "authenticatordata",
        "authorizationuri",
        "clientdatajson",
        "jti",
        "jwt",
        "otp",
        "rawid",
        "redirectto",
        "sessionid",
        "sid",
        "interactionid",
        "state",
        "url",
    ],
    prefixes: &[],
    suffixes: &["code", "codes", "hookurl", "key", "keys", "link", "relaystate"],
    parts: &[
        "challenge",
        "codeverifier",
        "digest",
        "encrypted",
        "hash",
        "nonce",
        "samlrequest",
        "samlresponse",
        "signature",
    ],
};

/// Keys that open nothing: names of things, and what is made to be public.
const PUBLIC_KEYS: [&str; 5] = ["key", "logkey", "publickey", "sitekey", "targetkey"];

impl Names {
    fn tell(&self, name: &str) -> bool {
        self.exact.contains(&name)
            || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
            || self.suffixes.iter().any(|suffix| name.ends_with(suffix))
            || self.parts.iter().any(|part| name.contains(part))
    }
}

/// Marks the secret members of an object, and secret parameters.
///
/// A `value` is secret in what expires (a named secret, a personal token) and in a password.
pub(crate) fn marked(schema: &mut Schema, place: &Place) -> Result<()> {
    schema.remove(MARK);
    let parameter = place.member.as_deref().filter(|_| place.side == Side::Parameter);
    if parameter.is_some_and(|name| is_secret(name) && !is_address(name, place))
        && holds_text(schema)
    {
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
        let named = is_secret(name) || name == "value" && is_credential;
        if named && !exempt && holds_text(member) {
            member.insert(MARK.into(), true.into());
        }
    }
    Ok(())
}

fn is_secret(name: &str) -> bool {
    let name = name.replace(['_', '-'], "").to_lowercase();
    let is_record = name.contains("verification") && name.ends_with("id");
    let is_public = PUBLIC_KEYS.contains(&name.as_str());
    MASKED_BY_LOGTO.tell(&name) || is_record || SECRET.tell(&name) && !is_public
}

/// An id that a path holds tells which thing a request is about, and shows in every URL.
fn is_address(name: &str, place: &Place) -> bool {
    name.ends_with("Id") && place.pointer.contains(&format!("{{{name}}}"))
}

/// `{"type": "password", "value": …}`.
fn says_password(schema: &Schema) -> bool {
    let kinds = schema.get("properties").and_then(|properties| properties.pointer("/type/enum"));
    kinds.is_some_and(|kinds| *kinds == json!(["password"]))
}

fn has_member(schema: &Schema, name: &str) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(name).is_some())
}

/// Text, lists of text, and what may be text; an object with members has its own marks.
fn holds_text(schema: &Schema) -> bool {
    let holds = |schema: &Value| schema.as_object().is_some_and(holds_text);
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => !schema.contains_key("enum"),
        Some("array") => schema.get("items").is_some_and(holds),
        Some(_) => false,
        None => {
            let alternatives = ["oneOf", "anyOf"].iter().filter_map(|keyword| schema.get(*keyword));
            alternatives.flat_map(|list| list.as_array()).flatten().any(holds)
        }
    }
}
