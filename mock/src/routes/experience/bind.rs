//! Second factors, made the user's by what has been proved of them.

use axum::{Router, routing::post};

use super::{Answer, Flow, Proof, Step, add_profile::address, record::unproved};
use crate::{
    routes::reply,
    rules::{errors::Failure, web_authn},
    state::{Store, collection::text, factors::Secret, policy::MfaFactor},
};

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/profile/mfa";
    Router::new().route(path, post(bind)).route(&format!("{path}/passkey"), post(bind_passkey))
}

async fn bind(step: Step) -> Answer {
    step.take(|flow, members| {
        flow.check_may_add()?;
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

async fn bind_passkey(step: Step) -> Answer {
    step.take(|flow, members| {
        flow.check_may_add()?;
        bind_web_authn(flow, text(members, "verificationId").unwrap_or_default())?;
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
    flow.experience.mfa.replace(Secret::Totp(secret));
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
    flow.experience.mfa.add(Secret::WebAuthn(credential));
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
    flow.experience.mfa.replace(Secret::BackupCodes(codes));
    Ok(())
}

/// An address is a factor as soon as it is the user's, and has just been proved.
fn bind_address(flow: &mut Flow<'_>, kind: &str, id: &str) -> Result<(), Failure> {
    let identifier = match &flow.record_of(kind, id)?.proof {
        Proof::Code { identifier, .. } => identifier.clone(),
        _ => return Err(unproved()),
    };
    let profile = address(flow, kind, id)?;
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
