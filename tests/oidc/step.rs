//! A recorded step of a flow.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use logto_api::reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Flow {
    title: String,
    steps: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    method: String,
    url: String,
    request_headers: Vec<(String, String)>,
    request_body: Option<Value>,
    status: u16,
    response_headers: Vec<(String, String)>,
    response_body: Option<Value>,
}

pub type Pairs = Vec<(String, String)>;

#[derive(Clone)]
pub struct Step {
    title: String,
    number: usize,
    pub method: String,
    /// Where it went, if it was another server.
    pub elsewhere: bool,
    pub path: String,
    pub query: Pairs,
    pub headers: Pairs,
    pub body: Option<String>,
    pub status: u16,
    pub response_headers: Pairs,
    pub response_body: String,
}

/// An application's id and secret.
pub struct Credentials {
    pub id: String,
    pub secret: Option<String>,
}

impl Step {
    pub fn place(&self) -> String {
        let Self { title, number, method, path, status, .. } = self;
        format!("{title}, step {number}: {method} {path} {status}")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    pub fn response_header(&self, name: &str) -> Option<&str> {
        value(&self.response_headers, name)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    pub fn succeeded(&self) -> bool {
        (200..400).contains(&self.status)
    }

    /// The answer as JSON; null if it is not.
    pub fn answer(&self) -> Value {
        serde_json::from_str(&self.response_body).unwrap_or_default()
    }

    /// The pairs of a form that was sent as one.
    pub fn form(&self) -> Option<Pairs> {
        let is_form = self.header("content-type")?.starts_with("application/x-www-form-urlencoded");
        is_form.then(|| pairs(self.body.as_deref().unwrap_or_default()))
    }

    /// Who sent a form, by whichever of the two ways; none if it is none or both.
    pub fn credentials(&self, form: &Pairs) -> Option<Credentials> {
        let own = |name: &str| value(form, name).map(str::to_owned);
        match self.header("authorization") {
            None => Some(Credentials { id: own("client_id")?, secret: own("client_secret") }),
            Some(_) if own("client_secret").is_some() => None,
            Some(header) => {
                let decoded = BASE64_STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
                let text = String::from_utf8(decoded).ok()?;
                let (id, secret) = text.split_once(':')?;
                let plain = |text: &str| pairs(&format!("a={text}")).remove(0).1;
                let (id, secret) = (plain(id), plain(secret));
                let matches = own("client_id").is_none_or(|named| named == id);
                matches.then_some(Credentials { id, secret: Some(secret) })
            }
        }
    }

    pub fn cookies(&self) -> Option<&str> {
        self.header("cookie")
    }

    /// The path with its query, as it was recorded.
    pub fn target(&self) -> String {
        let mut url = Url::parse("http://host").unwrap();
        url.set_path(&self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url.as_str().trim_start_matches("http://host").to_owned()
    }
}

pub fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

pub fn pairs(encoded: &str) -> Pairs {
    let url = Url::parse(&format!("http://form/?{encoded}")).unwrap();
    url.query_pairs().into_owned().collect()
}

/// The claims of a token that is a JWT.
pub fn claims(token: &str) -> Option<Value> {
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&decoded).ok()
}

pub fn read(folder: &Path) -> Vec<Step> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("{}: {error}", folder.display());
    });
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut steps = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let flow: Flow = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let title = flow.title;
            steps.extend(flow.steps.into_iter().enumerate().map(|(n, s)| step(&title, n, s)));
        }
    }
    steps
}

fn step(title: &str, number: usize, recorded: Recorded) -> Step {
    let elsewhere = recorded.url.starts_with("http");
    let url = Url::parse("http://host").unwrap().join(&recorded.url).unwrap();
    let text = |body: Option<Value>| match body {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(json) => Some(json.to_string()),
    };
    let lower = |pairs: Pairs| {
        pairs.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect()
    };
    Step {
        title: title.to_owned(),
        number,
        method: recorded.method,
        elsewhere,
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        headers: lower(recorded.request_headers),
        body: text(recorded.request_body),
        status: recorded.status,
        response_headers: lower(recorded.response_headers),
        response_body: text(recorded.response_body).unwrap_or_default(),
    }
}
