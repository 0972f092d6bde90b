//! Key sets: `ES384` or `RS256`, which the token is signed with, and a set, in which `$KEY` stands
//! for the right key, and `$X` and `$Y` for its coordinates.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{
    desk::{self, Asked, ENDPOINT, NOW},
    issuer::Key,
    message::{Message, split},
    told,
};

static EC: LazyLock<(Key, String)> = LazyLock::new(|| signed(Key::es384("k1")));
static RSA: LazyLock<(Key, String)> = LazyLock::new(|| signed(Key::rs256("k1")));

fn signed(key: Key) -> (Key, String) {
    let claims = json!({
        "iss": format!("{ENDPOINT}/oidc"), "aud": "web-app", "sub": "u1", "iat": NOW,
        "exp": NOW + 3600, "nonce": "n0nce",
    });
    let token = key.sign(&claims);
    (key, token)
}

pub(crate) fn target(input: &[u8]) {
    let (kind, set) = split(input, b"\n").unwrap_or((b"", input));
    let (key, token) = if kind == b"RS256" { &*RSA } else { &*EC };
    let jwk = key.jwk();
    let text = |name: &str| jwk[name].as_str().unwrap_or_default().to_owned();
    let set = String::from_utf8_lossy(set).replace("$KEY", &jwk.to_string());
    let set = set.replace("$X", &text("x")).replace("$Y", &text("y"));
    let (sent, token) = (set.clone(), token.clone());
    let script = move |asked: &Asked| match asked.url.path() {
        "/oidc/token" => {
            let body = json!({"access_token": "opaque", "token_type": "Bearer", "id_token": token});
            Message::of(200, &body.to_string())
        }
        "/oidc/jwks" => Message::of(200, &sent),
        _ => Message::of(404, "{}"),
    };
    let callback = format!(
        "https://acme.com/callback?tenant=1&code=c&state=st4te-0f-the-request&iss={ENDPOINT}/oidc"
    );
    match desk::run(script, desk::redeem(&callback)) {
        Ok(_) => assert!(has(&set, &jwk), "no such key is in {set}"),
        Err(error) => told::check(&error, input),
    }
}

/// Whether the set has the numbers of the key.
fn has(set: &str, jwk: &Value) -> bool {
    let set: Value = serde_json::from_str(set.trim_start_matches('\u{feff}')).unwrap();
    let numbers = if jwk["kty"] == "EC" { ["x", "y"] } else { ["n", "e"] };
    let same = |key: &Value| numbers.iter().all(|name| key[name] == jwk[name]);
    set["keys"].as_array().unwrap().iter().any(same)
}
