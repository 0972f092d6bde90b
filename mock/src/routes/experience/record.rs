//! What a user has proved in an interaction.

use serde_json::{Value, json};

use super::{Answer, Flow, Proof, Record};
use crate::{routes::reply, rules::errors::Failure, state::policy::MfaFactor};

impl Record {
    /// Its kind, as the API calls it.
    pub(super) fn kind(&self) -> &'static str {
        let is_phone = |identifier: &Value| identifier["type"] == "phone";
        match &self.proof {
            Proof::Password { .. } => "Password",
            Proof::NewPassword { .. } => "NewPasswordIdentity",
            Proof::Code { identifier, .. } if is_phone(identifier) => "PhoneVerificationCode",
            Proof::Code { .. } => "EmailVerificationCode",
            Proof::MfaCode { identifier } if is_phone(identifier) => "MfaPhoneVerificationCode",
            Proof::MfaCode { .. } => "MfaEmailVerificationCode",
            Proof::Totp { .. } => "Totp",
            Proof::BackupCode { .. } => "BackupCode",
            Proof::WebAuthn { .. } => "WebAuthn",
            Proof::Passkey { .. } => "SignInPasskey",
            Proof::Social { .. } => "Social",
            Proof::Sso { .. } => "EnterpriseSso",
            Proof::OneTimeToken { .. } => "OneTimeToken",
        }
    }

    /// The second factor that it proves: what is only now being set up proves none.
    pub(super) fn factor(&self) -> Option<MfaFactor> {
        let factor = match &self.proof {
            Proof::Totp { new: None, .. } => MfaFactor::Totp,
            Proof::BackupCode { new, .. } if new.is_empty() => MfaFactor::BackupCode,
            Proof::WebAuthn { is_new: false, .. } | Proof::Passkey { .. } => MfaFactor::WebAuthn,
            Proof::MfaCode { identifier } if identifier["type"] == "phone" => {
                MfaFactor::PhoneVerificationCode
            }
            Proof::MfaCode { .. } => MfaFactor::EmailVerificationCode,
            _ => return None,
        };
        self.verified.then_some(factor)
    }

    /// What an interaction shows of it: no secrets.
    pub(super) fn to_json(&self) -> Value {
        let mut shown = json!({ "id": self.id, "type": self.kind() });
        let states_itself =
            !matches!(self.proof, Proof::NewPassword { .. } | Proof::BackupCode { .. });
        if states_itself && !matches!(self.proof, Proof::Social { .. } | Proof::Sso { .. }) {
            shown["verified"] = self.verified.into();
        }
        match &self.proof {
            Proof::NewPassword { identifier, .. } | Proof::Password { identifier, .. } => {
                shown["identifier"] = identifier.clone();
            }
            Proof::OneTimeToken { identifier, context } => {
                shown["identifier"] = identifier.clone();
                show(&mut shown, "oneTimeTokenContext", context.clone());
            }
            Proof::Code { identifier, template } => {
                shown["identifier"] = identifier.clone();
                shown["templateType"] = (*template).into();
            }
            Proof::MfaCode { identifier } => {
                shown["identifier"] = identifier.clone();
                shown["templateType"] = "MfaVerification".into();
            }
            Proof::BackupCode { user_id, used, .. } => {
                shown["userId"] = user_id.as_str().into();
                show(&mut shown, "code", used.clone());
            }
            Proof::Totp { user_id, .. } | Proof::WebAuthn { user_id, .. } => {
                shown["userId"] = user_id.as_str().into();
            }
            Proof::Passkey { user_id, .. } => show(&mut shown, "userId", user_id.clone()),
            Proof::Social { connector_id, user } => {
                shown["connectorId"] = connector_id.as_str().into();
                show(&mut shown, "socialUserInfo", user.clone());
            }
            Proof::Sso { connector_id, issuer, user } => {
                shown["connectorId"] = connector_id.as_str().into();
                show(&mut shown, "enterpriseSsoUserInfo", user.clone());
                show(&mut shown, "issuer", user.as_ref().map(|_| issuer.as_str()));
            }
        }
        shown
    }
}

/// Shows a member that there may be.
fn show(shown: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        shown[name] = value.into();
    }
}

impl Flow<'_> {
    /// Keeps what has been proved or is being proved, in place of an earlier record of its kind;
    /// gives its id.
    pub(super) fn keep(&mut self, verified: bool, proof: Proof) -> String {
        let id = self.state.ids.standard();
        let record = Record { id: id.clone(), verified, proof };
        self.experience.records.retain(|other| other.kind() != record.kind());
        self.experience.records.push(record);
        id
    }

    /// Keeps what is to be proved, and answers with what that takes.
    pub(super) fn begin(&mut self, proof: Proof, mut shown: Value) -> Answer {
        let id = self.keep(false, proof);
        shown["verificationId"] = id.into();
        Ok(reply::ok(&shown))
    }

    pub(super) fn record(&self, id: &str) -> Result<&Record, Failure> {
        let record = self.experience.records.iter().find(|record| record.id == id);
        record.ok_or_else(|| Failure::new(404, "session.verification_session_not_found"))
    }

    /// The record with this id, if it is of this kind.
    pub(super) fn record_of(&mut self, kind: &str, id: &str) -> Result<&mut Record, Failure> {
        let mut records = self.experience.records.iter_mut();
        let record = records.find(|record| record.id == id && record.kind() == kind);
        record.ok_or_else(|| Failure::new(404, "session.verification_session_not_found"))
    }
}

pub(super) fn unproved() -> Failure {
    Failure::new(400, "session.verification_failed")
}
