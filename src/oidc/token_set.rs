//! Tokens as they are kept.

use serde::{Deserialize, Serialize};

use super::Tokens;
use crate::{Client, Result, Timestamp, values::redacted_debug};

/// The tokens of a user as they are kept between requests, by
/// [`Tokens::to_token_set`].
///
/// It can be serialized: put it in a session store that nobody else reads or writes, for who has
/// it is the user. `Debug` shows no tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSet {
    pub(super) client_id: String,
    pub(super) access_token: String,
    pub(super) expires_at: Timestamp,
    pub(super) scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
}

redacted_debug!(TokenSet { client_id, expires_at, scope } hides {
    access_token, refresh_token, id_token,
});

impl TokenSet {
    /// The tokens, to be used and renewed again.
    pub fn restore(self, client: &Client, client_secret: Option<&str>) -> Result<Tokens> {
        let _ = (client, client_secret);
        Err(crate::Error::config("not there yet"))
    }
}
