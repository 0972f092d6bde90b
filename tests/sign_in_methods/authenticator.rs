//! A browser with an authenticator, which writes what Chromium writes. Its signatures are those of
//! another question: the stand-in checks none.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use logto_api::models::{CredentialCreationOptions, CredentialRequestOptions};
use serde_json::{Value, json};

const CREATED: &str = include_str!("../web_authn/chromium-create.json");
const GOT: &str = include_str!("../web_authn/chromium-get.json");

/// A page that is open in the browser, by its origin.
pub(crate) struct Page(pub(crate) &'static str);

impl Page {
    /// `(await navigator.credentials.create({ publicKey })).toJSON()`
    pub(crate) fn create(&self, options: &CredentialCreationOptions) -> Value {
        self.answer(CREATED, "webauthn.create", &options.challenge)
    }

    /// `(await navigator.credentials.get({ publicKey })).toJSON()`
    pub(crate) fn get(&self, options: &CredentialRequestOptions) -> Value {
        self.answer(GOT, "webauthn.get", &options.challenge)
    }

    fn answer(&self, recorded: &str, ceremony: &str, challenge: &str) -> Value {
        let mut credential: Value = serde_json::from_str(recorded).unwrap();
        let client_data = json!({
            "type": ceremony, "challenge": challenge, "origin": self.0, "crossOrigin": false,
        });
        credential["response"]["clientDataJSON"] = BASE64.encode(client_data.to_string()).into();
        credential
    }
}
