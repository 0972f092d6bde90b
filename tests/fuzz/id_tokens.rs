//! ID tokens: see `signed`.

use serde_json::{Value, json};

use crate::{
    desk::{self, Asked, ENDPOINT, NOW},
    message::Message,
    signed::{KEY, Signed, audiences},
    told,
};

pub(crate) fn target(input: &[u8]) {
    let signed = Signed::of(input);
    let token = signed.token.clone();
    let script = move |asked: &Asked| match asked.url.path() {
        "/oidc/token" => {
            let body = json!({"access_token": "opaque", "token_type": "Bearer", "id_token": token});
            Message::of(200, &body.to_string())
        }
        "/oidc/jwks" => Message::of(200, &json!({"keys": [KEY.jwk()]}).to_string()),
        _ => Message::of(404, "{}"),
    };
    let callback = format!(
        "https://acme.com/callback?tenant=1&code=c&state=st4te-0f-the-request&iss={ENDPOINT}/oidc"
    );
    match desk::run(script, desk::redeem(&callback)) {
        Ok(tokens) => {
            check(&signed.check(|kind| kind.is_none_or(|kind| kind == "jwt")));
            assert_eq!(tokens.claims().unwrap().iss, format!("{ENDPOINT}/oidc"));
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
    assert_eq!(claims["nonce"], "n0nce");
    assert!(claims["sub"].is_string());
    let audiences = audiences(claims);
    assert!(audiences.contains(&"web-app".into()));
    assert!(claims["azp"] == "web-app" || claims["azp"].is_null() && audiences.len() == 1);
    let now = NOW as f64;
    let time = |name: &str| claims[name].as_f64();
    assert!(time("exp").unwrap() > now - 61.0, "it is over");
    assert!(time("iat").unwrap() < now + 61.0, "it is of the future");
    assert!(time("nbf").is_none_or(|from| from < now + 61.0), "it is not good yet");
}
