//! What a user has proved in an interaction.

use serde_json::{Value, json};

/// A verification: of each kind, an interaction keeps the newest.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) verified: bool,
    pub(super) proof: Proof,
}

#[derive(Clone)]
pub(super) enum Proof {
    Password { identifier: Value, user_id: String },
}

impl Record {
    /// Its kind, as the API calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self.proof {
            Proof::Password { .. } => "Password",
        }
    }

    /// What an interaction's answer shows of it: no secrets.
    pub(super) fn to_json(&self) -> Value {
        let mut shown = json!({ "id": self.id, "type": self.kind() });
        match &self.proof {
            Proof::Password { identifier, .. } => {
                shown["identifier"] = identifier.clone();
                shown["verified"] = self.verified.into();
            }
        }
        shown
    }
}
