//! Passwords that were imported as digests, verified as Logto does.

use argon2::{Argon2, password_hash::PasswordVerifier};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};
use md5::{Digest, Md5};
use serde_json::Value;

use crate::state::user::{Password, User};

impl User {
    pub(crate) fn has_password(&self, given: &str) -> bool {
        match &self.password {
            Some(Password::Plain(own) | Password::Expired(own)) => own == given,
            Some(Password::Digest { algorithm, digest }) => matches(algorithm, digest, given),
            None => false,
        }
    }
}

/// Whether this is the digest of the password.
fn matches(algorithm: &str, own: &str, password: &str) -> bool {
    match algorithm {
        "Argon2i" | "Argon2id" | "Argon2d" => {
            Argon2::default().verify_password(password.as_bytes(), own).is_ok()
        }
        "Bcrypt" => bcrypt::verify(password, own).unwrap_or(false),
        "Legacy" => legacy(own, password).unwrap_or(false),
        other => hex_digest(other, password).is_some_and(|hex| hex.eq_ignore_ascii_case(own)),
    }
}

fn hex_digest(algorithm: &str, text: &str) -> Option<String> {
    let bytes = match algorithm.to_ascii_lowercase().as_str() {
        "md5" => Md5::digest(text).to_vec(),
        "sha1" => digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref().to_vec(),
        "sha256" => digest(&SHA256, text.as_bytes()).as_ref().to_vec(),
        "sha512" => digest(&SHA512, text.as_bytes()).as_ref().to_vec(),
        _ => return None,
    };
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A JSON array of an algorithm, what it is applied to, where `@` stands for the password, and the
/// digest in hexadecimal digits.
fn legacy(own: &str, password: &str) -> Option<bool> {
    let parts: Value = serde_json::from_str(own).ok()?;
    let texts = parts[1].as_array()?.iter().filter_map(Value::as_str);
    let text: String = texts.map(|text| text.replace('@', password)).collect();
    let hex = hex_digest(parts[0].as_str()?, &text)?;
    Some(hex.eq_ignore_ascii_case(parts[2].as_str()?))
}
