//! What is wrong with a JWT, as the library says that Logto verifies them with.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::state::State;

/// What is told of a token that is not good for this audience.
pub(crate) fn objection(state: &State, token: &str, audience: &str) -> Value {
    let mut parts = token.split('.').map(part);
    let (Some(Some(header)), Some(Some(claims))) = (parts.next(), parts.next()) else {
        return json!({ "code": "ERR_JWS_INVALID", "name": "JWSInvalid" });
    };
    if !state.keys.list().any(|(id, _)| header["kid"] == id) {
        return json!({ "code": "ERR_JWKS_NO_MATCHING_KEY", "name": "JWKSNoMatchingKey" });
    }
    let of_claim = |code, name, claim| {
        let reason = "check_failed";
        json!({ "code": code, "name": name, "claim": claim, "reason": reason, "payload": claims })
    };
    if claims["aud"] != audience {
        return of_claim("ERR_JWT_CLAIM_VALIDATION_FAILED", "JWTClaimValidationFailed", "aud");
    }
    if claims["exp"].as_u64().is_some_and(|end| end * 1000 <= state.now()) {
        return of_claim("ERR_JWT_EXPIRED", "JWTExpired", "exp");
    }
    json!({
        "code": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "name": "JWSSignatureVerificationFailed",
    })
}

fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
