//! What authenticators sign, and with which keys: the bytes of WebAuthn.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;

/// The user touched the authenticator, and it knew who they are.
const PRESENT_AND_VERIFIED: u8 = 0b101;
const HAS_CREDENTIAL: u8 = 0b100_0000;
const LABEL_KTY: i64 = 1;
const LABEL_ALG: i64 = 3;

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// [Authenticator data](https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data).
pub(crate) struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8],
    flags: u8,
    pub(crate) counter: u32,
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_at_checked(32)?;
        let (flags, rest) = rest.split_first()?;
        let (counter, rest) = rest.split_first_chunk()?;
        Some(Self { rp_id_hash, flags: *flags, counter: u32::from_be_bytes(*counter), rest })
    }

    pub(crate) fn is_for(&self, rp_id: &str) -> bool {
        digest(&SHA256, rp_id.as_bytes()).as_ref() == self.rp_id_hash
    }

    pub(crate) fn is_verified(&self) -> bool {
        self.flags & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED
    }

    /// The id of the new credential, and its public key.
    pub(crate) fn credential(&self) -> Option<(&'a [u8], &'a [u8])> {
        if self.flags & HAS_CREDENTIAL == 0 {
            return None;
        }
        let (length, rest) = self.rest.get(16..)?.split_first_chunk()?;
        let (id, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let mut after = rest;
        ciborium::from_reader::<Cbor, _>(&mut after).ok()?;
        Some((id, &rest[..rest.len() - after.len()]))
    }
}

/// An [attestation object](https://www.w3.org/TR/webauthn-3/#attestation-object).
pub(crate) struct Attestation {
    pub(crate) data: Vec<u8>,
    format: String,
    statement: Cbor,
}

impl Attestation {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let object: Cbor = ciborium::from_reader(bytes).ok()?;
        Some(Self {
            data: named(&object, "authData")?.as_bytes()?.clone(),
            format: named(&object, "fmt")?.as_text()?.to_owned(),
            statement: named(&object, "attStmt")?.clone(),
        })
    }

    /// Whether it says nothing (`none`), or is signed with the credential's own key (`packed`).
    pub(crate) fn is_valid(&self, key: &[u8], client_data: &[u8]) -> bool {
        match &*self.format {
            "none" => self.statement.as_map().is_some_and(Vec::is_empty),
            "packed" => {
                let signature = named(&self.statement, "sig").and_then(Cbor::as_bytes);
                let own = named(&self.statement, "x5c").is_none();
                own && signature.is_some_and(|sig| is_signed(key, &self.data, client_data, sig))
            }
            _ => false,
        }
    }
}

/// Whether authenticator data and the digest of client data are signed with this COSE key.
pub(crate) fn is_signed(key: &[u8], data: &[u8], client_data: &[u8], signature: &[u8]) -> bool {
    let mut message = data.to_vec();
    message.extend_from_slice(digest(&SHA256, client_data).as_ref());
    ciborium::from_reader(key).ok().and_then(|key| verify(&key, &message, signature)).is_some()
}

/// ES256, RS256 and EdDSA, by the numbers of [COSE](https://www.rfc-editor.org/rfc/rfc9053).
fn verify(key: &Cbor, message: &[u8], signature: &[u8]) -> Option<()> {
    let part = |label| labelled(key, label).and_then(Cbor::as_bytes).map(Vec::as_slice);
    let number = |label| labelled(key, label)?.as_integer()?.try_into().ok();
    let algorithm: (i64, i64) = (number(LABEL_KTY)?, number(LABEL_ALG)?);
    let verified = match algorithm {
        (2, -7) => {
            let point = [&[4], part(-2)?, part(-3)?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
        }
        (3, -257) => PublicKeyComponents { n: part(-1)?, e: part(-2)? }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            message,
            signature,
        ),
        (1, -8) => UnparsedPublicKey::new(&ED25519, part(-2)?).verify(message, signature),
        _ => return None,
    };
    verified.ok()
}

fn named<'a>(map: &'a Cbor, name: &str) -> Option<&'a Cbor> {
    let (_, value) = map.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name))?;
    Some(value)
}

fn labelled(map: &Cbor, label: i64) -> Option<&Cbor> {
    let (_, value) = map.as_map()?.iter().find(|(key, _)| *key == Cbor::from(label))?;
    Some(value)
}
