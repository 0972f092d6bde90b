//! ID tokens: a line that is the header, one that is the claims, and `sign` or a signature.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{
    desk::{self, Asked, ENDPOINT, NOW},
    issuer::{Key, encode},
    message::Message,
    told,
};

static KEY: LazyLock<Key> = LazyLock::new(|| Key::es384("k1"));

pub(crate) fn target(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let (header, claims, signature) = (line(), line(), line());
    let token = match signature {
        "sign" => KEY.sign_text(header, claims),
        other => format!("{}.{}.{other}", encode(header), encode(claims)),
    };
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
            assert_eq!(signature, "sign", "nobody signed {claims}");
            check(header, claims);
            assert_eq!(tokens.claims().unwrap().iss, format!("{ENDPOINT}/oidc"));
        }
        Err(error) => {
            assert!(error.is_invalid_token(), "{error}");
            told::check(&error, input);
        }
    }
}

/// What has to hold of a token that is accepted, by a reading of its own.
fn check(header: &str, claims: &str) {
    let (header, claims) = (object(header), object(claims));
    assert_eq!(header["alg"], "ES384");
    assert!(header["crit"].is_null());
    assert!(header["typ"].as_str().is_none_or(|kind| kind.eq_ignore_ascii_case("jwt")));
    assert_eq!(claims["iss"], format!("{ENDPOINT}/oidc"));
    assert_eq!(claims["nonce"], "n0nce");
    assert!(claims["sub"].is_string());
    let audiences = match &claims["aud"] {
        Value::Array(audiences) => audiences.clone(),
        one => vec![one.clone()],
    };
    assert!(audiences.contains(&"web-app".into()));
    assert!(claims["azp"] == "web-app" || claims["azp"].is_null() && audiences.len() == 1);
    let now = NOW as f64;
    let time = |name: &str| claims[name].as_f64();
    assert!(time("exp").unwrap() > now - 61.0, "it is over");
    assert!(time("iat").unwrap() < now + 61.0, "it is of the future");
    assert!(time("nbf").is_none_or(|from| from < now + 61.0), "it is not good yet");
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
