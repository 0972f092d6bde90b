//! Second factors: those that an interaction adds, and what users are asked for.

use axum::{Router, routing::post};
use serde_json::{Value, json};

use super::{Answer, Event, Flow, Proof, Step, profile, record::unproved};
use crate::{
    collection::text,
    errors::Failure,
    factors::{self, Secret},
    guard::{Field, Kind, required},
    policy::{MfaFactor, MfaPolicy, SignUpField},
    reply,
    state::Store,
    user::User,
    web_authn,
};

const BIND: &[Field] =
    &[required("type", Kind::Enum(&MfaFactor::ALL)), required("verificationId", Kind::Text)];
const PASSKEY: &[Field] = &[required("verificationId", Kind::Text)];

/// What will be the user's, once the interaction has been submitted.
#[derive(Clone, Default)]
pub(super) struct Pending {
    enabled: Option<bool>,
    skipped: bool,
    passkey_skipped: bool,
    suggestion_skipped: bool,
    added: Vec<Secret>,
}

impl Pending {
    pub(super) fn to_json(&self) -> Value {
        let mut shown = json!({});
        if let Some(enabled) = self.enabled {
            shown["mfaEnabled"] = enabled.into();
        }
        for (name, said) in [("mfaSkipped", self.skipped), ("passkeySkipped", self.passkey_skipped)]
        {
            if said {
                shown[name] = true.into();
            }
        }
        for secret in &self.added {
            match secret {
                Secret::Totp(_) => shown["totp"] = json!({ "type": "Totp" }),
                Secret::BackupCodes(_) => shown["backupCode"] = json!({ "type": "BackupCode" }),
                Secret::WebAuthn(credential) => {
                    shown["webAuthn"] = json!([{
                        "type": "WebAuthn", "rpId": credential.rp_id, "publicKey": "",
                        "credentialId": credential.id, "counter": 0, "agent": credential.agent,
                        "transports": credential.transports,
                    }]);
                }
            }
        }
        shown
    }

    fn has(&self, factor: MfaFactor) -> bool {
        self.added.iter().any(|secret| secret.factor() == factor)
    }
}

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/profile/mfa";
    Router::new()
        .route(path, post(bind))
        .route(&format!("{path}/passkey"), post(bind_passkey))
        .route(&format!("{path}/mfa-enabled"), post(enable))
        .route(&format!("{path}/mfa-skipped"), post(skip))
        .route(&format!("{path}/mfa-suggestion-skipped"), post(skip_suggestion))
        .route(&format!("{path}/passkey-skipped"), post(skip_passkey))
}

async fn bind(step: Step) -> Answer {
    step.take(BIND, |flow, members| {
        flow.check_may_bind()?;
        let id = text(members, "verificationId").unwrap_or_default();
        match text(members, "type") {
            Some("Totp") => bind_totp(flow, id)?,
            Some("WebAuthn") => bind_web_authn(flow, id)?,
            Some("BackupCode") => bind_backup_codes(flow, id)?,
            Some("PhoneVerificationCode") => bind_address(flow, "PhoneVerificationCode", id)?,
            _ => bind_address(flow, "EmailVerificationCode", id)?,
        }
        flow.experience.mfa.enabled = Some(true);
        Ok(reply::no_content())
    })
}

fn bind_totp(flow: &mut Flow<'_>, id: &str) -> Result<(), Failure> {
    let user = flow.user()?;
    let record = flow.record_of("Totp", id)?;
    let secret = match &record.proof {
        Proof::Totp { new: Some(secret), .. } if record.verified => secret.clone(),
        _ => return Err(unproved()),
    };
    check_enabled(flow, MfaFactor::Totp)?;
    if user.mfa.has(MfaFactor::Totp) {
        return Err(Failure::new(422, "user.totp_already_in_use"));
    }
    flow.experience.mfa.added.retain(|other| other.factor() != MfaFactor::Totp);
    flow.experience.mfa.added.push(Secret::Totp(secret));
    Ok(())
}

fn bind_web_authn(flow: &mut Flow<'_>, id: &str) -> Result<(), Failure> {
    let record = flow.record_of("WebAuthn", id)?;
    if !record.verified {
        return Err(unproved());
    }
    let credential = match &record.proof {
        Proof::WebAuthn { made: Some(credential), .. } => credential.clone(),
        _ => return Err(web_authn::nothing_asked()),
    };
    check_enabled(flow, MfaFactor::WebAuthn)?;
    flow.experience.mfa.added.push(Secret::WebAuthn(credential));
    Ok(())
}

fn bind_backup_codes(flow: &mut Flow<'_>, id: &str) -> Result<(), Failure> {
    let codes = match &flow.record_of("BackupCode", id)?.proof {
        Proof::BackupCode { new, .. } if !new.is_empty() => new.clone(),
        _ => return Err(unproved()),
    };
    check_enabled(flow, MfaFactor::BackupCode)?;
    let user = flow.user()?;
    if flow.factors(&user).iter().all(|factor| *factor == MfaFactor::BackupCode) {
        return Err(Failure::new(422, "session.mfa.backup_code_can_not_be_alone"));
    }
    flow.experience.mfa.added.retain(|other| other.factor() != MfaFactor::BackupCode);
    flow.experience.mfa.added.push(Secret::BackupCodes(codes));
    Ok(())
}

/// An address is a factor as soon as it is the user's, and has just been proved.
fn bind_address(flow: &mut Flow<'_>, kind: &str, id: &str) -> Result<(), Failure> {
    let identifier = match &flow.record_of(kind, id)?.proof {
        Proof::Code { identifier, .. } => identifier.clone(),
        _ => return Err(unproved()),
    };
    let profile = profile::address(flow, kind, id)?;
    flow.add_to_profile(profile)?;
    flow.keep(true, Proof::MfaCode { identifier });
    Ok(())
}

fn check_enabled(flow: &Flow<'_>, factor: MfaFactor) -> Result<(), Failure> {
    let policy = &flow.state.policy;
    let as_passkey = factor == MfaFactor::WebAuthn && policy.passkey_sign_in;
    match policy.factors.contains(&factor) || as_passkey {
        true => Ok(()),
        false => Err(Failure::new(400, "session.mfa.mfa_factor_not_enabled")),
    }
}

async fn bind_passkey(step: Step) -> Answer {
    step.take(PASSKEY, |flow, members| {
        flow.check_may_bind()?;
        bind_web_authn(flow, text(members, "verificationId").unwrap_or_default())?;
        Ok(reply::no_content())
    })
}

async fn enable(step: Step) -> Answer {
    step.take(&[], |flow, _| {
        flow.check_may_bind()?;
        flow.experience.mfa.enabled = Some(true);
        Ok(reply::no_content())
    })
}

async fn skip(step: Step) -> Answer {
    step.take(&[], |flow, _| {
        flow.check_may_bind()?;
        flow.user_id()?;
        if flow.state.policy.mfa == MfaPolicy::Mandatory {
            return Err(Failure::new(422, "session.mfa.mfa_policy_not_user_controlled"));
        }
        flow.experience.mfa.skipped = true;
        Ok(reply::no_content())
    })
}

async fn skip_suggestion(step: Step) -> Answer {
    step.take(&[], |flow, _| {
        flow.check_may_bind()?;
        flow.experience.mfa.suggestion_skipped = true;
        Ok(reply::no_content())
    })
}

async fn skip_passkey(step: Step) -> Answer {
    step.take(&[], |flow, _| {
        flow.check_may_bind()?;
        flow.experience.mfa.passkey_skipped = true;
        Ok(reply::no_content())
    })
}

impl Flow<'_> {
    fn check_may_bind(&self) -> Result<(), Failure> {
        match self.experience.event {
            Event::ForgotPassword => {
                Err(Failure::new(400, "session.not_supported_for_forgot_password"))
            }
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
    fn factors(&self, user: &User) -> Vec<MfaFactor> {
        let mut after = user.clone();
        self.experience.profile.clone().apply_to(&mut after);
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
        let policy = &self.state.policy;
        let registers = self.experience.event == Event::Register;
        let mandatory = policy.mfa == MfaPolicy::Mandatory;
        let skipped = self.experience.mfa.skipped || user.mfa.skipped;
        let silent = match policy.mfa {
            MfaPolicy::NoPrompt => true,
            MfaPolicy::PromptOnlyAtSignIn => registers,
            _ => false,
        };
        if policy.factors.is_empty() || silent || (skipped && !mandatory) {
            return Ok(());
        }
        let has = self.factors(user);
        let enabled = self.experience.mfa.enabled.or(user.mfa.enabled);
        match enabled.unwrap_or(!has.is_empty()) {
            true if !mandatory => self.experience.mfa.enabled = Some(true),
            false if !mandatory => return Err(Failure::new(422, "user.suggest_mfa")),
            _ => {}
        }
        let mut offered = self.state.policy.factors.clone();
        offered.retain(|factor| *factor != MfaFactor::BackupCode);
        offered.sort_unstable();
        if !offered.iter().any(|factor| has.contains(factor)) {
            let mut data = json!({ "availableFactors": factors::names(&offered) });
            if !mandatory {
                data["skippable"] = true.into();
            }
            return Err(Failure::new(422, "user.missing_mfa").data(data));
        }
        self.check_suggestion(user, &has, &offered)?;
        let has_backup =
            has.contains(&MfaFactor::BackupCode) || self.experience.mfa.has(MfaFactor::BackupCode);
        match self.state.policy.factors.contains(&MfaFactor::BackupCode) && !has_backup {
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

    /// Makes what was added and said the user's.
    pub(super) fn apply_factors(&mut self, user_id: &str) {
        let pending = std::mem::take(&mut self.experience.mfa);
        let Some(user) = self.state.users.find_mut(user_id) else { return };
        user.mfa.enabled = pending.enabled.or(user.mfa.enabled);
        user.mfa.skipped |= pending.skipped;
        user.mfa.passkey_skipped |= pending.passkey_skipped;
        for secret in pending.added {
            user.mfa.add(&mut self.state.ids, secret);
        }
    }
}
