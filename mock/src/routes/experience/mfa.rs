//! What an interaction says of second factors, and those that it adds.

use axum::{Router, routing::post};
use serde_json::{Value, json};

use super::{Answer, Flow, Pending, Step};
use crate::{
    routes::reply,
    rules::errors::Failure,
    state::{
        Store,
        factors::Secret,
        policy::{MfaFactor, MfaPolicy},
    },
};

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
                    shown["webAuthn"] = json!([credential.to_json()]);
                }
            }
        }
        shown
    }

    pub(super) fn has(&self, factor: MfaFactor) -> bool {
        self.added.iter().any(|secret| secret.factor() == factor)
    }

    pub(super) fn add(&mut self, secret: Secret) {
        self.added.push(secret);
    }

    /// Adds it in place of those of its kind.
    pub(super) fn replace(&mut self, secret: Secret) {
        self.added.retain(|other| other.factor() != secret.factor());
        self.added.push(secret);
    }
}

pub(super) fn routes() -> Router<Store> {
    let path = "/api/experience/profile/mfa";
    Router::new()
        .route(&format!("{path}/mfa-enabled"), post(enable))
        .route(&format!("{path}/mfa-skipped"), post(skip))
        .route(&format!("{path}/mfa-suggestion-skipped"), post(skip_suggestion))
        .route(&format!("{path}/passkey-skipped"), post(skip_passkey))
}

async fn enable(step: Step) -> Answer {
    step.take(|flow, _| {
        flow.check_may_add()?;
        flow.experience.mfa.enabled = Some(true);
        Ok(reply::no_content())
    })
}

async fn skip(step: Step) -> Answer {
    step.take(|flow, _| {
        flow.check_may_add()?;
        flow.user_id()?;
        if flow.state.policy.mfa == MfaPolicy::Mandatory {
            return Err(Failure::new(422, "session.mfa.mfa_policy_not_user_controlled"));
        }
        flow.experience.mfa.skipped = true;
        Ok(reply::no_content())
    })
}

async fn skip_suggestion(step: Step) -> Answer {
    step.take(|flow, _| {
        flow.check_may_add()?;
        flow.experience.mfa.suggestion_skipped = true;
        Ok(reply::no_content())
    })
}

async fn skip_passkey(step: Step) -> Answer {
    step.take(|flow, _| {
        flow.check_may_add()?;
        flow.experience.mfa.passkey_skipped = true;
        Ok(reply::no_content())
    })
}

impl Flow<'_> {
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
