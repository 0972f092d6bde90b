//! Brings an interaction of the Experience API as far as a recorded one was, by what a user and
//! their browser do.

use logto_mock::{MfaFactor, MfaPolicy, SignUpField};
use serde_json::{Value, json};

use crate::world::World;

pub(crate) const PASSWORD: &str = "Its-a-Long-Passw0rd!";
pub(crate) const API: &str = "/api/experience";

/// An interaction on its way to what was recorded of it.
pub(crate) struct Stage<'w, 'a> {
    pub(crate) world: &'w mut World<'a>,
    pub(crate) wanted: Value,
    pub(crate) event: String,
    /// The id of what proves who the user is.
    pub(crate) proof: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) identified: bool,
    /// Its own records: their kinds and ids.
    records: Vec<(String, Value)>,
    /// The ids of those that were bound as factors.
    bound: Vec<Value>,
    /// What an authenticator was asked last.
    pub(crate) options: Value,
}

/// Starts an authorization request in a browser of its own.
pub(crate) async fn authorize(world: &mut World<'_>) {
    world.leave_browser();
    let app = world.mock.web_app_id().to_owned();
    let redirect = world.mock.redirect_uri().to_owned();
    let path = format!(
        "/oidc/auth?client_id={app}&redirect_uri={redirect}&response_type=code\
         &scope=openid+offline_access&prompt=consent"
    );
    world.browse("GET", &path, &Value::Null).await;
}

/// Does what leads to this interaction.
pub(crate) async fn reach<'w, 'a>(world: &'w mut World<'a>, wanted: &Value) -> Stage<'w, 'a> {
    let event = wanted["interactionEvent"].as_str().unwrap_or("SignIn").to_owned();
    authorize(world).await;
    world.browse("PUT", API, &json!({ "interactionEvent": event })).await;
    let wanted = wanted.clone();
    let (proof, user_id) = (None, None);
    let (records, bound, options, identified) = (Vec::new(), Vec::new(), Value::Null, false);
    let mut stage =
        Stage { world, wanted, event, proof, user_id, identified, records, bound, options };
    stage.allow();
    for record in stage.wanted["verificationRecords"].as_array().cloned().unwrap_or_default() {
        let own = stage.prove(&record).await;
        if let (Some(recorded), Some(own)) = (record["id"].as_str(), &own) {
            stage.world.equate(recorded, own);
        }
    }
    let profile = stage.wanted["profile"].as_object().is_some_and(|own| !own.is_empty());
    if stage.wanted["userId"].is_string() || profile {
        stage.identify().await;
    }
    if stage.user_id.is_none() && stage.wanted["userId"].is_string() {
        // Somebody new has an id only now.
        let path = format!("{API}/interaction");
        let own = stage.world.browse("GET", &path, &Value::Null).await.body;
        stage.user_id = own["userId"].as_str().map(str::to_owned);
    }
    stage.fill_in().await;
    stage.bind().await;
    if let (Some(recorded), Some(own)) = (stage.wanted["userId"].as_str(), &stage.user_id) {
        stage.world.equate(recorded, own);
    }
    stage
}

impl Stage<'_, '_> {
    fn kinds(&self) -> Vec<String> {
        let records = self.wanted["verificationRecords"].as_array().into_iter().flatten();
        records.filter_map(|record| Some(record["type"].as_str()?.to_owned())).collect()
    }

    /// Whether who comes from another place is somebody who was here before.
    pub(crate) fn is_known(&self) -> bool {
        self.wanted["userId"].is_string() || self.wanted["known"] == true
    }

    /// Has the tenant allow what happened.
    pub(crate) fn allow(&self) {
        let kinds = self.kinds();
        let factors = [
            ("Totp", MfaFactor::Totp),
            ("WebAuthn", MfaFactor::WebAuthn),
            ("BackupCode", MfaFactor::BackupCode),
            ("MfaEmailVerificationCode", MfaFactor::EmailVerificationCode),
            ("MfaPhoneVerificationCode", MfaFactor::PhoneVerificationCode),
        ];
        let used = factors.into_iter().filter(|(kind, _)| kinds.iter().any(|own| own == kind));
        let used: Vec<MfaFactor> = used.map(|(_, factor)| factor).collect();
        let mock = &self.world.mock;
        mock.set_mfa(MfaPolicy::NoPrompt, &used);
        mock.set_sign_up(&self.asked());
        mock.set_passkey_sign_in(
            kinds.iter().any(|kind| kind == "SignInPasskey") || self.is_passkey(),
        );
    }

    /// What users have to have: all that somebody lacked.
    fn asked(&self) -> Vec<SignUpField> {
        let missing = self.wanted["missingProfile"].as_array().into_iter().flatten();
        let missing = missing.filter_map(|name| match name.as_str()? {
            "password" => Some(SignUpField::Password),
            "email" => Some(SignUpField::Email),
            "phone" => Some(SignUpField::Phone),
            _ => None,
        });
        [SignUpField::Username].into_iter().chain(missing).collect()
    }

    /// Whether what is being set up lets its user sign in, and is no second factor.
    pub(crate) fn is_passkey(&self) -> bool {
        let mfa = &self.wanted["mfa"];
        mfa["webAuthn"].is_array() && !mfa["mfaEnabled"].is_boolean() && !self.is_old()
    }

    fn is_old(&self) -> bool {
        self.wanted["signInContext"].is_null()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.world.browse("POST", &format!("{API}{path}"), &body).await.body
    }

    /// Proves what a record says; gives the record's own id.
    async fn prove(&mut self, record: &Value) -> Option<String> {
        let kind = record["type"].as_str().unwrap_or_default();
        let verified = record["verified"] == true;
        let proves_somebody =
            !matches!(kind, "Totp" | "BackupCode" | "WebAuthn") && !kind.starts_with("Mfa");
        if !proves_somebody {
            self.identify().await;
        }
        if kind == "BackupCode" && record["code"].is_null() {
            // They are made for those who have another factor.
            self.bind().await;
        }
        let id = match kind {
            "Password" => self.password(record).await,
            "NewPasswordIdentity" => self.new_password(record).await,
            "EmailVerificationCode" | "PhoneVerificationCode" => self.code(record, verified).await,
            "Totp" => self.totp(record, verified).await,
            "BackupCode" => self.backup_code(record).await,
            "WebAuthn" => self.web_authn(record, verified).await,
            "SignInPasskey" => self.passkey(verified).await,
            "Social" => self.social(record).await,
            "EnterpriseSso" => self.sso(record).await,
            "OneTimeToken" => self.one_time_token(record, verified).await,
            _ => self.factor_code(record, verified).await,
        };
        self.records.push((kind.to_owned(), id.clone()));
        if proves_somebody {
            self.proof = id.as_str().map(str::to_owned);
        }
        id.as_str().map(str::to_owned)
    }

    /// Sees to it that there is a user with these members.
    pub(crate) async fn user(&mut self, mut members: Value) -> String {
        for (kind, name) in [
            ("MfaEmailVerificationCode", "primaryEmail"),
            ("MfaPhoneVerificationCode", "primaryPhone"),
        ] {
            let records = self.wanted["verificationRecords"].as_array().into_iter().flatten();
            if let Some(record) = records.into_iter().find(|record| record["type"] == kind) {
                members[name] = record["identifier"]["value"].clone();
            }
        }
        members["password"] = PASSWORD.into();
        let made = self.world.manage("POST", "/api/users", &members).await.body;
        let id = match made["id"].as_str() {
            Some(id) => id.to_owned(),
            None => self.find(&members).await,
        };
        self.user_id = Some(id.clone());
        id
    }

    /// The user who has one of these, with the password that the stage uses.
    async fn find(&mut self, members: &Value) -> String {
        for name in ["username", "primaryEmail", "primaryPhone"] {
            let Some(value) = members[name].as_str() else { continue };
            let path =
                format!("/api/users?search.{name}={}&mode.{name}=exact", value.replace('+', "%2B"));
            let found = self.world.manage("GET", &path, &Value::Null).await.body;
            if let Some(id) = found[0]["id"].as_str() {
                let password = json!({ "password": PASSWORD });
                let path = format!("/api/users/{id}/password");
                self.world.manage("PATCH", &path, &password).await;
                for address in ["primaryEmail", "primaryPhone"] {
                    if address != name && members[address].is_string() {
                        let body = json!({ address: members[address] });
                        self.world.manage("PATCH", &format!("/api/users/{id}"), &body).await;
                    }
                }
                return id.to_owned();
            }
        }
        String::new()
    }

    /// Says who the user is, once.
    pub(crate) async fn identify(&mut self) {
        if std::mem::replace(&mut self.identified, true) {
            return;
        }
        let body = json!({ "verificationId": self.proof });
        let reply = self.world.browse("POST", &format!("{API}/identification"), &body).await;
        let lacks_more = reply.body["code"] == "user.missing_profile";
        if lacks_more && self.wanted["userId"].is_string() {
            let name = format!("fresh{}", self.world.number());
            self.post("/profile", json!({ "type": "username", "value": name })).await;
            self.post("/identification", json!({})).await;
        }
    }

    async fn fill_in(&mut self) {
        let profile = self.wanted["profile"].clone();
        if profile["username"].is_string() {
            let name = format!("fresh{}", self.world.number());
            self.post("/profile", json!({ "type": "username", "value": name })).await;
        }
        if profile["customData"].is_object() {
            let mut values = profile["customData"].clone();
            let members = profile["profile"].as_object().into_iter().flatten();
            for (name, value) in members {
                values[name] = value.clone();
            }
            if profile["name"].is_string() {
                values["name"] = profile["name"].clone();
            }
            self.post("/profile", json!({ "type": "extraProfile", "values": values })).await;
        }
        if !profile["passwordEncrypted"].is_null() {
            let path = format!("{API}/profile/password");
            let body = json!({ "password": "Another-Long-Passw0rd!" });
            match self.event.as_str() {
                "ForgotPassword" => drop(self.world.browse("PUT", &path, &body).await),
                _ => {
                    let body = json!({ "type": "password", "value": PASSWORD });
                    self.post("/profile", body).await;
                }
            }
        }
    }

    async fn bind(&mut self) {
        let mfa = self.wanted["mfa"].clone();
        for (member, kind) in
            [("totp", "Totp"), ("webAuthn", "WebAuthn"), ("backupCode", "BackupCode")]
        {
            if mfa[member].is_null() {
                continue;
            }
            let Some(id) = self.record(kind).filter(|id| !self.bound.contains(id)) else {
                continue;
            };
            self.bound.push(id.clone());
            match self.is_passkey() {
                true => self.post("/profile/mfa/passkey", json!({ "verificationId": id })).await,
                false => {
                    let body = json!({ "type": kind, "verificationId": id });
                    self.post("/profile/mfa", body).await
                }
            };
        }
        if mfa["mfaSkipped"] == true {
            self.post("/profile/mfa/mfa-skipped", Value::Null).await;
        }
    }

    /// The id of the newest record.
    pub(crate) fn newest(&self) -> &Value {
        self.records.last().map_or(&Value::Null, |(_, id)| id)
    }

    /// The kind of the newest record.
    pub(crate) fn last_kind(&self) -> &str {
        self.records.last().map_or("", |(kind, _)| kind)
    }

    /// Tries to set the password that the user has.
    pub(crate) async fn forget_password(&mut self) {
        let path = format!("{API}/profile/password");
        self.world.browse("PUT", &path, &json!({ "password": PASSWORD })).await;
    }

    /// Makes a user, and suspends them.
    pub(crate) async fn suspended(&mut self, identifier: &Value) {
        let id = self.user(members(identifier)).await;
        let path = format!("/api/users/{id}/is-suspended");
        self.world.manage("PATCH", &path, &json!({ "isSuspended": true })).await;
    }

    /// Has the tenant ask for what made it refuse the user.
    pub(crate) async fn refuse(&mut self, error: &Value) {
        let mock = &self.world.mock;
        let user_id = self.user_id.clone().unwrap_or_default();
        match error["code"].as_str().unwrap_or_default() {
            "user.missing_mfa" => {
                let skippable = error["data"]["skippable"] == true;
                let policy = match skippable {
                    true => MfaPolicy::PromptAtSignInAndSignUp,
                    false => MfaPolicy::Mandatory,
                };
                mock.set_mfa(policy, &factors(&error["data"]["availableFactors"]));
                if skippable {
                    self.post("/profile/mfa/mfa-enabled", Value::Null).await;
                }
            }
            "user.suggest_mfa" => {
                mock.set_mfa(MfaPolicy::PromptAtSignInAndSignUp, &[MfaFactor::Totp]);
            }
            "session.mfa.require_mfa_verification" => {
                let available = factors(&error["data"]["availableFactors"]);
                let masked = &error["data"]["maskedIdentifiers"];
                mock.set_mfa(MfaPolicy::Mandatory, &available);
                for factor in available {
                    match factor {
                        MfaFactor::Totp => drop(mock.add_totp(&user_id)),
                        MfaFactor::BackupCode => drop(mock.add_backup_codes(&user_id)),
                        MfaFactor::EmailVerificationCode => {
                            mock.set_email(&user_id, "masked@example.com");
                        }
                        MfaFactor::PhoneVerificationCode => mock.set_phone(&user_id, "34600000000"),
                        _ => drop(masked.clone()),
                    }
                }
            }
            "session.mfa.backup_code_required" => {
                let both = [MfaFactor::Totp, MfaFactor::BackupCode];
                mock.set_mfa(MfaPolicy::Mandatory, &both);
                mock.add_totp(&user_id);
                let secret = mock.add_totp(&user_id);
                let code = json!({ "code": mock.totp_code(&secret) });
                self.post("/verification/totp/verify", code).await;
            }
            "session.mfa.mfa_policy_not_user_controlled" => {
                mock.set_mfa(MfaPolicy::Mandatory, &[MfaFactor::Totp]);
            }
            "user.passkey_preferred" => mock.set_passkey_sign_in(true),
            _ => {}
        }
    }

    /// The id of the interaction's own record of a kind.
    pub(crate) fn record(&self, kind: &str) -> Option<Value> {
        self.records.iter().rev().find(|(own, _)| own == kind).map(|(_, id)| id.clone())
    }
}

/// A user's members by an identifier of theirs.
pub(crate) fn members(identifier: &Value) -> Value {
    json!({ member(identifier): identifier["value"] })
}

/// What a user's identifier of a kind is called among their members.
fn member(identifier: &Value) -> &'static str {
    match identifier["type"].as_str() {
        Some("email") => "primaryEmail",
        Some("phone") => "primaryPhone",
        _ => "username",
    }
}

/// Second factors by the names that a refusal offers.
pub(crate) fn factors(names: &Value) -> Vec<MfaFactor> {
    let known = [
        MfaFactor::Totp,
        MfaFactor::WebAuthn,
        MfaFactor::BackupCode,
        MfaFactor::EmailVerificationCode,
        MfaFactor::PhoneVerificationCode,
    ];
    let names = names.as_array().into_iter().flatten();
    let found = names.filter_map(|name| {
        known.into_iter().find(|factor| format!("{factor:?}") == name.as_str().unwrap_or_default())
    });
    found.collect()
}
