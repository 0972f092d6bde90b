//! A mock, and what its own ids are for the recorded ones.

use std::{
    collections::HashMap,
    sync::mpsc::Receiver,
    time::{SystemTime, UNIX_EPOCH},
};

use logto_mock::{Authenticator, Mock};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Map, Value};

use crate::{
    bearer,
    common::{
        self,
        receiver::{self, Received},
    },
    exchange::Exchange,
    known::Known,
};

/// Where the recorder's pages came from.
pub(crate) const ORIGIN: &str = "http://localhost:3201";

pub(crate) struct World<'a> {
    pub(crate) mock: Mock,
    pub(crate) authenticator: Authenticator,
    pub(crate) known: &'a Known,
    http: Client,
    /// Whether its browsers say what they are.
    pub(crate) has_agent: bool,
    pub(crate) token: String,
    /// Recorded ids, secrets and codes, and what they are here.
    ids: HashMap<String, String>,
    made: usize,
    /// The number of the exchange that is under way, and how much later it is now.
    at: usize,
    later: u64,
    /// Where hooks are told, once that is needed, and what they were.
    receiver: Option<(String, Receiver<Received>)>,
    /// What entities that the exchange needs must be.
    pub(crate) hints: Map<String, Value>,
    /// The user of the Account API, if it is not its usual one, and what their token shows.
    pub(crate) account_of: Option<String>,
    pub(crate) scope: String,
    /// Whether the account's user has nothing to prove with who they are.
    pub(crate) is_bare: bool,
}

/// In place of an identity provider's metadata, which recordings do not keep.
const METADATA: &str = "<EntityDescriptor entityID=\"https://idp.example\"><X509Certificate>MII=</X509Certificate></EntityDescriptor>";

/// Numbers that are taken for times: in this century, in milliseconds.
const TIMES: std::ops::Range<u64> = 1_600_000_000_000..4_000_000_000_000;

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl<'a> World<'a> {
    pub(crate) async fn start(known: &'a Known) -> Self {
        let mut builder = Mock::builder();
        if let Ok(release) = std::env::var("LOGTO_RELEASE") {
            builder = builder.release(&release);
        }
        let mock = builder.start().await.unwrap();
        let http = browser(true);
        let token = common::management_token(&mock, &http).await.unwrap();
        Self {
            mock,
            authenticator: Authenticator::new(ORIGIN),
            known,
            http,
            has_agent: true,
            token,
            ids: HashMap::new(),
            made: 0,
            at: 0,
            later: 0,
            receiver: None,
            hints: Map::new(),
            account_of: None,
            scope: bearer::SCOPE.to_owned(),
            is_bare: false,
        }
    }

    /// Goes on with this exchange.
    pub(crate) fn at(&mut self, exchange: &Exchange) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        self.at = exchange.at;
        self.later = exchange.when.map_or(0, |when| (now as u64).saturating_sub(when));
    }

    /// An address that takes what hooks are told.
    pub(crate) fn receiver(&mut self) -> String {
        let own = self.receiver.get_or_insert_with(|| receiver::receiver().unwrap());
        own.0.clone()
    }

    /// What is known of a recorded entity.
    pub(crate) fn entity(&self, recorded: &str) -> Option<Map<String, Value>> {
        self.known.entity(recorded, self.at)
    }

    /// What was seen last at a path.
    pub(crate) fn settings(&self, path: &str) -> Option<Map<String, Value>> {
        self.known.settings(path, self.at).map(|(_, own)| own.clone())
    }

    /// A number that was not given before, to make names of.
    pub(crate) fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    pub(crate) fn own(&self, recorded: &str) -> Option<&str> {
        self.ids.get(recorded).map(String::as_str)
    }

    pub(crate) fn equate(&mut self, recorded: &str, own: &str) {
        self.ids.insert(recorded.to_owned(), own.to_owned());
    }

    /// The value with the mock's own ids in place of the recorded ones, and as far from now as
    /// it was then.
    pub(crate) fn translate(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text.starts_with("<text of ") => long(text).into(),
            Value::String(text) => self.own(text).unwrap_or(text).into(),
            Value::Array(items) => items.iter().map(|item| self.translate(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| match value.as_str() {
                    Some(text) if is_metadata(name, text) => (name.clone(), METADATA.into()),
                    _ => (name.clone(), self.translate(value)),
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Number(number) => match number.as_u64() {
                Some(time) if TIMES.contains(&time) => (time + self.later).into(),
                _ => value.clone(),
            },
            other => other.clone(),
        }
    }

    pub(crate) fn translate_path(&self, path: &str) -> String {
        let segments = path.split('/').map(|segment| self.own(segment).unwrap_or(segment));
        segments.collect::<Vec<_>>().join("/")
    }

    /// A request by the Management API's own application.
    pub(crate) async fn manage(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        let mut reply = send(self.request(method, path).bearer_auth(&self.token), body).await;
        if reply.status == 401 {
            // Keys were rotated, or the application was changed.
            if let Ok(token) = common::management_token(&self.mock, &self.http).await {
                self.token = token;
                reply = send(self.request(method, path).bearer_auth(&self.token), body).await;
            }
        }
        reply
    }

    /// A request by the user's browser, which keeps its cookies.
    pub(crate) async fn browse(&self, method: &str, path: &str, body: &Value) -> Reply {
        send(self.request(method, path).header("origin", ORIGIN), body).await
    }

    /// Goes on with another browser, which has no cookies.
    pub(crate) fn leave_browser(&mut self) {
        self.http = browser(self.has_agent);
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.mock.endpoint()))
    }

    /// The exchange's request, as the recorder sent it but for ids.
    pub(crate) async fn replay(&mut self, exchange: &Exchange) -> Reply {
        let reply = self.replay_once(exchange).await;
        if reply.status != 401 || exchange.status == 401 {
            return reply;
        }
        // Keys were rotated, or the application was changed.
        self.token = common::management_token(&self.mock, &self.http).await.unwrap_or_default();
        self.replay_once(exchange).await
    }

    async fn replay_once(&self, exchange: &Exchange) -> Reply {
        let mut request = self.request(&exchange.method, &self.translate_path(&exchange.path));
        for (name, value) in &exchange.query {
            for value in value.as_array().unwrap_or(&vec![value.clone()]) {
                let value = self.translate(value);
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                request = request.query(&[(name, text)]);
            }
        }
        for (name, value) in &exchange.request_headers {
            let own =
                ["content-type", "authorization", "logto-verification-id", "origin", "user-agent"];
            if !own.contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        if exchange.request_headers.contains_key("origin") {
            request = request.header("origin", ORIGIN);
        }
        let request = self.authorize(request, exchange).await;
        let body = self.translate(&exchange.request_body);
        if let Some(form) = body["_form"].as_object() {
            return answered(request.form(form)).await;
        }
        if let Some(files) = body["_multipart"].as_object() {
            return answered(multipart(request, files)).await;
        }
        send(request, &body).await
    }

    /// Recordings do not keep tokens: what the server said of it tells which one it was.
    async fn authorize(&self, request: RequestBuilder, exchange: &Exchange) -> RequestBuilder {
        match (exchange.status, exchange.code()) {
            (401, Some("auth.authorization_header_missing")) => request,
            (401, Some("auth.authorization_token_type_not_supported")) => {
                request.header("authorization", "Basic bm86Ym9keQ==")
            }
            (401, Some("auth.unauthorized")) => request.bearer_auth("nonsense"),
            (403, Some("auth.forbidden")) if exchange.group() != "my-account" => {
                request.bearer_auth(self.token_without_scope().await)
            }
            (401, Some("auth.expected_role_not_found")) => {
                request.header("expected-role", "nobody").bearer_auth(&self.token)
            }
            (200, _) if exchange.response_body["X-Hasura-Role"].is_string() => request,
            _ if ["my-account", "verifications"].contains(&exchange.group()) => {
                let is_proved = exchange.request_headers.contains_key("logto-verification-id");
                self.as_user(request, is_proved).await
            }
            _ => request.bearer_auth(&self.token),
        }
    }

    /// Asks the token endpoint.
    pub(crate) async fn token(&self, id: &str, secret: &str, form: &[(&str, String)]) -> Value {
        let request = self.request("POST", "/oidc/token").basic_auth(id, Some(secret));
        answered(request.form(form)).await.body
    }

    /// Gets another token for the Management API.
    pub(crate) async fn renew_token(&mut self) {
        self.token = common::management_token(&self.mock, &self.http).await.unwrap_or_default();
    }

    /// Goes where a page sends the browser; gives where it is sent from there.
    pub(crate) async fn follow(&self, url: &str) -> Option<String> {
        let url = match url.starts_with('/') {
            true => format!("{}{url}", self.mock.endpoint()),
            false => url.to_owned(),
        };
        let response = self.http.get(url).send().await.ok()?;
        Some(response.headers().get("location")?.to_str().ok()?.to_owned())
    }

    async fn token_without_scope(&self) -> String {
        let form = [("grant_type", "client_credentials"), ("resource", self.mock.resource())];
        let request = self.request("POST", "/oidc/token");
        let request = request.basic_auth(self.mock.app_id(), Some(self.mock.app_secret()));
        let reply = answered(request.form(&form)).await;
        reply.body["access_token"].as_str().unwrap_or_default().to_owned()
    }

    /// Equates what the recorded server chose with what this one did.
    pub(crate) fn learn(&mut self, exchange: &Exchange, reply: &Reply) {
        if exchange.method != "GET" && exchange.status == reply.status && exchange.succeeded() {
            self.pair("", &exchange.response_body, &reply.body);
        }
    }

    pub(crate) fn pair(&mut self, name: &str, recorded: &Value, own: &Value) {
        match (recorded, own) {
            (Value::String(recorded), Value::String(own)) => {
                let lower = name.to_lowercase();
                let is_chosen = ["id", "ids", "secret", "token", "value", "code", "codes"]
                    .iter()
                    .any(|end| lower.ends_with(end));
                if is_chosen && recorded != own && recorded.len() > 5 {
                    self.equate(recorded, own);
                }
            }
            (Value::Array(recorded), Value::Array(own)) if recorded.len() == own.len() => {
                recorded.iter().zip(own).for_each(|(recorded, own)| self.pair(name, recorded, own));
            }
            (Value::Object(recorded), Value::Object(own)) => {
                for (name, recorded) in recorded {
                    if let Some(own) = own.get(name) {
                        self.pair(name, recorded, own);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a text that was not kept was of an identity provider's metadata.
fn is_metadata(name: &str, text: &str) -> bool {
    let name = name.to_lowercase();
    text.starts_with("<text of ") && (name.contains("metadata") || name.contains("certificate"))
}

/// A text of as many characters as one that was not kept.
fn long(text: &str) -> String {
    let length = text.split(' ').find_map(|word| word.parse().ok()).unwrap_or(1);
    "x".repeat(length)
}

/// A client that keeps cookies, follows no redirects and says what it is.
fn browser(has_agent: bool) -> Client {
    let builder = Client::builder().cookie_store(true);
    let builder = if has_agent { builder.user_agent("fidelity/1") } else { builder };
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) async fn send(request: RequestBuilder, body: &Value) -> Reply {
    match body {
        Value::Null => answered(request).await,
        body => answered(request.json(body)).await,
    }
}

async fn answered(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = match serde_json::from_str(&text) {
        Ok(body) => body,
        Err(_) if text.is_empty() => Value::Null,
        Err(_) => text.into(),
    };
    Reply { status, body }
}

/// Uploads files of the recorded names, types and sizes.
fn multipart(request: RequestBuilder, files: &serde_json::Map<String, Value>) -> RequestBuilder {
    const BOUNDARY: &str = "fidelity";
    let mut body = Vec::new();
    for (name, file) in files {
        let text = |member: &str| file[member].as_str().unwrap_or_default();
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; \
             filename=\"{}\"\r\ncontent-type: {}\r\n\r\n",
            text("filename"),
            text("content_type")
        );
        body.extend(head.into_bytes());
        let size = file["bytes"].as_u64().unwrap_or_default().min(1 << 24);
        body.extend(std::iter::repeat_n(b'x', usize::try_from(size).unwrap_or_default()));
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    request.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}")).body(body)
}
