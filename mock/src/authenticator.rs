//! A passkey's other half, for tests.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING as ES256, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use serde::Serialize;
use serde_json::{Value, json};

const PRESENT_AND_VERIFIED: u8 = 0b101;
const HAS_CREDENTIAL: u8 = 0b100_0000;

/// A software authenticator and the browser around it, which creates passkeys and signs with them.
///
/// It takes the options that the Experience and Account APIs return, as models of `logto-api` or
/// as JSON, and returns the credential in the form in which Logto takes it. Keys are ES256 and
/// exist in memory only; the user is always present and verified. It works with the mock and
/// with real servers, which both verify its signatures.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use logto_mock::Authenticator;
/// use serde_json::json;
///
/// let authenticator = Authenticator::new("https://login.acme.example");
/// let created = authenticator.create(&json!({
///     "rp": { "id": "login.acme.example", "name": "Acme" },
///     "user": { "id": "dTE", "name": "alice", "displayName": "Alice" },
///     "challenge": "c29tZXRoaW5n",
///     "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
/// }))?;
/// let signed = authenticator.get(&json!({
///     "rpId": "login.acme.example", "challenge": "YW5vdGhlcg", "allowCredentials": [],
/// }))?;
/// assert_eq!(signed["id"], created["id"]);
/// # Ok(())
/// # }
/// ```
pub struct Authenticator {
    origin: String,
    passkeys: Arc<Mutex<Vec<Passkey>>>,
}

struct Passkey {
    id: String,
    rp_id: String,
    user_handle: Value,
    counter: u32,
    key: EcdsaKeyPair,
}

/// Why an [`Authenticator`] did not create or use a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticatorError {
    /// The options lack a member that WebAuthn requires. The member is named.
    InvalidOptions(&'static str),
    /// The relying party takes no ES256 key: a browser's `NotSupportedError`.
    NotSupported,
    /// A credential that the options exclude is here: a browser's `InvalidStateError`.
    Excluded,
    /// No credential that the options allow is here: a browser's `NotAllowedError`.
    NoCredential,
    /// The cryptographic library could not make a key or a signature.
    Crypto,
}

impl fmt::Display for AuthenticatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidOptions(member) => write!(f, "the WebAuthn options lack `{member}`"),
            Self::NotSupported => f.write_str("the WebAuthn options do not offer ES256 (-7)"),
            Self::Excluded => f.write_str("the authenticator has an excluded credential"),
            Self::NoCredential => f.write_str("the authenticator has no credential for this"),
            Self::Crypto => f.write_str("the key or the signature could not be made"),
        }
    }
}

impl std::error::Error for AuthenticatorError {}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// An authenticator without passkeys, in a browser that shows a page of this origin, such as
    /// `https://login.acme.example`. Requests to Logto must name the same one in `Origin`.
    pub fn new(origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), passkeys: Arc::default() }
    }

    /// The same authenticator at a page of another origin, which shares its passkeys. A real
    /// browser would ask it nothing for a foreign relying party; with it a test shows that such a
    /// page gets nowhere.
    #[must_use]
    pub fn at(&self, origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), passkeys: Arc::clone(&self.passkeys) }
    }

    /// Creates a passkey, as `navigator.credentials.create()` does, for the options of a
    /// registration (`registrationOptions`).
    ///
    /// # Errors
    ///
    /// When the options lack a member, offer no ES256, or exclude a passkey that it has.
    pub fn create(&self, options: &impl Serialize) -> Result<Value, AuthenticatorError> {
        let options = &read(options);
        let rp_id = member(&options["rp"]["id"], "rp.id")?;
        let challenge = member(&options["challenge"], "challenge")?;
        let offered = options["pubKeyCredParams"].as_array();
        if !offered.is_some_and(|all| all.iter().any(|one| one["alg"] == -7)) {
            return Err(AuthenticatorError::NotSupported);
        }
        let mut passkeys = self.passkeys.lock().unwrap_or_else(PoisonError::into_inner);
        if passkeys
            .iter()
            .any(|own| own.rp_id == rp_id && own.is_in(&options["excludeCredentials"]))
        {
            return Err(AuthenticatorError::Excluded);
        }
        let key = EcdsaKeyPair::generate(&ES256).map_err(|_| AuthenticatorError::Crypto)?;
        let point = key.public_key().as_ref();
        let id = digest(&SHA256, point).as_ref()[..16].to_vec();
        let data = attested(rp_id, &id, point)?;
        let passkey = Passkey {
            id: BASE64_URL_SAFE_NO_PAD.encode(&id),
            rp_id: rp_id.to_owned(),
            user_handle: options["user"]["id"].clone(),
            counter: 0,
            key,
        };
        let credential = credential(
            &passkey.id,
            json!({
                "clientDataJSON": encoded(&self.client_data("webauthn.create", challenge)),
                "attestationObject": encoded(&attestation(data)?),
                "transports": ["internal"],
            }),
        );
        passkeys.push(passkey);
        Ok(credential)
    }

    /// Signs with a passkey, as `navigator.credentials.get()` does, for the options of an
    /// authentication (`authenticationOptions`): with the newest that they allow. Options that
    /// name no credential allow every passkey of their relying party.
    ///
    /// # Errors
    ///
    /// When the options lack a member, or allow no passkey that it has.
    pub fn get(&self, options: &impl Serialize) -> Result<Value, AuthenticatorError> {
        let options = &read(options);
        let rp_id = member(&options["rpId"], "rpId")?;
        let challenge = member(&options["challenge"], "challenge")?;
        let allowed = &options["allowCredentials"];
        let any = allowed.as_array().is_none_or(Vec::is_empty);
        let mut passkeys = self.passkeys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = passkeys.iter_mut().rev();
        let own = own.find(|own| own.rp_id == rp_id && (any || own.is_in(allowed)));
        let own = own.ok_or(AuthenticatorError::NoCredential)?;
        own.counter += 1;
        let data = header(rp_id, PRESENT_AND_VERIFIED, own.counter);
        let client_data = self.client_data("webauthn.get", challenge);
        let message = [&*data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = own.key.sign(&SystemRandom::new(), &message);
        let signature = signature.map_err(|_| AuthenticatorError::Crypto)?;
        let mut response = json!({
            "clientDataJSON": encoded(&client_data), "authenticatorData": encoded(&data),
            "signature": encoded(signature.as_ref()),
        });
        if own.user_handle.is_string() {
            response["userHandle"] = own.user_handle.clone();
        }
        Ok(credential(&own.id, response))
    }

    fn client_data(&self, ceremony: &str, challenge: &str) -> Vec<u8> {
        let data = json!({
            "type": ceremony, "challenge": challenge, "origin": self.origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }
}

impl Passkey {
    fn is_in(&self, descriptors: &Value) -> bool {
        let all = descriptors.as_array();
        all.is_some_and(|all| all.iter().any(|one| one["id"] == *self.id))
    }
}

fn read(options: &impl Serialize) -> Value {
    serde_json::to_value(options).unwrap_or_default()
}

fn member<'a>(value: &'a Value, name: &'static str) -> Result<&'a str, AuthenticatorError> {
    value.as_str().ok_or(AuthenticatorError::InvalidOptions(name))
}

fn encoded(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn credential(id: &str, response: Value) -> Value {
    json!({
        "type": "WebAuthn", "id": id, "rawId": id, "authenticatorAttachment": "platform",
        "clientExtensionResults": {}, "response": response,
    })
}

/// What begins authenticator data: who asks, what the user did, how often the key was used.
fn header(rp_id: &str, flags: u8, counter: u32) -> Vec<u8> {
    let rp_id_hash = digest(&SHA256, rp_id.as_bytes());
    [rp_id_hash.as_ref(), &[flags], &counter.to_be_bytes()].concat()
}

/// Authenticator data with a new key, given as an uncompressed point.
fn attested(rp_id: &str, id: &[u8], point: &[u8]) -> Result<Vec<u8>, AuthenticatorError> {
    let (x, y) = point[1..].split_at(32);
    let label = |label: i64| Cbor::from(label);
    let key = Cbor::Map(vec![
        (label(1), label(2)),
        (label(3), label(-7)),
        (label(-1), label(1)),
        (label(-2), Cbor::Bytes(x.to_vec())),
        (label(-3), Cbor::Bytes(y.to_vec())),
    ]);
    let mut data = header(rp_id, PRESENT_AND_VERIFIED | HAS_CREDENTIAL, 0);
    let length = (id.len() as u16).to_be_bytes();
    data.extend([[0; 16].as_slice(), &length, id].concat());
    ciborium::into_writer(&key, &mut data).map_err(|_| AuthenticatorError::Crypto)?;
    Ok(data)
}

/// An attestation object that attests to nothing, as Logto asks for.
fn attestation(data: Vec<u8>) -> Result<Vec<u8>, AuthenticatorError> {
    let text = |text: &str| Cbor::Text(text.to_owned());
    let object = Cbor::Map(vec![
        (text("fmt"), text("none")),
        (text("attStmt"), Cbor::Map(Vec::new())),
        (text("authData"), Cbor::Bytes(data)),
    ]);
    let mut bytes = Vec::new();
    ciborium::into_writer(&object, &mut bytes).map_err(|_| AuthenticatorError::Crypto)?;
    Ok(bytes)
}
