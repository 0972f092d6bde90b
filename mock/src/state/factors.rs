//! A user's second factors, and what is asked of authenticators.

use serde_json::{Value, json};

use crate::state::{ids::Ids, iso, now, policy::MfaFactor};

/// What a user has said about second factors, and those they have.
#[derive(Clone, Default)]
pub(crate) struct Mfa {
    pub(crate) factors: Vec<Factor>,
    pub(crate) enabled: Option<bool>,
    pub(crate) skipped: bool,
    pub(crate) passkey_skipped: bool,
    pub(crate) skip_on_sign_in: bool,
}

#[derive(Clone)]
pub(crate) struct Factor {
    pub(crate) id: String,
    created_at: u64,
    pub(crate) last_used_at: u64,
    pub(crate) secret: Secret,
}

/// What a factor is checked with.
#[derive(Clone)]
pub(crate) enum Secret {
    Totp(String),
    WebAuthn(Credential),
    /// Those that have not been used.
    BackupCodes(Vec<String>),
}

/// What an authenticator has made.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) id: String,
    /// The public key, in COSE.
    pub(crate) key: Vec<u8>,
    /// How often it has signed, as it says itself.
    pub(crate) counter: u32,
    pub(crate) rp_id: String,
    pub(crate) transports: Value,
    pub(crate) agent: String,
    pub(crate) name: Option<String>,
}

impl Secret {
    pub(crate) fn factor(&self) -> MfaFactor {
        match self {
            Self::Totp(_) => MfaFactor::Totp,
            Self::WebAuthn(_) => MfaFactor::WebAuthn,
            Self::BackupCodes(_) => MfaFactor::BackupCode,
        }
    }
}

impl Mfa {
    /// Adds a factor. New backup codes replace those before.
    pub(crate) fn add(&mut self, ids: &mut Ids, secret: Secret) {
        if secret.factor() == MfaFactor::BackupCode {
            self.factors.retain(|own| own.secret.factor() != MfaFactor::BackupCode);
        }
        let id = ids.standard();
        self.factors.push(Factor { id, created_at: now(), last_used_at: 0, secret });
    }

    pub(crate) fn has(&self, factor: MfaFactor) -> bool {
        self.factors.iter().any(|own| own.secret.factor() == factor)
    }

    pub(crate) fn credentials(&self) -> impl Iterator<Item = &Credential> {
        self.factors.iter().filter_map(|factor| match &factor.secret {
            Secret::WebAuthn(credential) => Some(credential),
            _ => None,
        })
    }

    /// Notes that a credential was used, and how often it says that it was.
    pub(crate) fn use_credential(&mut self, id: &str, counter: u32) {
        self.use_one(|secret| match secret {
            Secret::WebAuthn(own) if own.id == id => {
                own.counter = counter;
                true
            }
            _ => false,
        });
    }

    /// Uses a backup code up, if it is one of these.
    pub(crate) fn use_backup_code(&mut self, code: &str) -> bool {
        self.use_one(|secret| match secret {
            Secret::BackupCodes(codes) => {
                let before = codes.len();
                codes.retain(|own| own != code);
                codes.len() < before
            }
            _ => false,
        })
    }

    pub(crate) fn use_one(&mut self, is_it: impl Fn(&mut Secret) -> bool) -> bool {
        let factor = self.factors.iter_mut().find_map(|own| is_it(&mut own.secret).then_some(own));
        factor.map(|factor| factor.last_used_at = now()).is_some()
    }

    /// As the APIs list them: without secrets.
    pub(crate) fn to_json(&self) -> Value {
        self.factors.iter().map(Factor::to_json).collect()
    }
}

impl Factor {
    fn to_json(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "createdAt": iso(self.created_at), "type": self.secret.factor().name(),
        });
        match &self.secret {
            Secret::Totp(_) => {}
            Secret::WebAuthn(credential) => {
                shown["agent"] = credential.agent.as_str().into();
                if self.last_used_at > 0 {
                    shown["lastUsedAt"] = iso(self.last_used_at).into();
                }
                if let Some(name) = &credential.name {
                    shown["name"] = name.as_str().into();
                }
            }
            Secret::BackupCodes(codes) => shown["remainCodes"] = codes.len().into(),
        }
        shown
    }
}

/// A question to an authenticator that waits for its answer.
#[derive(Clone)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    pub(crate) rp_id: String,
}
