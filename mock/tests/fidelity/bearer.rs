//! The user of the Account API, and the tokens of theirs.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    stage::PASSWORD,
    world::{ORIGIN, Reply, World, send},
};

pub(crate) const SCOPE: &str =
    "openid profile email phone address custom_data identities urn:logto:scope:sessions";

impl World<'_> {
    /// The id of the account's user.
    pub(crate) fn account_id(&self) -> String {
        let usual = || self.mock.user_id("itestuser");
        let id = self.account_of.clone().or_else(usual);
        id.unwrap_or_else(|| self.mock.add_user("itestuser", PASSWORD))
    }

    /// Goes on with an account that nothing has happened to.
    pub(crate) async fn forget_account(&mut self) {
        self.account_of = None;
        self.is_bare = false;
        SCOPE.clone_into(&mut self.scope);
        let id = self.account_id();
        self.manage("DELETE", &format!("/api/users/{id}"), &Value::Null).await;
    }

    /// Has the account be of somebody who has only a username.
    pub(crate) async fn be_bare(&mut self) {
        self.is_bare = true;
        let body = json!({ "username": "itestuser" });
        self.manage("POST", "/api/users", &body).await;
    }

    /// Has the account's token show no more than what was shown.
    pub(crate) fn show_only(&mut self, shown: &Value) {
        let hidden = [
            ("primaryEmail", "email"),
            ("primaryPhone", "phone"),
            ("customData", "custom_data"),
            ("identities", "identities"),
            ("lastSignInAt", "profile"),
        ];
        let hidden = hidden.into_iter().filter(|(member, _)| shown.get(*member).is_none());
        let hidden: Vec<&str> = hidden.map(|(_, scope)| scope).collect();
        let kept = SCOPE.split(' ').filter(|scope| !hidden.contains(scope));
        self.scope = kept.collect::<Vec<_>>().join(" ");
    }

    /// A request by the account's user, who has proved who they are.
    pub(crate) async fn account(&self, method: &str, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path).header("origin", ORIGIN);
        send(self.as_user(request, true).await, body).await
    }

    /// A token of the account's user. It is exchanged, so that nobody has to sign in for it.
    pub(crate) async fn user_token(&self) -> String {
        let manage = async |method: &str, path: &str, body: Value| {
            send(self.request(method, path).bearer_auth(&self.token), &body).await.body
        };
        let id = self.account_id();
        if !self.is_bare {
            let password = json!({ "password": PASSWORD });
            manage("PATCH", &format!("/api/users/{id}/password"), password).await;
        }
        let settings = json!({ "customClientMetadata": { "allowTokenExchange": true } });
        manage("PATCH", &format!("/api/applications/{}", self.mock.app_id()), settings).await;
        let subject = manage("POST", "/api/subject-tokens", json!({ "userId": id })).await;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
            ("subject_token_type", "urn:logto:token-type:impersonation_token".to_owned()),
            ("subject_token", subject["subjectToken"].as_str().unwrap_or_default().to_owned()),
            ("scope", self.scope.clone()),
        ];
        let answer = self.token(self.mock.app_id(), self.mock.app_secret(), &form).await;
        answer["access_token"].as_str().unwrap_or_default().to_owned()
    }

    /// Adds a token of the account's user, and a fresh proof of who they are if there is to be one.
    pub(crate) async fn as_user(&self, request: RequestBuilder, is_proved: bool) -> RequestBuilder {
        let token = &self.user_token().await;
        let request = request.bearer_auth(token);
        if !is_proved {
            return request;
        }
        let proof = self.request("POST", "/api/verifications/password").bearer_auth(token);
        let proof = send(proof, &json!({ "password": PASSWORD })).await.body;
        let id = proof["verificationRecordId"].as_str().unwrap_or_default();
        request.header("logto-verification-id", id)
    }
}
