//! A browser, and the page that it signs in with.

use logto_mock::Mock;
use reqwest::{Client, Method, Response, Url};
use serde_json::{Value, json};

use super::{Answer, Result, answer, client, header, parameter, string};

/// What the browser's application asks for.
pub(crate) const SCOPE: &str = "openid profile email phone custom_data identities offline_access";

/// The pair of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PKCE: [(&str, &str); 2] = [
    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ("code_challenge_method", "S256"),
];

pub(crate) struct Browser {
    pub(crate) mock: Mock,
    pub(crate) http: Client,
    /// The address at which it knows the mock.
    pub(crate) base: String,
    alice: String,
}

impl Browser {
    pub(crate) async fn open() -> Result<Self> {
        Self::of(Mock::start().await?)
    }

    pub(crate) fn of(mock: Mock) -> Result<Self> {
        let alice = mock.add_user("alice", "correct horse");
        Ok(Self { http: client()?, base: mock.endpoint().to_owned(), mock, alice })
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
        let (status, body) = self.start(event).await?;
        assert_eq!(status, 204, "{body}");
        Ok(())
    }

    /// Starts what a page is for that the browser has been sent to.
    pub(crate) async fn start(&self, event: &str) -> Result<Answer> {
        self.put("/api/experience", json!({ "interactionEvent": event })).await
    }

    pub(crate) async fn authorize(&self, app: &str, more: &[(&str, &str)]) -> Result<Response> {
        let own = [
            ("client_id", app),
            ("redirect_uri", self.mock.redirect_uri()),
            ("response_type", "code"),
            ("scope", SCOPE),
            ("state", "xyz"),
            ("prompt", "consent"),
        ];
        let own = own.iter().filter(|(key, _)| more.iter().all(|(k, _)| k != key));
        let query: Vec<_> = own.chain(more).collect();
        let url = format!("{}/oidc/auth", self.base);
        Ok(self.http.get(url).query(&query).send().await?)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Response> {
        let url = Url::parse(&self.base)?.join(path)?;
        Ok(self.http.get(url).send().await?)
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(Method::POST, path, body).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
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

    /// Tries a password, without identifying anybody by it.
    pub(crate) async fn try_password(&self, username: &str, password: &str) -> Result<Answer> {
        let body = json!({
            "identifier": { "type": "username", "value": username }, "password": password,
        });
        self.step("verification/password", body).await
    }

    /// Proves and identifies a user with a password.
    pub(crate) async fn password(&self, username: &str, password: &str) -> Result {
        let (status, body) = self.try_password(username, password).await?;
        assert_eq!(status, 200, "{body}");
        assert_eq!(self.identify(&string(&body["verificationId"])).await?, 204);
        Ok(())
    }

    /// Proves an e-mail address by the code that is sent to it; gives the verification's id.
    pub(crate) async fn prove_email(&self, email: &str, event: &str) -> Result<String> {
        let identifier = json!({ "type": "email", "value": email });
        let body = json!({ "identifier": identifier, "interactionEvent": event });
        let id = self.verification("verification-code", body).await?;
        let code = self.mock.last_code(email).unwrap_or_default();
        let body = json!({ "identifier": identifier, "verificationId": id, "code": code });
        self.verification("verification-code/verify", body).await
    }

    /// Signs in from the start with a password, where nothing more is asked.
    pub(crate) async fn come_back(&self, username: &str, password: &str) -> Result {
        self.begin("SignIn").await?;
        self.password(username, password).await?;
        let (status, body) = self.submit().await?;
        assert_eq!(status, 200, "{body}");
        Ok(())
    }

    /// Skips by this operation what the user is asked for, now and when they come back.
    pub(crate) async fn skip_for_good(&self, operation: &str) -> Result {
        let (status, body) = self.step(operation, json!({})).await?;
        assert_eq!(status, 204, "{body}");
        let (status, body) = self.submit().await?;
        assert_eq!(status, 200, "{body}");
        self.come_back("alice", "correct horse").await
    }

    pub(crate) async fn interaction(&self) -> Result<Value> {
        let response = self.get("/api/experience/interaction").await?;
        Ok(answer(response).await?.1)
    }

    pub(crate) async fn submit(&self) -> Result<Answer> {
        self.step("submit", json!({})).await
    }

    /// Submits, and goes on to the callback.
    pub(crate) async fn callback(&self) -> Result<Url> {
        let (status, body) = self.submit().await?;
        assert_eq!(status, 200, "{body}");
        let to_consent = self.get(&string(&body["redirectTo"])).await?;
        assert_eq!(to_consent.status(), 303);
        let consented = self.get(&header(&to_consent, "location")).await?;
        assert_eq!(consented.status(), 302);
        self.returned(&header(&consented, "location")).await
    }

    /// The callback that an interaction leads back to.
    pub(crate) async fn returned(&self, way: &str) -> Result<Url> {
        let back = self.get(way).await?;
        assert_eq!(back.status(), 303);
        Ok(Url::parse(&header(&back, "location"))?)
    }

    /// Signs in to the single-page application; gives the code, which `VERIFIER` belongs to.
    pub(crate) async fn spa_code(&self) -> Result<String> {
        self.authorize(self.mock.spa_app_id(), &PKCE).await?;
        self.start("SignIn").await?;
        self.password("alice", "correct horse").await?;
        Ok(parameter(&self.callback().await?, "code"))
    }

    /// Submits, and goes on to the tokens.
    pub(crate) async fn tokens(&self) -> Result<Value> {
        let code = parameter(&self.callback().await?, "code");
        let form = [("grant_type", "authorization_code"), ("code", code.as_str())];
        let (status, tokens) = self.token(&form).await?;
        assert_eq!(status, 200, "{tokens}");
        Ok(tokens)
    }

    /// Asks the token endpoint as the web application, unless the form names another.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Result<Answer> {
        let url = format!("{}/oidc/token", self.mock.endpoint());
        let request = self.http.post(url).form(form);
        let (id, secret) = (self.mock.web_app_id(), self.mock.web_app_secret());
        let request = match form.iter().any(|(key, _)| *key == "client_id") {
            true => request,
            false => request.basic_auth(id, Some(secret)),
        };
        answer(request.send().await?).await
    }
}
