//! A browser, and the page that it signs in with.

use logto_mock::Mock;
use reqwest::{Client, Method, Response, Url};
use serde_json::{Value, json};

use super::{Answer, Result, answer, client, header, string};

pub(crate) struct Browser {
    pub(crate) mock: Mock,
    pub(crate) http: Client,
    alice: String,
}

impl Browser {
    pub(crate) async fn open() -> Result<Self> {
        Self::of(Mock::start().await?)
    }

    pub(crate) fn of(mock: Mock) -> Result<Self> {
        let alice = mock.add_user("alice", "correct horse");
        Ok(Self { http: client()?, mock, alice })
    }

    /// The id of the user that there is.
    pub(crate) fn alice(&self) -> &str {
        &self.alice
    }

    /// A browser with an interaction under way.
    pub(crate) async fn at(event: &str) -> Result<Self> {
        let browser = Self::open().await?;
        browser.begin(event).await?;
        Ok(browser)
    }

    /// Begins an interaction, whatever was before.
    pub(crate) async fn begin(&self, event: &str) -> Result {
        let response = self.authorize(self.mock.web_app_id(), &[]).await?;
        assert_eq!(response.status(), 303);
        let event = json!({ "interactionEvent": event });
        let (status, body) = self.put("/api/experience", event).await?;
        assert_eq!(status, 204, "{body}");
        Ok(())
    }

    pub(crate) async fn authorize(&self, app: &str, more: &[(&str, &str)]) -> Result<Response> {
        let own = [
            ("client_id", app),
            ("redirect_uri", self.mock.redirect_uri()),
            ("response_type", "code"),
            ("scope", "openid profile email phone offline_access"),
            ("state", "xyz"),
            ("prompt", "consent"),
        ];
        let own = own.iter().filter(|(key, _)| more.iter().all(|(k, _)| k != key));
        let query: Vec<_> = own.chain(more).collect();
        let url = format!("{}/oidc/auth", self.mock.endpoint());
        Ok(self.http.get(url).query(&query).send().await?)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Response> {
        let url = Url::parse(self.mock.endpoint())?.join(path)?;
        Ok(self.http.get(url).send().await?)
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(Method::POST, path, body).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Result<Answer> {
        let url = format!("{}{path}", self.mock.endpoint());
        let request = self.http.request(method, url).json(&body);
        answer(request.send().await?).await
    }

    /// Posts to an operation of the Experience API.
    pub(crate) async fn step(&self, operation: &str, body: Value) -> Result<Answer> {
        self.post(&format!("/api/experience/{operation}"), body).await
    }

    /// The same, where it has to go well; gives the verification's id.
    pub(crate) async fn verification(&self, operation: &str, body: Value) -> Result<String> {
        let (status, body) = self.step(&format!("verification/{operation}"), body).await?;
        assert_eq!(status, 200, "{operation}: {body}");
        Ok(string(&body["verificationId"]))
    }

    /// The status and code of a refusal.
    pub(crate) async fn refusal(&self, operation: &str, body: Value) -> Result<(u16, String)> {
        let (status, body) = self.step(operation, body).await?;
        Ok((status.as_u16(), string(&body["code"])))
    }

    pub(crate) async fn identify(&self, verification_id: &str) -> Result<u16> {
        let body = json!({ "verificationId": verification_id });
        Ok(self.step("identification", body).await?.0.as_u16())
    }

    /// Proves and identifies a user with a password.
    pub(crate) async fn password(&self, username: &str, password: &str) -> Result {
        let body = json!({
            "identifier": { "type": "username", "value": username }, "password": password,
        });
        let id = self.verification("password", body).await?;
        assert_eq!(self.identify(&id).await?, 204);
        Ok(())
    }

    pub(crate) async fn interaction(&self) -> Result<Value> {
        let response = self.get("/api/experience/interaction").await?;
        Ok(answer(response).await?.1)
    }

    pub(crate) async fn submit(&self) -> Result<Answer> {
        self.step("submit", json!({})).await
    }

    /// Submits, and goes on to the callback's code.
    pub(crate) async fn code(&self) -> Result<String> {
        let (status, body) = self.submit().await?;
        assert_eq!(status, 200, "{body}");
        let to_consent = self.get(&string(&body["redirectTo"])).await?;
        let consented = self.get(&header(&to_consent, "location")).await?;
        assert_eq!(consented.status(), 302);
        self.returned(&header(&consented, "location")).await
    }

    /// The code of the callback that an interaction leads back to.
    pub(crate) async fn returned(&self, way: &str) -> Result<String> {
        let back = self.get(way).await?;
        assert_eq!(back.status(), 303);
        let callback = Url::parse(&header(&back, "location"))?;
        let code = callback.query_pairs().find(|(key, _)| key == "code");
        Ok(code.map(|(_, value)| value.into_owned()).unwrap_or_default())
    }

    /// Submits, and goes on to the tokens.
    pub(crate) async fn tokens(&self) -> Result<Value> {
        let code = self.code().await?;
        let form = [("grant_type", "authorization_code"), ("code", code.as_str())];
        let (status, tokens) = self.token(&form).await?;
        assert_eq!(status, 200, "{tokens}");
        Ok(tokens)
    }

    /// Asks the token endpoint as the web application.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Result<Answer> {
        let url = format!("{}/oidc/token", self.mock.endpoint());
        let request = self.http.post(url).form(form);
        let (id, secret) = (self.mock.web_app_id(), self.mock.web_app_secret());
        answer(request.basic_auth(id, Some(secret)).send().await?).await
    }
}
