//! Recorded flows: requests that follow from each other.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

pub(crate) type Pairs = Vec<(String, String)>;

#[derive(Deserialize)]
pub(crate) struct Flow {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) method: String,
    /// A path with its query; whole if it went to another server.
    pub(crate) url: String,
    #[serde(rename = "request_headers")]
    pub(crate) headers: Pairs,
    #[serde(rename = "request_body")]
    body: Value,
    pub(crate) status: u16,
    pub(crate) response_headers: Pairs,
    response_body: Value,
    /// How long the recorder waited before it, in seconds.
    #[serde(default)]
    pub(crate) wait_before_s: f64,
}

pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

pub(crate) fn read(file: &Path) -> Vec<Flow> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
        })
        .collect()
}

impl Flow {
    /// The application that a user signs in to.
    pub(crate) fn app(&self) -> Option<String> {
        let mut requests = self.steps.iter().filter(|step| step.path() == "/oidc/auth");
        requests.find_map(|step| value(&step.query(), "client_id").map(str::to_owned))
    }

    /// Who was known when they signed in or had forgotten a password, or had a name that others
    /// wanted: their identifiers, with the password if they used it.
    pub(crate) fn known(&self) -> Vec<(Value, Option<String>)> {
        let (mut event, mut proved) = (String::new(), HashMap::new());
        let mut known = Vec::new();
        for step in self.steps.iter().filter(|step| step.path().starts_with("/api/experience")) {
            let (asked, end) = (step.json(), step.path().trim_start_matches("/api/experience"));
            event = asked["interactionEvent"].as_str().map_or(event, str::to_owned);
            let id = step.answer()["verificationId"].as_str().unwrap_or_default().to_owned();
            let identifier = asked["identifier"].clone();
            match (end, step.status) {
                ("/verification/password", 200) => {
                    known.push((identifier, asked["password"].as_str().map(str::to_owned)));
                }
                (end, 200) if end.ends_with("/verify") && identifier.is_object() => {
                    proved.insert(id, identifier);
                }
                ("/identification", 204) if event != "Register" => {
                    let id = asked["verificationId"].as_str().unwrap_or_default();
                    known.extend(proved.get(id).map(|identifier| (identifier.clone(), None)));
                }
                (_, 422) if step.answer()["code"] == "user.username_already_in_use" => {
                    known.push((identifier, None));
                }
                _ => {}
            }
        }
        known
    }

    /// The password of who tried to set the same again.
    pub(crate) fn old_password(&self) -> Option<String> {
        let mut same =
            self.steps.iter().filter(|step| step.answer()["code"] == "user.same_password");
        same.find_map(|step| Some(step.json()["password"].as_str()?.to_owned()))
    }

    /// Organizations that the flow's users were in.
    pub(crate) fn joined(&self) -> BTreeSet<String> {
        let mut joined = BTreeSet::new();
        for step in self.steps.iter().filter(|step| step.succeeded()) {
            let asked = step.json();
            let chosen = asked["organizationIds"].as_array().into_iter().flatten();
            if step.path() == "/api/interaction/consent" {
                joined.extend(chosen.filter_map(|id| Some(id.as_str()?.to_owned())));
            }
            let segments: Vec<&str> = step.path().split('/').collect();
            if let ("DELETE", ["", "api", "organizations", id, "users", _]) =
                (step.method.as_str(), segments.as_slice())
            {
                joined.insert((*id).to_owned());
            }
        }
        joined
    }

    /// Whether an application got refresh tokens that it did not ask for.
    pub(crate) fn always_refreshes(&self, app: &str) -> bool {
        self.steps.iter().any(|step| {
            let answer = step.answer();
            let scope = answer["scope"].as_str().unwrap_or_default();
            let grant = step.form();
            value(&grant, "grant_type") == Some("authorization_code")
                && answer["refresh_token"].is_string()
                && !scope.contains("offline_access")
                && step.credentials().is_some_and(|own| own.id == app)
        })
    }

    /// Settings that the flow found set.
    pub(crate) fn replaced(&self) -> Vec<String> {
        let set = |step: &&Step| step.method == "PUT" && step.path().starts_with("/api/configs/");
        let first = self.steps.iter().find(set).filter(|step| step.status == 200);
        first.into_iter().map(|step| step.path().to_owned()).collect()
    }

    /// Whether an application's ID tokens name the session.
    pub(crate) fn tells_session(&self, app: &str) -> bool {
        self.steps.iter().any(|step| {
            let answer = step.answer();
            let told = claims(answer["id_token"].as_str().unwrap_or_default());
            told.is_some_and(|told| told["aud"] == app && told["sid"].is_string())
        })
    }

    /// When it was recorded, by its bearer tokens and by what was created in it.
    pub(crate) fn recorded_at(&self) -> Option<u64> {
        self.steps.iter().find_map(|step| {
            let bearer = step.header("authorization").and_then(|own| own.strip_prefix("Bearer "));
            let issued = bearer.and_then(claims).and_then(|own| own["iat"].as_u64());
            step.answer()["createdAt"].as_u64().or(issued.map(|seconds| seconds * 1000))
        })
    }

    /// The ids of entities that the Management API was asked about, and had.
    pub(crate) fn managed(&self, kind: &str) -> Vec<String> {
        let done =
            self.steps.iter().filter(|step| step.succeeded() && step.path().starts_with("/api/"));
        let mut ids = Vec::new();
        for step in done {
            let mut segments = step.path().split('/').skip(2);
            let in_path = segments.find(|own| *own == kind).and_then(|_| segments.next());
            ids.extend(in_path.map(str::to_owned));
            let asked = step.json();
            if kind == "users" {
                let listed = asked["userIds"].as_array().into_iter().flatten();
                let listed = listed.chain(asked.get("userId")).filter_map(Value::as_str);
                ids.extend(listed.map(str::to_owned));
            }
        }
        ids
    }

    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.steps.iter().any(|step| {
            let headers = step.headers.iter().chain(&step.response_headers);
            step.url.contains(text)
                || step.text().contains(text)
                || step.response_text().contains(text)
                || step.credentials().is_some_and(|own| own.id == text)
                || headers.into_iter().any(|(_, value)| value.contains(text))
        })
    }
}

impl Step {
    pub(crate) fn succeeded(&self) -> bool {
        (200..400).contains(&self.status)
    }

    pub(crate) fn is_elsewhere(&self) -> bool {
        self.url.starts_with("http")
    }

    pub(crate) fn path(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> Pairs {
        pairs(self.url.split_once('?').map_or("", |(_, query)| query))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    pub(crate) fn text(&self) -> String {
        text(&self.body)
    }

    pub(crate) fn has_body(&self) -> bool {
        !self.body.is_null()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap_or_default()
    }

    pub(crate) fn response_text(&self) -> String {
        text(&self.response_body)
    }

    pub(crate) fn answer(&self) -> Value {
        serde_json::from_str(&self.response_text()).unwrap_or_default()
    }

    pub(crate) fn location(&self) -> Option<&str> {
        value(&self.response_headers, "location")
    }

    /// What a form says, or JSON that stands for one.
    pub(crate) fn form(&self) -> Pairs {
        match self.json() {
            Value::Object(members) => members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect(),
            _ => pairs(&self.text()),
        }
    }

    /// Which application asks, and how it proves that.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        let form = self.form();
        if let Some(basic) = self.header("authorization").and_then(|own| own.strip_prefix("Basic "))
        {
            let decoded = String::from_utf8(BASE64_STANDARD.decode(basic).ok()?).ok()?;
            let (id, secret) = decoded.split_once(':')?;
            return Some(Credentials { id: id.to_owned(), secret: Some(secret.to_owned()) });
        }
        let id = value(&form, "client_id")?.to_owned();
        Some(Credentials { id, secret: value(&form, "client_secret").map(str::to_owned) })
    }
}

fn text(body: &Value) -> String {
    match body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        json => json.to_string(),
    }
}

pub(crate) fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

pub(crate) fn pairs(encoded: &str) -> Pairs {
    let url = Url::parse(&format!("http://form/?{encoded}"));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

/// The claims of a token that is a JWT.
pub(crate) fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.').skip(1);
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    parts.next()?;
    serde_json::from_slice(&decoded).ok()
}
