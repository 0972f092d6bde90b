//! Tokens that look like JWTs. Nothing signs them: the mock knows its own.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(crate) fn unsigned(kind: &str, claims: &Value, signature: &str) -> String {
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let header = json!({ "alg": "ES384", "typ": kind, "kid": "logto-mock" });
    format!("{}.{}.{signature}", part(&header), part(claims))
}
