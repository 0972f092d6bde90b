//! The Account API, with the token of a user who has signed in.

mod common;

use common::{Answer, Result, answer, browser::Browser, string};
use logto_mock::{MfaFactor, MfaPolicy};
use reqwest::{Method, Response};
use serde_json::{Value, json};

struct Account {
    browser: Browser,
    token: String,
}

impl Account {
    async fn open() -> Result<Self> {
        let browser = Browser::at("SignIn").await?;
        browser.password("alice", "correct horse").await?;
        let token = string(&browser.tokens().await?["access_token"]);
        Ok(Self { browser, token })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        proof: Option<&str>,
        body: Value,
    ) -> Result<Response> {
        let url = format!("{}/api/{path}", self.browser.mock.endpoint());
        let mut request = self.browser.http.request(method, url).bearer_auth(&self.token);
        if let Some(proof) = proof {
            request = request.header("logto-verification-id", proof);
        }
        Ok(request.json(&body).send().await?)
    }

    async fn post(&self, path: &str, proof: Option<&str>, body: Value) -> Result<Answer> {
        answer(self.send(Method::POST, path, proof, body).await?).await
    }

    async fn get(&self, path: &str, proof: Option<&str>) -> Result<Answer> {
        answer(self.send(Method::GET, path, proof, json!({})).await?).await
    }

    /// A token of the same user with other scopes.
    async fn narrow_token(&self, scope: &str) -> Result<String> {
        let (browser, mock) = (&self.browser, &self.browser.mock);
        let post = async |path: &str, body: Value| -> Result<Value> {
            let manager = common::management_token(mock, &browser.http).await?;
            let request = browser.http.post(format!("{}{path}", mock.endpoint()));
            Ok(answer(request.bearer_auth(manager).json(&body).send().await?).await?.1)
        };
        let app = format!("/api/applications/{}", mock.web_app_id());
        let settings = json!({ "customClientMetadata": { "allowTokenExchange": true } });
        let manager = common::management_token(mock, &browser.http).await?;
        let request = browser.http.patch(format!("{}{app}", mock.endpoint()));
        request.bearer_auth(manager).json(&settings).send().await?;
        let user = mock.user_id("alice");
        let subject = post("/api/subject-tokens", json!({ "userId": user })).await?;
        let subject = string(&subject["subjectToken"]);
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token_type", "urn:logto:token-type:impersonation_token"),
            ("subject_token", &subject),
            ("scope", scope),
        ];
        Ok(string(&browser.token(&form).await?.1["access_token"]))
    }

    /// A verification by password.
    async fn proof(&self) -> Result<String> {
        let body = json!({ "password": "correct horse" });
        let (status, made) = self.post("verifications/password", None, body).await?;
        assert_eq!(status, 201);
        Ok(string(&made["verificationRecordId"]))
    }
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.0.as_u16(), string(&answer.1["code"]))
}

#[tokio::test]
async fn an_account_is_shown_and_changed_with_the_users_token_only() -> Result {
    let mut account = Account::open().await?;
    let (status, shown) = account.get("my-account", None).await?;
    assert_eq!(status, 200);
    let facts = ["username", "hasPassword", "hasSecurityVerificationMethod"];
    assert_eq!(json!(facts.map(|fact| &shown[fact])), json!(["alice", true, true]));
    let body = json!({ "name": "Alice", "customData": { "k": 1 } });
    let changed = account.send(Method::PATCH, "my-account", None, body).await?;
    assert_eq!(answer(changed).await?.1["name"], "Alice");
    account.browser.mock.add_user("bob", "battery staple");
    let name = json!({ "username": "bob" });
    let early = account.send(Method::PATCH, "my-account", None, name.clone()).await?;
    let early = code(&answer(early).await?);
    assert_eq!(early, (401, "verification_record.permission_denied".into()));
    let proof = account.proof().await?;
    let taken = account.send(Method::PATCH, "my-account", Some(&proof), name).await?;
    let taken = code(&answer(taken).await?);
    assert_eq!(taken, (422, "user.username_already_in_use".into()));
    for part in [json!({ "givenName": "A." }), json!({ "familyName": "B." })] {
        account.send(Method::PATCH, "my-account/profile", None, part).await?;
    }
    let profile = &account.get("my-account", None).await?.1["profile"];
    assert_eq!(profile, &json!({ "givenName": "A.", "familyName": "B." }));

    let machine = common::management_token(&account.browser.mock, &account.browser.http).await?;
    for token in [machine, "nonsense".to_owned()] {
        account.token = token;
        let refused = code(&account.get("my-account", None).await?);
        assert_eq!(refused, (401, "auth.unauthorized".into()));
    }
    Ok(())
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_the_old_one() -> Result {
    let account = Account::open().await?;
    let wrong = account.post("verifications/password", None, json!({ "password": "wrong" }));
    assert_eq!(code(&wrong.await?), (422, "session.invalid_credentials".into()));
    let path = "my-account/password";
    let next = json!({ "password": "battery staple" });
    let denied = (401, "verification_record.permission_denied".to_owned());
    for proof in [None, Some("nonsense")] {
        assert_eq!(code(&account.post(path, proof, next.clone()).await?), denied);
    }
    let proof = account.proof().await?;
    account.browser.mock.expire_verifications();
    assert_eq!(code(&account.post(path, Some(&proof), next.clone()).await?), denied);
    let proof = account.proof().await?;
    let weak = account.post(path, Some(&proof), json!({ "password": "x" })).await?;
    assert_eq!(code(&weak), (422, "password.rejected".into()));
    assert_eq!(account.post(path, Some(&proof), next).await?.0, 204);
    account.browser.begin("SignIn").await?;
    account.browser.password("alice", "battery staple").await?;
    Ok(())
}

#[tokio::test]
async fn a_new_address_is_proved_by_a_code() -> Result {
    let account = Account::open().await?;
    let identifier = json!({ "type": "email", "value": "alice@example.com" });
    let body = json!({ "identifier": identifier });
    let (status, sent) = account.post("verifications/verification-code", None, body).await?;
    assert_eq!(status, 201);
    let id = string(&sent["verificationRecordId"]);
    assert_eq!(string(&sent["expiresAt"]).len(), 24);
    let verify = "verifications/verification-code/verify";
    let answer =
        |code: &str| json!({ "identifier": identifier, "verificationId": id, "code": code });
    let wrong = account.post(verify, None, answer("wrong")).await?;
    assert_eq!(code(&wrong), (400, "verification_code.code_mismatch".into()));

    let proof = account.proof().await?;
    let path = "my-account/primary-email";
    let email = json!({ "email": "alice@example.com", "newIdentifierVerificationRecordId": id });
    let early = account.post(path, Some(&proof), email.clone()).await?;
    assert_eq!(code(&early), (400, "verification_record.not_found".into()));
    let right = account.browser.mock.last_code("alice@example.com").unwrap_or_default();
    assert_eq!(account.post(verify, None, answer(&right)).await?.0, 200);
    // It proves the address, but not who is there.
    let denied = account.post(path, Some(&id), email.clone()).await?;
    assert_eq!(code(&denied), (401, "verification_record.permission_denied".into()));
    assert_eq!(account.post(path, Some(&proof), email).await?.0, 204);
    let shown = account.get("my-account", None).await?.1;
    assert_eq!(shown["primaryEmail"], "alice@example.com");
    Ok(())
}

#[tokio::test]
async fn second_factors_are_added_and_removed() -> Result {
    let account = Account::open().await?;
    let proof = account.proof().await?;
    let path = "my-account/mfa-verifications";
    assert_eq!(account.get(path, None).await?.1, json!([]));
    let secret = json!({ "type": "Totp", "secret": "GEZDGNBVGY3TQOJQ" });
    let unknown = code(&account.post(path, Some(&proof), secret).await?);
    assert_eq!(unknown, (400, "session.mfa.mfa_factor_not_enabled".into()));
    let factors = [MfaFactor::Totp, MfaFactor::BackupCode];
    account.browser.mock.set_mfa(MfaPolicy::NoPrompt, &factors);
    let alone = json!({ "type": "BackupCode", "codes": ["1"] });
    let alone = account.post(path, Some(&proof), alone).await?;
    assert_eq!(code(&alone), (422, "session.mfa.backup_code_can_not_be_alone".into()));
    let (_, app) = account.post(&format!("{path}/totp-secret/generate"), None, json!({})).await?;
    let secret = string(&app["secret"]);
    let totp = |code: &str| json!({ "type": "Totp", "secret": secret, "code": code });
    let wrong = account.post(path, Some(&proof), totp("wrong")).await?;
    assert_eq!(code(&wrong), (400, "session.mfa.invalid_totp_code".into()));
    let right = account.browser.mock.totp_code(&secret);
    assert_eq!(account.post(path, Some(&proof), totp(&right)).await?.0, 204);
    let (_, made) = account.post(&format!("{path}/backup-codes/generate"), None, json!({})).await?;
    let codes = json!({ "type": "BackupCode", "codes": made["codes"] });
    assert_eq!(account.post(path, Some(&proof), codes).await?.0, 204);
    let (_, list) = account.get(path, None).await?;
    assert_eq!(list[1]["remainCodes"], 10);
    let (_, kept) = account.get(&format!("{path}/backup-codes"), Some(&proof)).await?;
    assert_eq!(kept["codes"][0]["code"], made["codes"][0]);

    for (id, expected) in [(string(&list[0]["id"]), 204), ("nope".to_owned(), 400)] {
        let path = format!("{path}/{id}");
        let removed = account.send(Method::DELETE, &path, Some(&proof), json!({})).await?;
        assert_eq!(removed.status(), expected);
    }
    let settings = json!({ "skipMfaOnSignIn": true });
    let said = account.send(Method::PATCH, "my-account/mfa-settings", Some(&proof), settings);
    assert_eq!(answer(said.await?).await?.1, json!({ "skipMfaOnSignIn": true }));
    Ok(())
}

#[tokio::test]
async fn accounts_elsewhere_are_linked_by_a_proof_and_keep_their_tokens() -> Result {
    let account = Account::open().await?;
    let (mock, proof) = (&account.browser.mock, account.proof().await?);
    let connector = mock.add_social_connector();
    let path = "my-account/identities/mock-social/access-token";
    let missing = code(&account.get(path, None).await?);
    assert_eq!(missing, (404, "secrets.third_party_token_set.token_not_found".into()));

    let keep = json!({ "enableTokenStorage": true });
    let manager = common::management_token(mock, &account.browser.http).await?;
    let url = format!("{}/api/connectors/{connector}", mock.endpoint());
    account.browser.http.patch(url).bearer_auth(manager).json(&keep).send().await?;
    let asked = json!({
        "connectorId": connector, "state": "s", "redirectUri": "https://app.example/back",
    });
    let (status, begun) = account.post("verifications/social", None, asked).await?;
    assert_eq!(status, 201);
    assert!(string(&begun["authorizationUri"]).contains("state=s"));
    let id = begun["verificationRecordId"].clone();
    let link = json!({ "newIdentifierVerificationRecordId": id });
    let early = account.post("my-account/identities", Some(&proof), link.clone()).await?;
    assert_eq!(code(&early), (400, "verification_record.not_found".into()));

    let tokens = json!({ "access_token": "at", "token_type": "Bearer", "expires_in": 60 });
    let data = json!({ "code": "c", "userId": "alice-there", "tokenResponse": tokens });
    let back = json!({ "verificationRecordId": id, "connectorData": data });
    assert_eq!(account.post("verifications/social/verify", None, back).await?.0, 200);
    let linked = account.post("my-account/identities", Some(&proof), link.clone()).await?;
    assert_eq!(linked.0, 204);
    let again = account.post("my-account/identities", Some(&proof), link).await?;
    assert_eq!(code(&again), (400, "user.identity_already_in_use".into()));
    let token = account.get(path, None).await?.1;
    assert_eq!((&token["access_token"], &token["token_type"]), (&json!("at"), &json!("Bearer")));

    mock.advance(std::time::Duration::from_secs(61));
    let old = code(&account.get(path, None).await?);
    assert_eq!(old, (401, "secrets.third_party_token_set.access_token_expired".into()));
    Ok(())
}

#[tokio::test]
async fn scopes_and_the_account_center_say_what_is_shown_and_changed() -> Result {
    let mut account = Account::open().await?;
    let mock = &account.browser.mock;
    let manager = common::management_token(mock, &account.browser.http).await?;
    let url = format!("{}/api/account-center", mock.endpoint());
    let fields = json!({ "name": "ReadOnly", "username": "Edit", "password": "Edit" });
    let center = json!({ "enabled": true, "fields": fields });
    account.browser.http.patch(url).bearer_auth(manager).json(&center).send().await?;
    let (_, shown) = account.get("my-account", None).await?;
    assert_eq!((&shown["username"], &shown["name"]), (&json!("alice"), &Value::Null));
    assert!(shown.get("avatar").or(shown.get("customData")).is_none(), "{shown}");
    let change = account.send(Method::PATCH, "my-account", None, json!({ "name": "A" })).await?;
    let refused = code(&answer(change).await?);
    assert_eq!(refused, (400, "account_center.field_not_editable".into()));
    let hidden = code(&account.get("my-account/mfa-verifications", None).await?);
    assert_eq!(hidden, (400, "account_center.field_not_enabled".into()));
    // What a body lacks is told before a proof is asked for.
    let incomplete = code(&account.post("my-account/password", None, json!({})).await?);
    assert_eq!(incomplete, (400, "guard.invalid_input".into()));

    account.token = account.narrow_token("openid").await?;
    let (_, shown) = account.get("my-account", None).await?;
    assert_eq!(shown.as_object().map(|own| own.len()), Some(2), "{shown}");
    let change = account.send(Method::PATCH, "my-account", None, json!({ "username": "a" }));
    assert_eq!(code(&answer(change.await?).await?), (400, "auth.unauthorized".into()));
    Ok(())
}
