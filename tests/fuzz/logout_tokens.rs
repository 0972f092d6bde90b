//! Logout tokens (see `signed`), in the form that they are posted in, after a line `form=` as it is.

use logto_api::logout::LogoutTokenVerifier;
use serde_json::{Value, json};

use crate::{
    desk::{self, Asked, ENDPOINT, NOW},
    message::{Message, split},
    signed::{KEY, Signed, audiences},
    told,
};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

pub(crate) fn target(input: &[u8]) {
    let script = |asked: &Asked| match asked.url.path() {
        "/oidc/jwks" => Message::of(200, &json!({"keys": [KEY.jwk()]}).to_string()),
        _ => Message::of(404, "{}"),
    };
    let verifier = LogoutTokenVerifier::new(&desk::builder().build().unwrap(), "web-app");
    if let Some((b"form", body)) = split(input, b"=") {
        // Whatever it is, it is signed by nobody.
        let error = desk::run(script, verifier.verify_form(body)).unwrap_err();
        assert!(error.is_invalid_token(), "{error}");
        return told::check(&error, input);
    }
    let signed = Signed::of(input);
    let body = format!("logout_token={}", signed.token);
    match desk::run(script, verifier.verify_form(body.as_bytes())) {
        Ok(token) => {
            let is_logout = |kind: &str| {
                kind.strip_prefix("application/").unwrap_or(kind) == "logout+jwt"
            };
            let claims = signed.check(|kind| kind.is_some_and(is_logout));
            check(&claims);
            assert_eq!(claims["jti"], token.id());
            assert_eq!(claims["sub"].as_str(), token.subject());
            assert_eq!(claims["sid"].as_str(), token.session_id());
        }
        Err(error) => {
            assert!(error.is_invalid_token(), "{error}");
            told::check(&error, input);
        }
    }
}

/// What has to hold of the claims of a token that is accepted.
fn check(claims: &Value) {
    assert_eq!(claims["iss"], format!("{ENDPOINT}/oidc"));
    assert!(audiences(claims).contains(&"web-app".into()));
    assert!(claims["events"][EVENT].is_object());
    assert!(claims.get("nonce").is_none(), "it is an ID token");
    let is_named = |name: &str| claims[name].as_str().is_some_and(|text| !text.is_empty());
    assert!(is_named("jti") && (is_named("sub") || is_named("sid")));
    let now = NOW as f64;
    let time = |name: &str| claims[name].as_f64();
    let issued = time("iat").unwrap();
    assert!(time("exp").unwrap_or(issued + 120.0) > now - 61.0, "it is over");
    assert!(issued < now + 61.0, "it is of the future");
    assert!(time("nbf").is_none_or(|from| from < now + 61.0), "it is not good yet");
}
