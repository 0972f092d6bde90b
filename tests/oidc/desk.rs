//! The server that answers with the recorded bytes, and the clients that ask it.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Response},
};
use logto_api::{Client, ClientBuilder, Clock, RetryPolicy, reqwest::Proxy};
use serde_json::{Value, json};

use crate::step::{Pairs, Step, claims, pairs, value};

/// What a request came with.
pub struct Asked {
    pub query: Pairs,
    pub headers: HeaderMap,
    pub body: String,
}

struct State {
    step: Option<Step>,
    asked: Option<Asked>,
    jwks: Value,
    /// Where what comes before the step leads to.
    redirect_to: String,
    /// What the step's form is to have.
    xsrf: String,
    /// Tokens are given for any code.
    issues: bool,
    /// What the authorization request that it belongs to has said.
    state: String,
}

pub struct Desk {
    /// Where Logto is, as far as its tokens know.
    pub endpoint: String,
    proxy: String,
    state: Arc<Mutex<State>>,
}

impl Desk {
    pub async fn open(folder: &Path) -> Self {
        let json = |name: &str| -> Value {
            let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            serde_json::from_str(&text).unwrap_or_default()
        };
        let issuer = json("discovery.json")["issuer"].as_str().map(str::to_owned);
        let issuer = issuer.unwrap_or_else(|| "http://localhost:3001/oidc".to_owned());
        let state = Arc::new(Mutex::new(State {
            step: None,
            asked: None,
            jwks: json("jwks.json"),
            redirect_to: String::new(),
            xsrf: String::new(),
            issues: false,
            state: String::new(),
        }));
        let shared = state.clone();
        let routes = Router::new().fallback(move |request: Request| serve(shared.clone(), request));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let endpoint = issuer.trim_end_matches("/oidc").to_owned();
        Self { endpoint, proxy, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Answers this step next.
    pub fn expect(&self, step: &Step) {
        let mut state = self.state();
        state.step = Some(step.clone());
        state.asked = None;
        state.issues = step.path == "/oidc/jwks";
    }

    /// What comes before the step leads to it, with this state of the authorization request.
    pub fn lead(&self, redirect_to: &str, of_request: &str) {
        let mut state = self.state();
        state.redirect_to = redirect_to.to_owned();
        state.state = of_request.to_owned();
    }

    /// The page before the step has this in its form.
    pub fn offer(&self, xsrf: &str) {
        self.state().xsrf = xsrf.to_owned();
    }

    /// The request that the step's answer was given to.
    pub fn asked(&self) -> Option<Asked> {
        self.state().asked.take()
    }

    /// A client for which it is the time of the answer.
    pub fn builder(&self, step: &Step) -> ClientBuilder {
        let made_at = step.answer()["id_token"].as_str().and_then(claims);
        let seconds = made_at.and_then(|claims| claims["iat"].as_u64()).unwrap_or(1_795_658_000);
        let proxy = Proxy::all(&self.proxy).unwrap();
        Client::builder(&self.endpoint)
            .retry(RetryPolicy::never())
            .configure_http(move |http| http.proxy(proxy))
            .clock(At(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
    }

    pub fn client(&self, step: &Step) -> Client {
        self.builder(step).build().unwrap()
    }

    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.endpoint)
    }
}

/// A clock that shows one time of day.
struct At(SystemTime);

impl Clock for At {
    fn wall_time(&self) -> SystemTime {
        self.0
    }
}

async fn serve(state: Arc<Mutex<State>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path().to_owned();
    let query = pairs(parts.uri.query().unwrap_or_default());
    let mut state = state.lock().unwrap();
    let is_expected = state.asked.is_none()
        && state.step.as_ref().is_some_and(|step| {
            step.method == parts.method.as_str()
                && step.path.trim_end_matches('/') == path.trim_end_matches('/')
        });
    if !is_expected {
        return aside(&state, parts.method.as_str(), &path);
    }
    let step = state.step.clone().unwrap();
    let sent_state = value(&query, "state").map(str::to_owned);
    let body = String::from_utf8_lossy(&body).into_owned();
    state.asked = Some(Asked { query, headers: parts.headers, body });
    let mut response = Response::builder().status(step.status);
    for (name, value) in &step.response_headers {
        // The authorization request's state is the client's own.
        let value = match (name.as_str(), step.query("state"), &sent_state) {
            ("location", Some(recorded), Some(sent)) => value.replace(recorded, sent),
            _ => value.clone(),
        };
        response = response.header(name, value);
    }
    response.body(step.response_body.clone().into()).unwrap()
}

/// What is asked besides the step.
fn aside(state: &State, method: &str, path: &str) -> Response<Body> {
    let json = |status: u16, body: Value| {
        let response =
            Response::builder().status(status).header("content-type", "application/json");
        response.body(body.to_string().into()).unwrap()
    };
    let page = |html: String| Response::new(Body::from(html));
    let redirect = |location: String| {
        let response = Response::builder().status(303).header("location", location);
        response.body(Body::empty()).unwrap()
    };
    match (method, path) {
        ("GET", "/oidc/jwks") => json(200, state.jwks.clone()),
        ("GET", "/oidc/.well-known/openid-configuration") => {
            json(200, json!({"authorization_response_iss_parameter_supported": true}))
        }
        ("POST", "/api/experience/submit") => json(200, json!({"redirectTo": state.redirect_to})),
        ("GET", "/api/interaction/consent") => json(200, json!({"application": {"id": "app"}})),
        ("GET", "/consent") => page("<html>".to_owned()),
        ("GET", "/oidc/session/end") => {
            page(format!(r#"<input type="hidden" name="xsrf" value="{}"/>"#, state.xsrf))
        }
        ("POST", "/oidc/session/end/confirm") => redirect("/oidc/auth/aside".to_owned()),
        ("GET", path) if path.starts_with("/oidc/auth/") => {
            redirect(format!("{}?code=aside&state={}", crate::browser::CALLBACK, state.state))
        }
        ("POST", "/oidc/token") if state.issues => {
            // Signed with a key that nobody has.
            let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            let header = encode(json!({"alg": "ES384", "kid": "nobody's"}));
            let id_token = format!("{header}.{}.{}", encode(json!({})), encode(json!("s")));
            json(200, json!({"access_token": "t", "id_token": id_token}))
        }
        ("POST", "/oidc/token") => json(400, json!({"error": "invalid_grant"})),
        ("GET", _) => page("<html>".to_owned()),
        _ => json(404, json!({"error": "invalid_request"})),
    }
}
