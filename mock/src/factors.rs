//! A user's second factors.

use serde_json::{Value, json};

use crate::{
    ids::Ids,
    policy::{MfaFactor, Policy},
    state::{iso, now},
    totp,
    user::User,
};

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
    last_used_at: u64,
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

/// What an authenticator has made. Its public key is not kept, since nothing is checked with it.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) id: String,
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

    /// Notes that a credential was used, if it is one of these.
    pub(crate) fn use_credential(&mut self, id: &str) -> bool {
        self.use_one(|secret| matches!(secret, Secret::WebAuthn(own) if own.id == id))
    }

    pub(crate) fn use_totp(&mut self, code: &str) -> bool {
        self.use_one(|secret| matches!(secret, Secret::Totp(own) if totp::is_right(own, code)))
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

    fn use_one(&mut self, is_it: impl Fn(&mut Secret) -> bool) -> bool {
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
        if self.last_used_at > 0 {
            shown["lastUsedAt"] = iso(self.last_used_at).into();
        }
        match &self.secret {
            Secret::Totp(_) => {}
            Secret::WebAuthn(credential) => {
                shown["agent"] = credential.agent.as_str().into();
                if let Some(name) = &credential.name {
                    shown["name"] = name.as_str().into();
                }
            }
            Secret::BackupCodes(codes) => shown["remainCodes"] = codes.len().into(),
        }
        shown
    }
}

/// The factors that a user can be asked for: those that the tenant knows, the last used first.
/// An address counts as one, and backup codes come last.
pub(crate) fn usable(policy: &Policy, user: &User) -> Vec<MfaFactor> {
    let mut stored: Vec<&Factor> = user.mfa.factors.iter().collect();
    stored.sort_by_key(|factor| std::cmp::Reverse(factor.last_used_at));
    let used_up =
        |secret: &Secret| matches!(secret, Secret::BackupCodes(codes) if codes.is_empty());
    let stored = stored.into_iter().filter(|factor| !used_up(&factor.secret));
    let mut factors: Vec<MfaFactor> = stored.map(|factor| factor.secret.factor()).collect();
    factors.extend(addresses(user));
    factors.sort_by_key(|factor| *factor == MfaFactor::BackupCode);
    factors.retain(|factor| policy.factors.contains(factor));
    let mut seen = Vec::new();
    factors.retain(|factor| {
        let new = !seen.contains(factor);
        seen.push(*factor);
        new
    });
    factors
}

fn addresses(user: &User) -> impl Iterator<Item = MfaFactor> {
    let has = |member| user.text(member).is_some();
    let phone = has("primaryPhone").then_some(MfaFactor::PhoneVerificationCode);
    let email = has("primaryEmail").then_some(MfaFactor::EmailVerificationCode);
    phone.into_iter().chain(email)
}

/// Their names in the API.
pub(crate) fn names(factors: &[MfaFactor]) -> Vec<&'static str> {
    factors.iter().map(|factor| factor.name()).collect()
}

/// As much of a user's addresses as these factors may show, by their names.
pub(crate) fn masked(factors: &[MfaFactor], user: &User) -> Value {
    let mut masked = json!({});
    for (factor, member, mask) in [
        (MfaFactor::EmailVerificationCode, "primaryEmail", mask_email as fn(&str) -> String),
        (MfaFactor::PhoneVerificationCode, "primaryPhone", mask_phone),
    ] {
        if let Some(address) = user.text(member).filter(|_| factors.contains(&factor)) {
            masked[factor.name()] = mask(address).into();
        }
    }
    masked
}

fn mask_email(address: &str) -> String {
    let (name, domain) = address.split_once('@').unwrap_or_default();
    let shown =
        if name.chars().count() > 4 { name.chars().take(4).collect() } else { String::new() };
    format!("{shown}****@{domain}")
}

fn mask_phone(number: &str) -> String {
    let hidden = number.len().saturating_sub(4);
    format!("****{}", number.get(hidden..).unwrap_or_default())
}
