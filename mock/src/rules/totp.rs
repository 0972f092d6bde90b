//! Codes of authenticator apps (RFC 6238): six digits, SHA-1, half a minute.

use totp_rs::{Builder, Secret, Totp};

use crate::state::now;

/// The code at this moment; none if the secret is not base32.
pub(crate) fn code(secret: &str) -> Option<String> {
    Some(totp(secret)?.generate(now() / 1000).to_string())
}

/// Whether it is the code at this moment, or one before or after.
pub(crate) fn is_right(secret: &str, code: &str) -> bool {
    totp(secret).is_some_and(|totp| totp.check(code, now() / 1000).is_some())
}

fn totp(secret: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Builder::new().with_secret(secret).with_skew(1).build().ok()
}
