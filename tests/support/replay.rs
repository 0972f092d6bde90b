//! An in-process server that gives one recorded answer and keeps what it was
//! asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use logto_api::{Client, Error};
use serde_json::Value;

use crate::exchange::{Exchange, decode, each, text};

type Shared = Arc<Mutex<Desk>>;

/// Headers that say what is asked for, as parameters do; the others are the client's own.
const PARAMETERS: [&str; 1] = ["logto-verification-id"];

/// The answer to give, and the request that came.
#[derive(Default)]
struct Desk {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    asked: Option<Asked>,
}

struct Asked {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

pub struct Replay {
    endpoint: String,
    desk: Shared,
}

impl Replay {
    pub async fn start() -> Self {
        let desk = Shared::default();
        let router = Router::new().fallback(serve).with_state(desk.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint: format!("http://{address}"), desk }
    }

    pub fn client(&self) -> Client {
        let builder = Client::builder(&self.endpoint).bearer_token("a-token");
        builder.build().expect("a client of a loopback server")
    }

    pub fn answer_next_with(&self, exchange: &Exchange) {
        let body = match &exchange.response_body {
            None => Vec::new(),
            Some(Value::String(text)) if !exchange.is_json() => text.clone().into_bytes(),
            Some(json) => json.to_string().into_bytes(),
        };
        let headers = exchange.response_headers.iter().flat_map(|(name, values)| {
            each(values).iter().map(|value| (name.clone(), text(value)))
        });
        *self.desk.lock().unwrap() =
            Desk { status: exchange.status, headers: headers.collect(), body, asked: None };
    }

    /// How the request that came differs from the recorded one.
    pub fn differences_from(&self, exchange: &Exchange) -> Vec<String> {
        let Some(asked) = self.desk.lock().unwrap().asked.take() else {
            return vec!["no request was sent".into()];
        };
        let mut wrong = Vec::new();
        if asked.method != exchange.method {
            wrong.push(format!("method {} was sent", asked.method));
        }
        if decoded_segments(&asked.path) != decoded_segments(&exchange.path) {
            wrong.push(format!("path {} was sent", asked.path));
        }
        let query = pairs(&asked.query);
        if query != exchange.query_pairs() {
            wrong.push(format!("query {query:?} was sent"));
        }
        for name in PARAMETERS {
            let sent = asked.headers.get(name).and_then(|value| value.to_str().ok());
            if sent != exchange.request_headers.get(name).map(String::as_str) {
                wrong.push(format!("another header {name} was sent"));
            }
        }
        if let Err(problem) = same_body(&asked, exchange) {
            wrong.push(problem);
        }
        wrong
    }
}

fn decoded_segments(path: &str) -> Vec<String> {
    path.trim_end_matches('/').split('/').map(decode).collect()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let plain = |text: &str| decode(&text.replace('+', " "));
            (plain(name), plain(value))
        })
        .collect();
    pairs.sort();
    pairs
}

fn same_body(asked: &Asked, exchange: &Exchange) -> Result<(), String> {
    let sent = String::from_utf8_lossy(&asked.body).into_owned();
    if let Some(files) = exchange.special_body("_multipart") {
        let kind = asked.headers.get("content-type").and_then(|kind| kind.to_str().ok());
        let name = format!("filename={}", files["file"]["filename"]);
        let multipart = kind.is_some_and(|kind| kind.starts_with("multipart/form-data; boundary="));
        let right = multipart && sent.contains("name=\"file\"") && sent.contains(&name);
        return right.then_some(()).ok_or("another upload was sent".into());
    }
    let kind = asked.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    let is_form = kind == Some("application/x-www-form-urlencoded");
    // What a recorder sent as JSON, and browsers send as a form.
    let plain = exchange.request_body.as_ref().filter(|_| is_form);
    if let Some(form) = exchange.special_body("_form").or(plain) {
        let expected = form.as_object().into_iter().flatten();
        let mut expected: Vec<_> =
            expected.map(|(name, value)| (name.clone(), text(value))).collect();
        expected.sort();
        return (pairs(&sent) == expected).then_some(()).ok_or("another form was sent".into());
    }
    let sent = match sent.is_empty() {
        true => None,
        false => Some(serde_json::from_str(&sent).map_err(|error| format!("body: {error}"))?),
    };
    match (sent == exchange.request_body, sent) {
        (true, _) => Ok(()),
        (false, sent) => Err(format!("body {} was sent", sent.unwrap_or_default())),
    }
}

async fn serve(State(desk): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole request");
    let mut desk = desk.lock().unwrap();
    desk.asked = Some(Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    });
    let mut response = Response::builder().status(desk.status);
    for (name, value) in &desk.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(desk.body.clone())).expect("a recorded answer")
}

/// Sends what the typed API rightly cannot express, so that its answer is
/// judged all the same.
pub async fn send_as_recorded(client: &Client, exchange: &Exchange) -> Result<Value, Error> {
    let method = exchange.method.parse().expect("an HTTP method");
    let mut request = client.request(method, &exchange.path).query(&exchange.query_pairs());
    for name in PARAMETERS {
        if let Some(value) = exchange.request_headers.get(name) {
            request = request.header(name, value);
        }
    }
    if let Some(body) = &exchange.request_body {
        request = request.json(body);
    }
    request.send().await?.json()
}
