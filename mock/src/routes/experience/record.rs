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

    /// What an interaction's answer shows of it: no secrets.
    pub(super) fn to_json(&self) -> Value {
        let mut shown = json!({ "id": self.id, "type": self.kind() });
        match &self.proof {
            Proof::NewPassword { identifier, .. } => shown["identifier"] = identifier.clone(),
            Proof::Password { identifier, .. } | Proof::OneTimeToken { identifier } => {
                shown["identifier"] = identifier.clone();
                shown["verified"] = self.verified.into();
            }
            Proof::Code { identifier, template } => {
                shown["identifier"] = identifier.clone();
                shown["templateType"] = (*template).into();
                shown["verified"] = self.verified.into();
            }
            Proof::MfaCode { identifier } => {
                shown["identifier"] = identifier.clone();
                shown["templateType"] = "MfaVerification".into();
                shown["verified"] = self.verified.into();
            }
            Proof::BackupCode { user_id, .. } => shown["userId"] = user_id.as_str().into(),
            Proof::Totp { user_id, .. } | Proof::WebAuthn { user_id, .. } => {
                shown["userId"] = user_id.as_str().into();
                shown["verified"] = self.verified.into();
            }
            Proof::Passkey { user_id, .. } => {
                if let Some(user_id) = user_id {
                    shown["userId"] = user_id.as_str().into();
                }
                shown["verified"] = self.verified.into();
            }
            Proof::Social { connector_id, user } => {
                shown["connectorId"] = connector_id.as_str().into();
                if let Some(user) = user {
                    shown["socialUserInfo"] = user.clone();
                }
            }
            Proof::Sso { connector_id, issuer, user } => {
                shown["connectorId"] = connector_id.as_str().into();
                if let Some(user) = user {
                    shown["enterpriseSsoUserInfo"] = user.clone();
                    shown["issuer"] = issuer.as_str().into();
                }
            }
        }
        shown
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
