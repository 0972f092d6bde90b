//! WebAuthn: what authenticators are asked, and whether their answers are true.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    rules::{
        errors::Failure,
        signatures::{self, Attestation, AuthenticatorData},
    },
    state::{
        collection::text,
        factors::{Challenge, Credential, Mfa},
        user::User,
    },
};

/// The page that a browser sends a request from: the server's own where nothing else is said.
pub(crate) struct Origin(pub(crate) String);

impl Origin {
    pub(crate) fn challenge(&self, text: String) -> Challenge {
        let host = self.0.split("://").nth(1).unwrap_or_default();
        let host = host.split([':', '/']).next().unwrap_or_default();
        Challenge { text, rp_id: host.to_owned() }
    }

    /// What the browser says that it was asked, by whom and where, if that is true.
    fn client_data(
        &self,
        ceremony: &str,
        challenge: &Challenge,
        payload: &Value,
    ) -> Option<Vec<u8>> {
        let bytes = member(payload, "clientDataJSON")?;
        let data: Value = serde_json::from_slice(&bytes).ok()?;
        let fits = data["type"] == ceremony
            && data["challenge"] == *challenge.text
            && data["origin"] == *self.0
            && payload["id"] == payload["rawId"];
        fits.then_some(bytes)
    }

    /// The credential that an authenticator has made. As at Logto, its relying party is not
    /// checked before it is used.
    pub(crate) fn registered(
        &self,
        challenge: &Challenge,
        payload: &Value,
        agent: Option<&str>,
    ) -> Result<Credential, Failure> {
        let made = || {
            let client_data = self.client_data("webauthn.create", challenge, payload)?;
            let attestation = Attestation::read(&member(payload, "attestationObject")?)?;
            let data = AuthenticatorData::read(&attestation.data)?;
            let (id, key) = data.credential().filter(|_| data.is_verified())?;
            let is_it = payload["id"] == BASE64_URL_SAFE_NO_PAD.encode(id);
            (is_it && attestation.is_valid(key, &client_data)).then(|| Credential {
                id: BASE64_URL_SAFE_NO_PAD.encode(id),
                key: key.to_vec(),
                counter: data.counter,
                rp_id: challenge.rp_id.clone(),
                transports: transports(payload),
                agent: agent.unwrap_or_default().to_owned(),
                name: None,
            })
        };
        let why = json!({ "message": "The authenticator's answer does not fit the question." });
        made().ok_or_else(|| failed().data(why))
    }

    /// Checks what was signed with one of a user's credentials, and counts its use.
    pub(crate) fn authenticated(
        &self,
        challenge: &Challenge,
        payload: &Value,
        mfa: &mut Mfa,
    ) -> Result<(), Failure> {
        let used = || {
            let id = text(payload.as_object()?, "id")?;
            let own = mfa.credentials().find(|own| own.id == id)?;
            let client_data = self.client_data("webauthn.get", challenge, payload)?;
            let bytes = member(payload, "authenticatorData")?;
            let data = AuthenticatorData::read(&bytes)?;
            let signature = member(payload, "signature")?;
            // One that does not count always says 0.
            let counts = data.counter > own.counter || (data.counter, own.counter) == (0, 0);
            let valid = data.is_for(&challenge.rp_id)
                && data.is_verified()
                && counts
                && signatures::is_signed(&own.key, &bytes, &client_data, &signature);
            valid.then_some((id, data.counter))
        };
        let (id, counter) = used().ok_or_else(failed)?;
        mfa.use_credential(id, counter);
        Ok(())
    }
}

/// The bytes of a member of the authenticator's response.
fn member(payload: &Value, name: &str) -> Option<Vec<u8>> {
    signatures::decode(payload["response"][name].as_str()?)
}

fn transports(payload: &Value) -> Value {
    let transports = &payload["response"]["transports"];
    if transports.is_array() { transports.clone() } else { json!([]) }
}

impl Challenge {
    /// What a browser asks for a new credential with. Before 1.37, it was no passkey.
    pub(crate) fn registration_options(&self, user: &User, is_passkey: bool) -> Value {
        let name = ["primaryEmail", "primaryPhone", "username"];
        let name = name.into_iter().find_map(|member| user.text(member)).unwrap_or_default();
        let excluded: Vec<Value> = user.mfa.credentials().map(descriptor).collect();
        let selection = match is_passkey {
            true => json!({
                "requireResidentKey": true, "residentKey": "required",
                "userVerification": "required",
            }),
            false => json!({ "requireResidentKey": false, "residentKey": "discouraged" }),
        };
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
            "authenticatorSelection": selection,
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
