//! What a tenant asked of those who signed in, as far as a flow shows it.

use logto_mock::{MfaFactor, MfaPolicy, SignUpField};
use serde_json::Value;

use super::{recorded::Flow, replay::Replay};
use crate::stage::factors;

impl Replay<'_> {
    pub(crate) fn adopt(&mut self, flow: &Flow) {
        self.adopt_second_factors(flow);
        self.adopt_sign_up(flow);
        self.adopt_others(flow);
    }

    fn adopt_second_factors(&mut self, flow: &Flow) {
        let (mut used, mut policy) = (Vec::new(), MfaPolicy::NoPrompt);
        for step in &flow.steps {
            let (answer, asked) = (step.answer(), step.json());
            let available = &answer["data"]["availableFactors"];
            match answer["code"].as_str().unwrap_or_default() {
                "user.missing_mfa" | "session.mfa.require_mfa_verification" => {
                    let is_mandatory = answer["data"]["skippable"] != true;
                    policy = match is_mandatory {
                        true => MfaPolicy::Mandatory,
                        false => MfaPolicy::PromptAtSignInAndSignUp,
                    };
                    used.extend(factors(available));
                }
                "session.mfa.mfa_policy_not_user_controlled" => policy = MfaPolicy::Mandatory,
                "user.suggest_mfa" => policy = MfaPolicy::PromptAtSignInAndSignUp,
                "session.mfa.backup_code_required" => used.push(MfaFactor::BackupCode),
                _ => {}
            }
            if step.path().ends_with("/profile/mfa") && step.succeeded() {
                used.extend(factors(&Value::from_iter([asked["type"].clone()])));
            }
        }
        used.sort();
        used.dedup();
        self.mock.set_mfa(policy, &used);
    }

    fn adopt_sign_up(&mut self, flow: &Flow) {
        let mut fields = Vec::new();
        for step in &flow.steps {
            let identifier = step.json()["identifier"]["type"].clone();
            let missing = step.answer()["data"]["missingProfile"].clone();
            let registers = flow.mentions("\"Register\"") && step.succeeded();
            for name in missing.as_array().into_iter().flatten().chain([&identifier]) {
                fields.extend(match name.as_str().unwrap_or_default() {
                    "password" => vec![SignUpField::Password],
                    "username" => vec![SignUpField::Username],
                    "email" if registers || !missing.is_null() => vec![SignUpField::Email],
                    "phone" if registers || !missing.is_null() => vec![SignUpField::Phone],
                    "emailOrPhone" => vec![SignUpField::Email, SignUpField::Phone],
                    _ => vec![],
                });
            }
        }
        let is_asked =
            flow.steps.iter().any(|step| step.answer()["data"]["missingProfile"].is_array());
        if is_asked {
            fields.dedup();
            self.mock.set_sign_up(&fields);
        }
    }

    /// Connectors, one-time tokens and passkeys.
    fn adopt_others(&mut self, flow: &Flow) {
        for step in flow.steps.iter().filter(|step| step.succeeded()) {
            let mut segments = step.path().split('/').skip(4);
            match (segments.next(), segments.next()) {
                (Some("social"), Some(id)) if !self.knows(id) => {
                    self.equate(id, &self.mock.add_social_connector());
                }
                (Some("sso"), Some(id)) if !self.knows(id) && id != "connectors" => {
                    self.equate(id, &self.mock.add_sso_connector("acme.example"));
                }
                (Some("one-time-token"), _) => {
                    let asked = step.json();
                    let email = asked["identifier"]["value"].as_str().unwrap_or_default();
                    let own = self.mock.add_one_time_token(email);
                    self.equate(asked["token"].as_str().unwrap_or_default(), &own);
                }
                _ => {}
            }
        }
        let shows_passkeys = flow.steps.iter().any(|step| {
            let path = step.path();
            step.answer()["code"] == "user.passkey_preferred"
                || step.succeeded() && path.contains("/verification/sign-in-passkey/")
        });
        self.mock.set_passkey_sign_in(shows_passkeys);
    }

    /// What the flow's user has, where a second factor of theirs was asked for.
    pub(crate) fn adopt_factors(&mut self, flow: &Flow, user_id: &str) {
        for step in flow.steps.iter().filter(|step| step.succeeded()) {
            let asked = step.json();
            let code = asked["code"].as_str().unwrap_or_default();
            let is_own = asked["verificationId"].is_null();
            if step.path().ends_with("/totp/verify") && is_own && self.totp.is_none() {
                self.totp = Some(self.mock.add_totp(user_id));
            }
            if step.path().ends_with("/backup-code/verify") && !self.knows(code) {
                let own = self.mock.add_backup_codes(user_id);
                own.first().into_iter().for_each(|own| self.equate(code, own));
            }
        }
    }
}
