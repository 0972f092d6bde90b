//! An authenticator of the user's.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::world::{ORIGIN, World};

const CREDENTIAL: &str = "tsI5pWMqc9xIjVxTqI9Ekg";

/// What a browser answers to these options.
pub(crate) fn answer(_: &World<'_>, options: &Value) -> Value {
    let is_new = options["pubKeyCredParams"].is_array();
    let kind = if is_new { "webauthn.create" } else { "webauthn.get" };
    let data = json!({ "type": kind, "challenge": options["challenge"], "origin": ORIGIN });
    let data = BASE64_URL_SAFE_NO_PAD.encode(data.to_string());
    let allowed = options["allowCredentials"][0]["id"].as_str();
    let id = if is_new { CREDENTIAL } else { allowed.unwrap_or(CREDENTIAL) };
    let response = match is_new {
        true => json!({
            "clientDataJSON": data, "attestationObject": "o2M", "transports": ["internal"],
        }),
        false => {
            json!({ "clientDataJSON": data, "authenticatorData": "SZYN", "signature": "MEUC", "userHandle": "dXNlcg" })
        }
    };
    json!({
        "type": "WebAuthn", "id": id, "rawId": id, "clientExtensionResults": {},
        "authenticatorAttachment": "platform", "response": response,
    })
}
