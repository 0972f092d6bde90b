//! What users prove on the way to a recorded interaction.

use serde_json::{Value, json};

use crate::{
    authenticator, identities,
    stage::{API, PASSWORD, Stage, authorize, members, reach},
};

impl Stage<'_, '_> {
    pub(crate) async fn password(&mut self, record: &Value) -> Value {
        let identifier = &record["identifier"];
        self.user(members(identifier)).await;
        let body = json!({ "identifier": identifier, "password": PASSWORD });
        self.post("/verification/password", body).await["verificationId"].clone()
    }

    pub(crate) async fn new_password(&mut self, record: &Value) -> Value {
        let mut identifier = record["identifier"].clone();
        identifier["value"] = format!("fresh{}", self.world.number()).into();
        let body = json!({ "identifier": identifier, "password": PASSWORD });
        self.post("/verification/new-password-identity", body).await["verificationId"].clone()
    }

    pub(crate) async fn code(&mut self, record: &Value, verified: bool) -> Value {
        let identifier = &record["identifier"];
        if self.event != "Register" {
            self.user(members(identifier)).await;
        }
        let body = json!({ "identifier": identifier, "interactionEvent": self.event });
        let path = "/verification/verification-code";
        let id = self.post(path, body).await["verificationId"].clone();
        if verified {
            let code = self.world.mock.last_code(identifier["value"].as_str().unwrap_or_default());
            let body = json!({ "identifier": identifier, "verificationId": id, "code": code });
            self.post(&format!("{path}/verify"), body).await;
        }
        id
    }

    pub(crate) async fn factor_code(&mut self, record: &Value, verified: bool) -> Value {
        let (kind, address) = (&record["identifier"]["type"], &record["identifier"]["value"]);
        let path = "/verification/mfa-verification-code";
        let id = self.post(path, json!({ "identifierType": kind })).await["verificationId"].clone();
        if verified {
            let code = self.world.mock.last_code(address.as_str().unwrap_or_default());
            let body = json!({ "identifierType": kind, "verificationId": id, "code": code });
            self.post(&format!("{path}/verify"), body).await;
        }
        id
    }

    pub(crate) async fn totp(&mut self, record: &Value, verified: bool) -> Value {
        let is_new = record["secret"].is_string() || self.wanted["mfa"]["totp"].is_object();
        if verified && !is_new {
            let secret = self.world.mock.add_totp(&self.user_id.clone().unwrap_or_default());
            let code = self.world.mock.totp_code(&secret);
            let body = json!({ "code": code });
            return self.post("/verification/totp/verify", body).await["verificationId"].clone();
        }
        let made = self.post("/verification/totp/secret", Value::Null).await;
        if verified {
            let code = self.world.mock.totp_code(made["secret"].as_str().unwrap_or_default());
            let body = json!({ "verificationId": made["verificationId"], "code": code });
            self.post("/verification/totp/verify", body).await;
        }
        made["verificationId"].clone()
    }

    pub(crate) async fn backup_code(&mut self, record: &Value) -> Value {
        let path = "/verification/backup-code";
        if record["code"].is_string() {
            let user_id = self.user_id.clone().unwrap_or_default();
            let codes = self.world.mock.add_backup_codes(&user_id);
            let body = json!({ "code": codes[0] });
            return self.post(&format!("{path}/verify"), body).await["verificationId"].clone();
        }
        self.post(&format!("{path}/generate"), Value::Null).await["verificationId"].clone()
    }

    pub(crate) async fn web_authn(&mut self, record: &Value, verified: bool) -> Value {
        let is_new = record["authenticationChallenge"].is_null()
            && (verified || record["registrationChallenge"].is_string());
        let (ceremony, options) = match is_new {
            true => ("registration", "registrationOptions"),
            false => ("authentication", "authenticationOptions"),
        };
        if !is_new {
            self.register_passkey().await;
        }
        let path = format!("/verification/web-authn/{ceremony}");
        let asked = self.post(&path, Value::Null).await;
        let id = asked["verificationId"].clone();
        self.options = asked[options].clone();
        if verified {
            let payload = authenticator::answer(self.world, &self.options);
            let body = json!({ "verificationId": id, "payload": payload });
            self.post(&format!("{path}/verify"), body).await;
        }
        id
    }

    /// Gives the user a passkey, in an interaction of its own, and starts this one anew.
    pub(crate) async fn register_passkey(&mut self) {
        let password = &self.wanted["verificationRecords"][0];
        let identifier = match password["type"].as_str() {
            Some("Password") => password["identifier"].clone(),
            _ => json!({ "type": "username", "value": "passkeyuser" }),
        };
        let before = json!({
            "interactionEvent": "SignIn", "userId": "somebody", "signInContext": {},
            "mfa": { "webAuthn": [], "mfaEnabled": true },
            "verificationRecords": [
                { "type": "Password", "identifier": identifier, "verified": true },
                { "type": "WebAuthn", "verified": true },
            ],
        });
        let stage = Box::pin(reach(self.world, &before)).await;
        let user_id = stage.user_id.clone();
        stage.post("/submit", Value::Null).await;
        authorize(self.world).await;
        self.world.browse("PUT", API, &json!({ "interactionEvent": self.event })).await;
        self.user_id = user_id;
        self.allow();
        if self.identified {
            self.identified = false;
            let record = json!({ "identifier": identifier });
            let id = self.password(&record).await;
            if let (Some(recorded), Some(own)) =
                (self.wanted["verificationRecords"][0]["id"].as_str(), id.as_str())
            {
                self.world.equate(recorded, own);
            }
            self.proof = id.as_str().map(str::to_owned);
            self.identify().await;
        }
    }

    pub(crate) async fn passkey(&mut self, verified: bool) -> Value {
        self.register_passkey().await;
        let body = json!({ "identifier": { "type": "username", "value": "passkeyuser" } });
        let path = "/verification/sign-in-passkey/authentication";
        let asked = self.post(path, body).await;
        let id = asked["verificationId"].clone();
        self.options = asked["authenticationOptions"].clone();
        if verified {
            let payload = authenticator::answer(self.world, &self.options);
            let body = json!({ "verificationId": id, "payload": payload });
            self.post(&format!("{path}/verify"), body).await;
        }
        id
    }

    pub(crate) async fn social(&mut self, record: &Value) -> Value {
        let connector = match record["encryptedTokenSet"].is_object() {
            true => identities::connector(self.world).await,
            false => self.world.mock.add_social_connector(),
        };
        if let Some(recorded) = record["connectorId"].as_str() {
            self.world.equate(recorded, &connector);
        }
        let path = format!("/verification/social/{connector}");
        let body = json!({ "state": "s", "redirectUri": "http://localhost/callback" });
        let id =
            self.post(&format!("{path}/authorization-uri"), body).await["verificationId"].clone();
        let info = &record["socialUserInfo"];
        if info.is_object() {
            if self.event == "SignIn" && self.is_known() {
                self.user_of_social(info).await;
            }
            if info["phone"].is_string() && self.wanted["profile"]["primaryPhone"].is_null() {
                // What the new user does not get is another's.
                self.user(json!({ "primaryPhone": info["phone"] })).await;
            }
            let data = match info["rawData"].as_object() {
                Some(data) => Value::Object(data.clone()),
                None => json!({ "code": "c", "userId": info["id"] }),
            };
            let body = json!({ "verificationId": id, "connectorData": data });
            self.post(&format!("{path}/verify"), body).await;
        }
        id
    }

    pub(crate) async fn user_of_social(&mut self, info: &Value) {
        let name = format!("social{}", self.world.number());
        let id = self.user(json!({ "username": name })).await;
        let identity = json!({ "userId": info["id"], "details": info });
        self.world
            .manage("PUT", &format!("/api/users/{id}/identities/mock-social"), &identity)
            .await;
    }

    pub(crate) async fn sso(&mut self, record: &Value) -> Value {
        let info = &record["enterpriseSsoUserInfo"];
        let email = info["email"].as_str().unwrap_or("u@sso.example");
        let domain = email.split('@').nth(1).unwrap_or_default();
        let name = format!("sso{}", self.world.number());
        let body = json!({
            "providerName": "OIDC", "connectorName": name, "domains": [domain],
            "syncProfile": self.wanted["profile"]["name"].is_string(),
            "enableTokenStorage": record["keepsTokens"] == true,
            "config": { "issuer": "http://localhost/oidc", "clientId": "c", "clientSecret": "s" },
        });
        let made = self.world.manage("POST", "/api/sso-connectors", &body).await.body;
        let connector = match made["id"].as_str() {
            Some(id) => id.to_owned(),
            None => self.world.mock.add_sso_connector(domain),
        };
        if let Some(recorded) = record["connectorId"].as_str() {
            self.world.equate(recorded, &connector);
        }
        if self.is_known() {
            self.user(json!({ "primaryEmail": email })).await;
        }
        let path = format!("/verification/sso/{connector}");
        let body = json!({ "state": "s", "redirectUri": "http://localhost/callback" });
        let id =
            self.post(&format!("{path}/authorization-uri"), body).await["verificationId"].clone();
        if info.is_object() {
            let mut data = info.clone();
            data["code"] = "c".into();
            data["userId"] = info["id"].clone();
            let body = json!({ "verificationId": id, "connectorData": data });
            self.post(&format!("{path}/verify"), body).await;
        }
        id
    }

    pub(crate) async fn one_time_token(&mut self, record: &Value, verified: bool) -> Value {
        let identifier = &record["identifier"];
        if self.is_known() {
            self.user(json!({ "primaryEmail": identifier["value"] })).await;
        }
        let context = &record["oneTimeTokenContext"];
        let mut body = json!({ "email": identifier["value"] });
        if context.as_object().is_some_and(|own| !own.is_empty()) {
            body["context"] = context.clone();
        }
        let made = self.world.manage("POST", "/api/one-time-tokens", &body).await.body;
        let token = if verified { made["token"].clone() } else { "nope".into() };
        let body = json!({ "identifier": identifier, "token": token });
        self.post("/verification/one-time-token/verify", body).await["verificationId"].clone()
    }
}
