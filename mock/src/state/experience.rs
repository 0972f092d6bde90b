//! What a sign-in page has done for its user so far.

use serde_json::Value;

use crate::state::{
    collection::Members,
    factors::{Challenge, Credential, Secret},
};

/// What is to come of an interaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    SignIn,
    Register,
    ForgotPassword,
}

/// An interaction that has been started.
#[derive(Clone)]
pub(crate) struct Experience {
    pub(crate) event: Event,
    /// At most one of each kind.
    pub(crate) records: Vec<Record>,
    pub(crate) user_id: Option<String>,
    pub(crate) profile: Profile,
    pub(crate) mfa: Pending,
    pub(crate) is_human: bool,
    /// Whether another place vouches for the user, so that nobody asks for a captcha.
    pub(crate) is_vouched_for: bool,
    pub(crate) submitted: bool,
    pub(crate) user_agent: Option<String>,
}

/// A verification: of each kind, an interaction keeps the newest.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) verified: bool,
    pub(crate) proof: Proof,
}

#[derive(Clone)]
pub(crate) enum Proof {
    Password {
        identifier: Value,
        user_id: String,
    },
    NewPassword {
        identifier: Value,
        password: String,
    },
    Code {
        identifier: Value,
        template: &'static str,
    },
    MfaCode {
        identifier: Value,
    },
    /// With the secret of a new authenticator app, or of one that the user has.
    Totp {
        user_id: String,
        new: Option<String>,
    },
    /// New ones, or the one that was used.
    BackupCode {
        user_id: String,
        new: Vec<String>,
        used: Option<String>,
    },
    WebAuthn {
        user_id: String,
        challenge: Challenge,
        is_new: bool,
        made: Option<Credential>,
    },
    Passkey {
        user_id: Option<String>,
        challenge: Challenge,
    },
    Social {
        connector_id: String,
        user: Option<Value>,
    },
    Sso {
        connector_id: String,
        issuer: String,
        user: Option<Value>,
    },
    /// With what its maker wants known, once it has been used.
    OneTimeToken {
        identifier: Value,
        context: Option<Value>,
    },
}

/// Members of a user, by the API's names; what is shown of them has no password.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    pub(crate) members: Members,
    pub(crate) password: Option<String>,
}

/// What will be the user's, once the interaction has been submitted.
#[derive(Clone, Default)]
pub(crate) struct Pending {
    pub(crate) enabled: Option<bool>,
    pub(crate) skipped: bool,
    pub(crate) passkey_skipped: bool,
    pub(crate) suggestion_skipped: bool,
    pub(crate) added: Vec<Secret>,
}
