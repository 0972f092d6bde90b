//! WebAuthn, without its signatures: what authenticators are asked, and what of their answers
//! can be checked without keys.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    rules::{
        errors::Failure,
        guard::{Field, Kind, optional, required},
    },
    state::{
        collection::{Members, text},
        factors::{Challenge, Credential, Mfa},
        user::User,
    },
};

/// An authenticator's answer to being asked for a new credential.
pub(crate) const ATTESTATION: Kind = Kind::Object(ATTESTATION_MEMBERS);
const ATTESTATION_MEMBERS: &[Field] = &credential_with(ATTESTATION_RESPONSE);
const ATTESTATION_RESPONSE: &[Field] = &[
    required("clientDataJSON", Kind::Text),
    required("attestationObject", Kind::Text),
    optional("authenticatorData", Kind::Text),
    optional("transports", Kind::List(&Kind::Text)),
    optional("publicKeyAlgorithm", Kind::Integer),
    optional("publicKey", Kind::Text),
];

/// An authenticator's answer to being asked for a signature.
pub(crate) const ASSERTION: Kind = Kind::Object(ASSERTION_MEMBERS);
const ASSERTION_MEMBERS: &[Field] = &credential_with(ASSERTION_RESPONSE);
const ASSERTION_RESPONSE: &[Field] = &[
    required("clientDataJSON", Kind::Text),
    required("authenticatorData", Kind::Text),
    required("signature", Kind::Text),
    optional("userHandle", Kind::Text),
];

/// What browsers send of a credential, with this response of the authenticator's.
const fn credential_with(response: &'static [Field]) -> [Field; 6] {
    [
        required("type", Kind::Literal("WebAuthn")),
        required("id", Kind::Text),
        required("rawId", Kind::Text),
        required("response", Kind::Object(response)),
        optional("authenticatorAttachment", Kind::Text),
        required("clientExtensionResults", Kind::FreeForm),
    ]
}

/// What happens between a browser and its authenticator.
#[derive(Clone, Copy)]
pub(crate) enum Ceremony {
    Create,
    Get,
}

/// The page that a browser sends a request from; without one there is no WebAuthn.
pub(crate) struct Origin(pub(crate) String);

impl Origin {
    pub(crate) fn challenge(&self, text: String) -> Challenge {
        let host = self.0.split("://").nth(1).unwrap_or_default();
        let host = host.split([':', '/']).next().unwrap_or_default();
        Challenge { text, rp_id: host.to_owned() }
    }

    /// Checks what the browser says that it was asked, by whom and where.
    pub(crate) fn check(
        &self,
        ceremony: Ceremony,
        challenge: &Challenge,
        payload: &Value,
    ) -> Result<(), Failure> {
        let data = payload["response"]["clientDataJSON"].as_str().unwrap_or_default();
        let data =
            BASE64_URL_SAFE_NO_PAD.decode(data.trim_end_matches('=')).map_err(|_| failed())?;
        let data: Value = serde_json::from_slice(&data).map_err(|_| failed())?;
        let kind = match ceremony {
            Ceremony::Create => "webauthn.create",
            Ceremony::Get => "webauthn.get",
        };
        let fits = data["type"] == kind
            && data["challenge"] == *challenge.text
            && data["origin"] == *self.0
            && payload["id"] == payload["rawId"];
        if fits { Ok(()) } else { Err(failed()) }
    }
}

impl Challenge {
    /// What a browser asks for a new credential with.
    pub(crate) fn registration_options(&self, user: &User) -> Value {
        let name = ["primaryEmail", "primaryPhone", "username"];
        let name = name.into_iter().find_map(|member| user.text(member)).unwrap_or_default();
        let excluded: Vec<Value> = user.mfa.credentials().map(descriptor).collect();
        json!({
            "rp": { "name": self.rp_id, "id": self.rp_id },
            "user": {
                "id": BASE64_URL_SAFE_NO_PAD.encode(&user.id), "name": name,
                "displayName": user.text("name").unwrap_or(name),
            },
            "challenge": self.text,
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 },
            ],
            "timeout": 60000,
            "excludeCredentials": excluded,
            "authenticatorSelection": {
                "requireResidentKey": true, "residentKey": "required",
                "userVerification": "required",
            },
            "attestation": "none",
            "extensions": { "credProps": true },
        })
    }

    /// What a browser asks for a signature with; for anybody's where nobody is given.
    pub(crate) fn authentication_options(&self, mfa: Option<&Mfa>) -> Value {
        let allowed = mfa.into_iter().flat_map(Mfa::credentials);
        json!({
            "challenge": self.text, "timeout": 60000, "rpId": self.rp_id,
            "allowCredentials": allowed.map(descriptor).collect::<Vec<_>>(),
            "userVerification": "required",
        })
    }

    /// The credential that an authenticator has made.
    pub(crate) fn credential(&self, payload: &Members, agent: Option<&str>) -> Credential {
        let transports = payload.get("response").map(|response| response["transports"].clone());
        Credential {
            id: text(payload, "id").unwrap_or_default().to_owned(),
            rp_id: self.rp_id.clone(),
            transports: transports.filter(Value::is_array).unwrap_or_else(|| json!([])),
            agent: agent.unwrap_or_default().to_owned(),
            name: None,
        }
    }
}

fn descriptor(credential: &Credential) -> Value {
    json!({ "type": "public-key", "id": credential.id, "transports": credential.transports })
}

pub(crate) fn failed() -> Failure {
    Failure::new(400, "session.mfa.webauthn_verification_failed")
}

pub(crate) fn no_credential() -> Failure {
    Failure::new(400, "session.mfa.webauthn_verification_not_found")
}

pub(crate) fn nothing_asked() -> Failure {
    Failure::new(400, "session.mfa.pending_info_not_found")
}
