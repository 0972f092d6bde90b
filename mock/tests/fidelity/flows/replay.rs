//! Sends the steps of a flow to a mock, each with what the steps before it were given here.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use logto_mock::{Authenticator, CustomClaims, Mock};
use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};

use super::{
    REDACTED,
    cast::Cast,
    learning::set_cookies,
    recorded::{Credentials, Flow, Pairs, Step, claims},
};
use crate::common;

/// Where the recorded server was.
const RECORDED: [&str; 2] = ["http://localhost:3001", "http%3A%2F%2Flocalhost%3A3001"];
/// Claims of tokens that no script adds.
const STANDARD: [&str; 10] =
    ["jti", "sub", "iat", "exp", "scope", "client_id", "iss", "aud", "organization_id", "act"];

pub(crate) struct Replay<'a> {
    pub(crate) mock: &'a Mock,
    pub(crate) cast: &'a Cast,
    /// The application that a flow is about, by its recorded id.
    app: Option<String>,
    http: Client,
    token: String,
    /// Recorded values, and what they are here; longer ones first.
    own: BTreeMap<(std::cmp::Reverse<usize>, String), String>,
    /// Recorded cookies, and what they are here.
    pub(super) cookies: HashMap<(String, String), String>,
    /// Cookies of the browser in which users signed in of whom only the tokens were recorded.
    pub(crate) jar: BTreeMap<String, String>,
    /// Who is signed in there.
    pub(crate) signed_in: Option<(String, String, String)>,
    pub(crate) scopes: HashMap<(String, String), Value>,
    /// Of applications, by their recorded ids.
    pub(crate) secrets: HashMap<String, String>,
    made: usize,
    /// When the flow was recorded, in milliseconds since the epoch.
    recorded_at: Option<u64>,
    authenticator: Authenticator,
    /// What an authenticator was asked last.
    pub(super) options: Value,
    /// For custom claims.
    script: Option<String>,
    /// The newest access token.
    pub(super) access_token: String,
    /// The secret of an authenticator app that was set up last.
    pub(crate) totp: Option<String>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Pairs,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

impl<'a> Replay<'a> {
    pub(crate) async fn start(mock: &'a Mock, cast: &'a Cast, flow: &Flow) -> Self {
        let http =
            Client::builder().user_agent("flows/1").redirect(Policy::none()).build().unwrap();
        let token = common::management_token(mock, &http).await.unwrap();
        Self {
            mock,
            cast,
            app: flow.app(),
            http,
            token,
            own: BTreeMap::new(),
            cookies: HashMap::new(),
            jar: BTreeMap::new(),
            signed_in: None,
            scopes: HashMap::new(),
            secrets: HashMap::new(),
            made: 0,
            recorded_at: flow.recorded_at(),
            totp: None,
            authenticator: Authenticator::new(mock.endpoint()),
            options: Value::Null,
            script: None,
            access_token: String::new(),
        }
    }

    pub(crate) fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    pub(crate) fn equate(&mut self, recorded: &str, own: &str) {
        let key = (std::cmp::Reverse(recorded.len()), recorded.to_owned());
        self.own.insert(key, own.to_owned());
    }

    pub(crate) fn knows(&self, recorded: &str) -> bool {
        self.own.contains_key(&(std::cmp::Reverse(recorded.len()), recorded.to_owned()))
    }

    pub(crate) fn own(&self, recorded: &str) -> String {
        let key = (std::cmp::Reverse(recorded.len()), recorded.to_owned());
        self.own.get(&key).map_or(recorded, String::as_str).to_owned()
    }

    /// A text with what its parts are here.
    pub(crate) fn translate(&self, text: &str) -> String {
        let endpoint = self.mock.endpoint();
        let encoded = endpoint.replace(':', "%3A").replace('/', "%2F");
        let mut text = text.replace(RECORDED[0], endpoint).replace(RECORDED[1], &encoded);
        // What was put in is not looked into again.
        let mut put = Vec::new();
        for ((_, recorded), own) in &self.own {
            if text.contains(recorded.as_str()) {
                text = text.replace(recorded.as_str(), &format!("\u{1}{}\u{2}", put.len()));
                put.push(own);
            }
        }
        for (at, own) in put.iter().enumerate().rev() {
            text = text.replace(&format!("\u{1}{at}\u{2}"), own);
        }
        text
    }

    pub(crate) async fn manage(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.mock.endpoint());
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        let request = if body.is_null() { request } else { request.json(body) };
        answered(request).await.json()
    }

    /// A request by the browser in which users sign in of whom only the tokens were recorded.
    pub(crate) async fn browse(&mut self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let endpoint = self.mock.endpoint();
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{endpoint}{path}") };
        let cookies = self.jar.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let request = self.http.request(method.parse().unwrap(), url).header("cookie", cookies);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let reply = answered(request).await;
        self.jar.extend(set_cookies(&reply.headers));
        reply
    }

    pub(crate) async fn token(&self, id: &str, secret: Option<&str>, mut form: Pairs) -> Value {
        let request = self.http.post(format!("{}/oidc/token", self.mock.endpoint()));
        let request = match secret {
            Some(secret) => request.basic_auth(id, Some(secret)),
            None => {
                form.push(("client_id".into(), id.into()));
                request
            }
        };
        answered(request.form(&form)).await.json()
    }

    pub(crate) async fn send(&mut self, step: &Step) -> Reply {
        if step.wait_before_s > 0.0 {
            self.mock.advance(Duration::from_secs_f64(step.wait_before_s));
        }
        self.find_session(step).await;
        self.customize(step);
        let url = format!("{}{}", self.mock.endpoint(), self.translate(&step.url));
        let method: Method = step.method.parse().unwrap();
        let mut request = self.http.request(method, url);
        for (name, value) in &step.headers {
            let value = match name.to_lowercase().as_str() {
                "cookie" => self.cookies(value),
                "authorization" => self.authorization(step, value),
                "host" => continue,
                _ => self.translate(value),
            };
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        if step.has_body() {
            request = request.body(self.body(step).await);
        }
        let reply = answered(request).await;
        if reply.status == step.status {
            self.learn(step, &reply);
        }
        reply
    }

    /// The newest session or grant, where one that was not told of before is ended.
    async fn find_session(&mut self, step: &Step) {
        let segments: Vec<&str> = step.path().split('/').collect();
        let ["", "api", "users", user, kind @ ("sessions" | "grants"), id] = segments.as_slice()
        else {
            return;
        };
        if step.succeeded() && !self.knows(id) {
            let path = format!("/api/users/{}/{kind}", self.own(user));
            let all = self.manage("GET", &path, &Value::Null).await;
            let own = &all[*kind][0];
            let own = own["payload"]["uid"].as_str().or(own["id"].as_str());
            own.into_iter().for_each(|own| self.equate(id, own));
        }
    }

    /// Has claims be what the tenant's script made of them.
    fn customize(&mut self, step: &Step) {
        if step.path().contains("/jwt-customizer/") {
            let script = step.json()["script"].as_str().map(str::to_owned);
            self.script =
                script.filter(|_| step.method != "DELETE").or(match step.method.as_str() {
                    "DELETE" => None,
                    _ => self.script.take(),
                });
        }
        let script = self.script.clone().unwrap_or_default();
        let answer = step.answer();
        let is_denied = answer["error"] == "access_denied" || step.status == 403;
        let said = if script.contains("denyAccess") && is_denied {
            let why = answer["error_description"].as_str().or(answer["data"]["message"].as_str());
            CustomClaims::Deny(why.unwrap_or_default().to_owned())
        } else if script.contains("throw ") {
            CustomClaims::Fail("boom".to_owned())
        } else if step.path().ends_with("/jwt-customizer/test") {
            CustomClaims::Add(answer.as_object().cloned().unwrap_or_default())
        } else {
            let token = claims(answer["access_token"].as_str().unwrap_or_default());
            let mut own = token.and_then(|own| own.as_object().cloned()).unwrap_or_default();
            own.retain(|name, _| !STANDARD.contains(&name.as_str()) && !script.is_empty());
            CustomClaims::Add(own)
        };
        self.mock.set_custom_claims(move |_| said.clone());
    }

    fn cookies(&self, recorded: &str) -> String {
        let pairs = recorded.split(';').filter_map(|pair| pair.trim().split_once('='));
        let own = pairs.filter_map(|(name, value)| {
            let known = self.cookies.get(&(name.to_owned(), value.to_owned()));
            let value = known.or_else(|| self.jar.get(name))?;
            Some(format!("{name}={value}"))
        });
        own.collect::<Vec<_>>().join("; ")
    }

    fn authorization(&self, step: &Step, recorded: &str) -> String {
        if let Some(basic) = recorded.strip_prefix("Basic ") {
            return self.basic(step, basic);
        }
        let token = recorded.strip_prefix("Bearer ").unwrap_or_default();
        if token == REDACTED && !step.path().starts_with("/api/") {
            return format!("Bearer {}", self.access_token);
        }
        let of_user = ["/api/my-account", "/api/verifications"];
        let manages = step.path().starts_with("/api/")
            && !of_user.iter().any(|own| step.path().starts_with(own))
            && step.status != 401;
        match manages && !self.knows(token) {
            true => format!("Bearer {}", self.token),
            false => self.translate(recorded),
        }
    }

    fn basic(&self, step: &Step, recorded: &str) -> String {
        let pair = match (step.credentials(), recorded) {
            (_, REDACTED) => {
                let id = self.app.as_deref().unwrap_or_default();
                format!("{}:{}", self.own(id), self.secrets.get(id).map_or("", String::as_str))
            }
            (Some(Credentials { id, secret: Some(secret) }), _) => {
                format!("{}:{}", self.translate(&id), self.secret(&id, &secret))
            }
            _ => return format!("Basic {recorded}"),
        };
        format!("Basic {}", BASE64_STANDARD.encode(pair))
    }

    /// An application's secret, where the recorded one was right.
    fn secret(&self, id: &str, recorded: &str) -> String {
        let is_right =
            self.cast.apps.get(id).is_some_and(|app| app.secrets.iter().any(|own| own == recorded));
        match self.secrets.get(id) {
            Some(own) if is_right && !self.knows(recorded) => own.clone(),
            _ => self.translate(recorded),
        }
    }

    /// The request's body, with codes that are right here where they were.
    async fn body(&mut self, step: &Step) -> String {
        let mut text = self.translate(&step.text());
        if let Some(Credentials { id, secret: Some(secret) }) = step.credentials() {
            let own = format!("client_secret={}", self.secret(&id, &secret));
            text = text.replace(&format!("client_secret={secret}"), &own);
        }
        let Ok(mut body) = serde_json::from_str::<Value>(&text) else { return text };
        if let (Some(ends), Some(begun)) = (body["expiresAt"].as_u64(), self.recorded_at) {
            body["expiresAt"] = (now() + ends).saturating_sub(begun).into();
            return body.to_string();
        }
        if body["payload"]["response"]["clientDataJSON"].as_str().is_some_and(|own| own.len() > 1)
            && step.succeeded()
        {
            let origin = self.translate(step.header("origin").unwrap_or_default());
            let authenticator = self.authenticator.at(origin);
            let made = match self.options["pubKeyCredParams"].is_array() {
                true => authenticator.create(&self.options),
                false => authenticator.get(&self.options),
            };
            body["payload"] = made.unwrap_or_default();
            return body.to_string();
        }
        let path = step.path();
        if !body["code"].is_string() || !step.succeeded() {
            return text;
        }
        if path.ends_with("verification-code/verify") {
            let address = body["identifier"]["value"].as_str().unwrap_or_default();
            body["code"] = json!(self.mock.last_code(address));
        } else if path.ends_with("/totp/verify") {
            // A code is good once.
            self.mock.advance(Duration::from_secs(30));
            let secret = self.totp.clone().unwrap_or_default();
            body["code"] = self.mock.totp_code(&secret).into();
        }
        body.to_string()
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

async fn answered(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let headers = response.headers().iter();
    let headers = headers.filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let (status, headers) = (response.status().as_u16(), headers.collect());
    Reply { status, headers, text: response.text().await.unwrap() }
}
