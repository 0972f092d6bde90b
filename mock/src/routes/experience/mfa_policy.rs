//! The second factors that users are asked for: to prove them, and to have them.

use serde_json::json;

use super::{Event, Flow, Proof, not_for_forgotten_passwords};
use crate::{
    rules::{errors::Failure, factors},
    state::{
        policy::{MfaFactor, MfaPolicy, SignUpField},
        user::User,
    },
};

impl Flow<'_> {
    /// Who signs in adds to themselves only with their second factor, and who has forgotten a
    /// password adds nothing.
    pub(super) fn check_may_add(&self) -> Result<(), Failure> {
        match self.experience.event {
            Event::ForgotPassword => Err(not_for_forgotten_passwords()),
            Event::SignIn => self.check_factor(),
            Event::Register => Ok(()),
        }
    }

    /// Who has a second factor must have proved one, unless they come from an enterprise.
    pub(super) fn check_factor(&self) -> Result<(), Failure> {
        if self.comes_from_enterprise() {
            return Ok(());
        }
        let user = self.user()?;
        let policy = &self.state.policy;
        let usable = factors::usable(policy, &user);
        let excused = user.mfa.skip_on_sign_in && policy.mfa != MfaPolicy::Mandatory;
        let mut proved = self.experience.records.iter().filter_map(|record| record.factor());
        if usable.is_empty() || excused || proved.any(|factor| usable.contains(&factor)) {
            return Ok(());
        }
        Err(Failure::new(403, "session.mfa.require_mfa_verification").data(json!({
            "availableFactors": factors::names(&usable),
            "maskedIdentifiers": factors::masked(&usable, &user),
        })))
    }

    pub(super) fn comes_from_enterprise(&self) -> bool {
        let mut records = self.experience.records.iter();
        records.any(|record| record.verified && matches!(record.proof, Proof::Sso { .. }))
    }

    /// Offers a passkey to who has none.
    pub(super) fn check_passkey(&self, user: &User) -> Result<(), Failure> {
        let pending = &self.experience.mfa;
        let declined = pending.passkey_skipped || user.mfa.passkey_skipped;
        let has = user.mfa.has(MfaFactor::WebAuthn) || pending.has(MfaFactor::WebAuthn);
        match self.state.policy.passkey_sign_in && !declined && !has {
            true => Err(Failure::new(422, "user.passkey_preferred")),
            false => Ok(()),
        }
    }

    /// The second factors that the user has or is about to have.
    pub(super) fn factors(&self, user: &User) -> Vec<MfaFactor> {
        let mut after = user.clone();
        self.experience.profile.clone().apply_to(&mut self.state.ids.clone(), &mut after);
        let mut factors = factors::usable(&self.state.policy, &after);
        for factor in [MfaFactor::Totp, MfaFactor::WebAuthn] {
            if self.experience.mfa.has(factor) && !factors.contains(&factor) {
                factors.push(factor);
            }
        }
        factors
    }

    /// Asks for the second factors that the tenant wants users to have.
    pub(super) fn check_factors_set_up(&mut self, user: &User) -> Result<(), Failure> {
        if !self.asks_for_factors(user) {
            return Ok(());
        }
        let has = self.factors(user);
        if self.state.policy.mfa != MfaPolicy::Mandatory {
            let enabled = self.experience.mfa.enabled.or(user.mfa.enabled);
            if !enabled.unwrap_or(!has.is_empty()) {
                return Err(Failure::new(422, "user.suggest_mfa"));
            }
            self.experience.mfa.enabled = Some(true);
        }
        let mut offered = self.state.policy.factors.clone();
        offered.retain(|factor| *factor != MfaFactor::BackupCode);
        offered.sort_unstable();
        self.check_any_of(&offered, &has)?;
        self.check_suggestion(user, &has, &offered)?;
        self.check_backup_codes(&has)
    }

    fn asks_for_factors(&self, user: &User) -> bool {
        let policy = &self.state.policy;
        let skipped = self.experience.mfa.skipped || user.mfa.skipped;
        let asks = match policy.mfa {
            MfaPolicy::NoPrompt => false,
            MfaPolicy::Mandatory => true,
            MfaPolicy::PromptOnlyAtSignIn => !skipped && self.experience.event != Event::Register,
            MfaPolicy::PromptAtSignInAndSignUp => !skipped,
        };
        asks && !policy.factors.is_empty()
    }

    fn check_any_of(&self, offered: &[MfaFactor], has: &[MfaFactor]) -> Result<(), Failure> {
        if offered.iter().any(|factor| has.contains(factor)) {
            return Ok(());
        }
        let mut data = json!({ "availableFactors": factors::names(offered) });
        if self.state.policy.mfa != MfaPolicy::Mandatory {
            data["skippable"] = true.into();
        }
        Err(Failure::new(422, "user.missing_mfa").data(data))
    }

    fn check_backup_codes(&self, has: &[MfaFactor]) -> Result<(), Failure> {
        let codes = MfaFactor::BackupCode;
        let has_some = has.contains(&codes) || self.experience.mfa.has(codes);
        match self.state.policy.factors.contains(&codes) && !has_some {
            true => Err(Failure::new(422, "session.mfa.backup_code_required")),
            false => Ok(()),
        }
    }

    /// An address that a user signed up with, or a passkey, is a weak second factor: offers
    /// another.
    fn check_suggestion(
        &self,
        user: &User,
        has: &[MfaFactor],
        offered: &[MfaFactor],
    ) -> Result<(), Failure> {
        let policy = &self.state.policy;
        let is_strong = |factor: &MfaFactor| match factor {
            MfaFactor::Totp | MfaFactor::BackupCode => true,
            MfaFactor::WebAuthn => !policy.passkey_sign_in,
            MfaFactor::EmailVerificationCode => !policy.asks_for(SignUpField::Email),
            MfaFactor::PhoneVerificationCode => !policy.asks_for(SignUpField::Phone),
        };
        let nothing_more = offered.iter().all(|factor| has.contains(factor));
        if self.experience.mfa.suggestion_skipped || nothing_more || has.iter().any(is_strong) {
            return Ok(());
        }
        let is_passkey = policy.passkey_sign_in && has.contains(&MfaFactor::WebAuthn);
        Err(Failure::new(422, "session.mfa.suggest_additional_mfa").data(json!({
            "availableFactors": factors::names(offered),
            "maskedIdentifiers": factors::masked(has, user),
            "isWebAuthnUsedAsSignInPasskey": is_passkey,
            "skippable": true,
            "suggestion": true,
        })))
    }
}
