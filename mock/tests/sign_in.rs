//! A password sign-in from the authorization request to the tokens.

mod common;

use common::{Answer, Result, answer, client, header, headers, string};
use logto_mock::Mock;
use reqwest::{Client, Method, Response, Url};
use serde_json::{Value, json};

const SCOPE: &str = "openid profile offline_access";

struct Browser {
    mock: Mock,
    http: Client,
}

impl Browser {
    async fn open() -> Result<Self> {
        let mock = Mock::start().await?;
        mock.add_user("alice", "correct horse");
        Ok(Self { http: client()?, mock })
    }

    /// A browser that has been sent to the sign-in page.
    async fn at_sign_in() -> Result<Self> {
        let browser = Self::open().await?;
        let response = browser.authorize(browser.mock.web_app_id(), &[]).await?;
        assert_eq!(response.status(), 303);
        Ok(browser)
    }

    /// A browser with an interaction under way.
    async fn signing_in() -> Result<Self> {
        let browser = Self::at_sign_in().await?;
        let event = json!({ "interactionEvent": "SignIn" });
        let (status, _) = browser.put("/api/experience", event).await?;
        assert_eq!(status, 204);
        Ok(browser)
    }

    async fn authorize(&self, app: &str, more: &[(&str, &str)]) -> Result<Response> {
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
        let url = format!("{}/oidc/auth", self.mock.endpoint());
        Ok(self.http.get(url).query(&query).send().await?)
    }

    async fn get(&self, path: &str) -> Result<Response> {
        let url = Url::parse(self.mock.endpoint())?.join(path)?;
        Ok(self.http.get(url).send().await?)
    }

    async fn put(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(Method::PUT, path, body).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.send(Method::POST, path, body).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Result<Answer> {
        let url = format!("{}{path}", self.mock.endpoint());
        let request = self.http.request(method, url).json(&body);
        answer(request.send().await?).await
    }

    async fn password(&self, username: &str, password: &str) -> Result<Answer> {
        let body = json!({
            "identifier": { "type": "username", "value": username }, "password": password,
        });
        self.post("/api/experience/verification/password", body).await
    }

    async fn interaction(&self) -> Result<Value> {
        let response = self.get("/api/experience/interaction").await?;
        Ok(answer(response).await?.1)
    }

    /// Signs in and gives the submitted interaction's `redirectTo`.
    async fn submit(&self) -> Result<String> {
        let (_, body) = self.password("alice", "correct horse").await?;
        let (status, _) = self.post("/api/experience/identification", body).await?;
        assert_eq!(status, 204);
        let (status, body) = self.post("/api/experience/submit", json!({})).await?;
        assert_eq!(status, 200);
        Ok(string(&body["redirectTo"]))
    }

    /// Goes on from `redirectTo` to the callback.
    async fn callback(&self, redirect_to: &str) -> Result<Url> {
        let to_consent = self.get(redirect_to).await?;
        assert_eq!(to_consent.status(), 303);
        let consented = self.get(&header(&to_consent, "location")).await?;
        assert_eq!(consented.status(), 302);
        let back = self.get(&header(&consented, "location")).await?;
        assert_eq!(back.status(), 303);
        Ok(Url::parse(&header(&back, "location"))?)
    }

    async fn exchange(&self, form: &[(&str, &str)]) -> Result<Answer> {
        let url = format!("{}/oidc/token", self.mock.endpoint());
        let request = self.http.post(url).form(form);
        let (id, secret) = (self.mock.web_app_id(), self.mock.web_app_secret());
        let spa = form.iter().any(|(key, _)| *key == "client_id");
        let request = match spa {
            true => request,
            false => request.basic_auth(id, Some(secret)),
        };
        answer(request.send().await?).await
    }
}

fn parameter(url: &Url, name: &str) -> String {
    let pair = url.query_pairs().find(|(key, _)| key == name);
    pair.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_password_leads_to_tokens() -> Result {
    let browser = Browser::signing_in().await?;
    assert_eq!(browser.interaction().await?["verificationRecords"], json!([]));

    let (status, verified) = browser.password("alice", "correct horse").await?;
    assert_eq!(status, 200);
    let (status, _) = browser.post("/api/experience/identification", verified.clone()).await?;
    assert_eq!(status, 204);
    let interaction = browser.interaction().await?;
    let expected = json!({
        "interactionEvent": "SignIn", "userId": interaction["userId"], "profile": {},
        "verificationRecords": [{
            "id": verified["verificationId"], "type": "Password", "verified": true,
            "identifier": { "type": "username", "value": "alice" },
        }],
        "mfa": {}, "signInContext": { "ip": "127.0.0.1" },
        "captcha": { "verified": false, "skipped": false },
    });
    assert_eq!(interaction, expected);

    let callback = browser.callback(&browser.submit().await?).await?;
    let shown = callback.as_str();
    assert!(shown.starts_with(browser.mock.redirect_uri()), "{shown}");
    assert_eq!(parameter(&callback, "state"), "xyz");
    let issuer = format!("{}/oidc", browser.mock.endpoint());
    assert_eq!(parameter(&callback, "iss"), issuer);

    let code = parameter(&callback, "code");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", browser.mock.redirect_uri()),
    ];
    let (status, tokens) = browser.exchange(&form).await?;
    assert_eq!(status, 200);
    assert_eq!(tokens["scope"], SCOPE);
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(string(&tokens["access_token"]).len(), 43);
    assert_eq!(string(&tokens["id_token"]).split('.').count(), 3);

    let refresh = string(&tokens["refresh_token"]);
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let (status, renewed) = browser.exchange(&again).await?;
    assert_eq!((status.as_u16(), &renewed["refresh_token"]), (200, &tokens["refresh_token"]));
    assert_ne!(renewed["access_token"], tokens["access_token"]);

    let (status, error) = browser.exchange(&form).await?;
    let expected = json!({
        "code": "oidc.invalid_grant", "message": "Grant request is invalid.",
        "error": "invalid_grant", "error_description": "grant request is invalid",
        "error_uri": "https://openid.sh/debug/invalid_grant",
    });
    assert_eq!((status.as_u16(), error), (400, expected));
    Ok(())
}

#[tokio::test]
async fn the_cookies_have_the_real_form() -> Result {
    let browser = Browser::open().await?;
    let app = browser.mock.web_app_id();
    let response = browser.authorize(app, &[("first_screen", "register")]).await?;
    let location = format!("/register?app_id={app}");
    assert_eq!(header(&response, "location"), location);
    let cookies = headers(&response, "set-cookie");
    assert_eq!(cookies.len(), 6);
    let logto = format!(r#"_logto={{"appId":"{app}"}}; path=/; samesite=lax"#);
    assert_eq!(cookies[0], logto);
    let resume = cookies[4].strip_prefix("_interaction_resume=");
    let uid = resume.and_then(|rest| rest.split(';').next()).unwrap_or_default();
    assert_eq!(uid.len(), 43);
    let interaction = format!(r#"_interaction={{"{app}":"{uid}","_legacy":"{uid}"}}; path=/; "#);
    assert!(cookies[2].starts_with(&interaction), "{}", cookies[2]);
    assert!(cookies[4].contains(&format!("; path=/oidc/auth/{uid}; expires=")));
    for (twin, name) in [(1, "_logto"), (3, "_interaction"), (5, "_interaction_resume")] {
        let signature = cookies[twin].strip_prefix(&format!("{name}.sig="));
        let signature = signature.and_then(|rest| rest.split(';').next());
        assert_eq!(signature.unwrap_or_default().len(), 27);
    }
    Ok(())
}

#[tokio::test]
async fn a_cookie_without_its_twin_is_no_session() -> Result {
    let browser = Browser::open().await?;
    let response = browser.authorize(browser.mock.web_app_id(), &[]).await?;
    let cookies = headers(&response, "set-cookie");
    let pairs = cookies.iter().filter_map(|cookie| cookie.split(';').next());
    let unsigned = pairs.filter(|pair| !pair.contains(".sig="));
    let response = client()?
        .put(format!("{}/api/experience", browser.mock.endpoint()))
        .header("cookie", unsigned.collect::<Vec<_>>().join("; "))
        .json(&json!({ "interactionEvent": "SignIn" }))
        .send()
        .await?;
    assert_eq!(answer(response).await?.1["code"], "session.not_found");
    Ok(())
}

#[tokio::test]
async fn a_single_page_application_proves_itself_with_pkce() -> Result {
    // The pair of RFC 7636, appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let pkce = [("code_challenge", challenge), ("code_challenge_method", "S256")];
    for (verifier, expected) in [(verifier, 200), ("wrong", 400)] {
        let browser = Browser::open().await?;
        let app = browser.mock.spa_app_id();
        browser.authorize(app, &pkce).await?;
        let event = json!({ "interactionEvent": "SignIn" });
        browser.put("/api/experience", event).await?;
        let callback = browser.callback(&browser.submit().await?).await?;
        let code = parameter(&callback, "code");
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", app),
            ("code", code.as_str()),
            ("redirect_uri", browser.mock.redirect_uri()),
            ("code_verifier", verifier),
        ];
        let (status, _) = browser.exchange(&form).await?;
        assert_eq!(status, expected);
    }
    Ok(())
}

#[tokio::test]
async fn bad_authorization_requests_are_refused() -> Result {
    let browser = Browser::open().await?;
    let (web, spa) = (browser.mock.web_app_id(), browser.mock.spa_app_id());
    let response = browser.authorize("nobody", &[]).await?;
    assert_eq!(answer(response).await?.1["code"], "oidc.invalid_client");
    let elsewhere = [("redirect_uri", "https://evil.example")];
    let response = browser.authorize(web, &elsewhere).await?;
    assert_eq!(answer(response).await?.1["code"], "oidc.invalid_redirect_uri");

    for (app, more, error) in [
        (web, ("response_type", "token"), "unsupported_response_type"),
        (web, ("code_challenge_method", "plain"), "invalid_request"),
        (web, ("prompt", "none"), "login_required"),
        (spa, ("state", "xyz"), "invalid_request"),
    ] {
        let response = browser.authorize(app, &[more]).await?;
        assert_eq!(response.status(), 303);
        let callback = Url::parse(&header(&response, "location"))?;
        assert_eq!(parameter(&callback, "error"), error);
        assert_eq!(parameter(&callback, "state"), "xyz");
    }
    Ok(())
}

#[tokio::test]
async fn steps_out_of_order_are_refused() -> Result {
    let browser = Browser::open().await?;
    let event = json!({ "interactionEvent": "SignIn" });
    let expected = json!({
        "code": "session.not_found",
        "message": "Session not found. Please go back and sign in again.",
        "error": "invalid_request",
        "error_description": "interaction session not found",
    });
    let (status, body) = browser.put("/api/experience", event).await?;
    assert_eq!((status.as_u16(), body), (400, expected));

    let browser = Browser::at_sign_in().await?;
    let (status, body) = browser.post("/api/experience/submit", json!({})).await?;
    let code = json!("session.interaction_not_found");
    assert_eq!((status.as_u16(), &body["code"]), (404, &code));
    let (status, body) = browser.password("alice", "correct horse").await?;
    assert_eq!((status.as_u16(), &body["code"]), (404, &code));

    let browser = Browser::signing_in().await?;
    let unknown = json!({ "verificationId": "does-not-exist" });
    let (status, body) = browser.post("/api/experience/identification", unknown).await?;
    let code = json!("session.verification_session_not_found");
    assert_eq!((status.as_u16(), &body["code"]), (404, &code));
    let (status, body) = browser.post("/api/experience/submit", json!({})).await?;
    let code = json!("session.identifier_not_found");
    assert_eq!((status.as_u16(), &body["code"]), (404, &code));
    Ok(())
}

#[tokio::test]
async fn wrong_passwords_and_bodies_are_refused() -> Result {
    let browser = Browser::signing_in().await?;
    let expected = json!({
        "code": "session.invalid_credentials",
        "message": "Incorrect account or password. Please check your input.",
    });
    for (username, password) in [("alice", "wrong"), ("nobody", "correct horse")] {
        let (status, body) = browser.password(username, password).await?;
        assert_eq!((status.as_u16(), &body), (422, &expected));
    }
    let nickname = json!({ "identifier": { "type": "nickname", "value": "nobody" } });
    let path = "/api/experience/verification/password";
    let (status, body) = browser.post(path, nickname).await?;
    let enumeration = "Invalid enum value. Expected 'username' | 'email' | 'phone', \
                       received 'nickname'";
    let expected = json!([
        {
            "received": "nickname", "code": "invalid_enum_value",
            "options": ["username", "email", "phone"], "path": ["identifier", "type"],
            "message": enumeration,
        },
        {
            "code": "invalid_type", "expected": "string", "received": "undefined",
            "path": ["password"], "message": "Required",
        },
    ]);
    assert_eq!((status.as_u16(), &body["data"]["issues"]), (400, &expected));
    let details = format!(
        "Error in key path \"identifier.type\": (invalid_enum_value) {enumeration}\n\
         Error in key path \"password\": (invalid_type) Expected string but received undefined."
    );
    assert_eq!(body["details"], details);

    let (status, body) = browser.put("/api/experience", json!({})).await?;
    let events = "'SignIn' | 'Register' | 'ForgotPassword'";
    let expected = json!([{
        "expected": events, "received": "undefined", "code": "invalid_type",
        "path": ["interactionEvent"], "message": "Required",
    }]);
    assert_eq!((status.as_u16(), &body["data"]["issues"]), (400, &expected));
    Ok(())
}

#[tokio::test]
async fn the_event_can_change_but_not_to_a_forgotten_password() -> Result {
    let browser = Browser::signing_in().await?;
    let path = "/api/experience/interaction-event";
    let (status, _) = browser.put(path, json!({ "interactionEvent": "Register" })).await?;
    assert_eq!(status, 204);
    assert_eq!(browser.interaction().await?["interactionEvent"], "Register");
    let forgot = json!({ "interactionEvent": "ForgotPassword" });
    let (status, body) = browser.put(path, forgot).await?;
    let code = json!("session.not_supported_for_forgot_password");
    assert_eq!((status.as_u16(), &body["code"]), (400, &code));
    Ok(())
}

#[tokio::test]
async fn coming_back_too_early_asks_again() -> Result {
    let browser = Browser::open().await?;
    let response = browser.authorize(browser.mock.web_app_id(), &[]).await?;
    let cookies = headers(&response, "set-cookie");
    let path = cookies[4].split("path=").nth(1).and_then(|rest| rest.split(';').next());
    let path = path.unwrap_or_default().to_owned();
    let again = browser.get(&path).await?;
    assert_eq!(again.status(), 303);
    assert!(header(&again, "location").starts_with("/sign-in?"));
    // The first interaction is over; another one has begun.
    let (status, body) = answer(browser.get(&path).await?).await?;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("session.not_found")));
    Ok(())
}

#[tokio::test]
async fn a_suspended_user_cannot_sign_in() -> Result {
    let fixture = common::Fixture::start().await?;
    let id = fixture.mock.add_user("alice", "correct horse");
    let path = format!("/api/users/{id}/is-suspended");
    let body = json!({ "isSuspended": true });
    fixture.send(Method::PATCH, &path, body).await?;

    let common::Fixture { mock, http, .. } = fixture;
    let browser = Browser { mock, http };
    browser.authorize(browser.mock.web_app_id(), &[]).await?;
    let event = json!({ "interactionEvent": "SignIn" });
    browser.put("/api/experience", event).await?;
    let (status, body) = browser.password("alice", "correct horse").await?;
    let expected = json!({ "code": "user.suspended", "message": "This account is suspended." });
    assert_eq!((status.as_u16(), body), (401, expected));
    Ok(())
}
