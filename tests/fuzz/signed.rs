//! Signed tokens as inputs: a line that is the header, one that is the claims, and `sign` or a signature.

use std::sync::LazyLock;

use serde_json::Value;

use crate::issuer::{Key, encode};

pub(crate) static KEY: LazyLock<Key> = LazyLock::new(|| Key::es384("k1"));

pub(crate) struct Signed {
    pub(crate) header: String,
    pub(crate) claims: String,
    /// Whether the right key has signed it.
    pub(crate) is_good: bool,
    pub(crate) token: String,
}

impl Signed {
    pub(crate) fn of(input: &[u8]) -> Self {
        let text = String::from_utf8_lossy(input);
        let mut lines = text.lines();
        let mut line = || lines.next().unwrap_or_default().to_owned();
        let (header, claims, signature) = (line(), line(), line());
        let is_good = signature == "sign";
        let token = match is_good {
            true => KEY.sign_text(&header, &claims),
            false => format!("{}.{}.{signature}", encode(&header), encode(&claims)),
        };
        Self { header, claims, is_good, token }
    }

    /// What has to hold of each that is accepted, by a reading of its own: the claims then.
    pub(crate) fn check(&self, takes_type: impl FnOnce(Option<&str>) -> bool) -> Value {
        assert!(self.is_good, "nobody signed {}", self.claims);
        let header: Value = serde_json::from_str(&self.header).unwrap();
        assert_eq!(header["alg"], "ES384");
        assert!(header["crit"].is_null());
        let kind = header["typ"].as_str().map(str::to_lowercase);
        assert!(takes_type(kind.as_deref()), "{header}");
        serde_json::from_str(&self.claims).unwrap()
    }
}

/// The audiences of claims.
pub(crate) fn audiences(claims: &Value) -> Vec<Value> {
    match &claims["aud"] {
        Value::Array(audiences) => audiences.clone(),
        one => vec![one.clone()],
    }
}
