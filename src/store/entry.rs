//! The value under a key: JSON with a version.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::StoreError;

/// What this release of the crate writes, and reads.
const VERSION: u32 = 1;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Entry<T> {
    v: u32,
    /// The tokens. There are none while the first are fetched.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<T>,
    /// Who is renewing them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) renewal: Option<Renewal>,
}

/// A renewal under way. Its holder counts up; who sees it stand still for long knows that the holder
/// is gone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Renewal {
    pub(super) by: String,
    pub(super) beat: u64,
    /// It has ended, and nobody knows what became of the refresh token that was sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) lost: bool,
}

impl Renewal {
    /// It begins to count anywhere: a write for an earlier turn that arrives late expects another text
    /// than that of any later turn.
    pub(super) fn new(by: &str) -> Self {
        Self { by: by.to_owned(), beat: fastrand::u64(..u64::MAX / 2), lost: false }
    }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

impl<T: Serialize + DeserializeOwned> Entry<T> {
    pub(super) fn new(value: Option<T>, renewal: Option<Renewal>) -> Self {
        Self { v: VERSION, value, renewal }
    }

    /// The text, without quoting it where it cannot be read.
    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let unreadable = |_| "the value was not written by this crate";
        let Version { v } = serde_json::from_str(text).map_err(unreadable)?;
        if v != VERSION {
            return Err(format!("the value is of version {v}; this release reads 1").into());
        }
        Ok(serde_json::from_str(text).map_err(unreadable)?)
    }

    pub(super) fn write(&self) -> Result<String, StoreError> {
        Ok(serde_json::to_string(self).map_err(|_| "the tokens cannot be encoded")?)
    }
}
