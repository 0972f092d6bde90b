//! Which second factors a user is asked for, and how much of them is shown.

use serde_json::{Value, json};

use crate::{
    rules::totp,
    state::{
        factors::{Factor, Mfa, Secret},
        policy::{MfaFactor, Policy},
        user::User,
    },
};

impl Mfa {
    pub(crate) fn use_totp(&mut self, code: &str) -> bool {
        self.use_one(|secret| matches!(secret, Secret::Totp(own) if totp::is_right(own, code)))
    }

    /// What a user has said about second factors and passkeys.
    pub(crate) fn config(&self) -> Value {
        let mut shown = json!({
            "mfa": { "skipped": self.skipped, "skipMfaOnSignIn": self.skip_on_sign_in },
            "passkeySignIn": { "skipped": self.passkey_skipped },
        });
        if let Some(enabled) = self.enabled {
            shown["mfa"]["enabled"] = enabled.into();
        }
        shown
    }

    pub(crate) fn set_config(&mut self, config: &Value) {
        let said = |name: &str| config["mfa"][name].as_bool();
        let passkey_skipped = config["passkeySignIn"]["skipped"].as_bool();
        self.enabled = said("enabled").or(self.enabled);
        self.skipped = said("skipped").unwrap_or(self.skipped);
        self.skip_on_sign_in = said("skipMfaOnSignIn").unwrap_or(self.skip_on_sign_in);
        self.passkey_skipped = passkey_skipped.unwrap_or(self.passkey_skipped);
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
