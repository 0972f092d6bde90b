//! A server that answers the recorded steps of a conversation in order, and checks what it is
//! sent.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Response},
};
use logto_api::{BrowserCookies, Client, Error, RetryPolicy, reqwest::Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    conversation::{Conversation, Step, cookies, pairs},
    signer::{Identity, Signer, challenge},
};

/// When a cookie ends that had not ended when it was recorded.
const LATER: &str = "Sun, 22 Nov 2099 19:37:53 GMT";

#[derive(Clone)]
pub(crate) struct Tenant {
    endpoint: String,
    desk: Arc<Mutex<Desk>>,
}

struct Desk {
    conversation: Conversation,
    /// The step that is expected.
    next: usize,
    /// Where this server is, and where the recorded one was.
    own: String,
    recorded: String,
    signer: Signer,
    /// What the last authorization request said.
    client_id: String,
    state: Option<(String, String)>,
    nonce: Option<String>,
    challenge: Option<String>,
    /// The next request is the recorded one, by definition.
    as_recorded: bool,
    /// Cookies that the recorder did not send are all right: those of a browser have no paths.
    more_cookies: bool,
    problems: Vec<String>,
}

struct Sent {
    method: String,
    url: Url,
    headers: HeaderMap,
    body: String,
}

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Tenant {
    pub(crate) async fn open(conversation: &Conversation) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let desk = Arc::new(Mutex::new(Desk {
            recorded: address_of(conversation),
            conversation: conversation.clone(),
            next: 0,
            own: endpoint.clone(),
            signer: Signer::new(),
            client_id: String::new(),
            state: None,
            nonce: None,
            challenge: None,
            as_recorded: false,
            more_cookies: false,
            problems: Vec::new(),
        }));
        let routes = Router::new().fallback(serve).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { endpoint, desk }
    }

    pub(crate) fn client(&self) -> Client {
        // Whatever was answered, it was answered once.
        Client::builder(&self.endpoint).retry(RetryPolicy::never()).build().unwrap()
    }

    /// Sends the next step as the recorder did, and not by the API: what no method can be made to
    /// say.
    pub(crate) async fn send_as_recorded(&self) -> Result<logto_api::Response, Error> {
        let step = {
            let mut desk = self.desk();
            desk.as_recorded = true;
            desk.conversation.steps[desk.next].clone()
        };
        let cookies = BrowserCookies::from_headers(step.request_header("cookie"));
        let method = step.method.parse().unwrap();
        let request = self.client().with_browser_cookies(&cookies).request(method, &step.url);
        let body = step.request_body.unwrap_or_default();
        // A token that it would need is not told, and not looked at.
        request.unauthenticated().token("recorded").body(body).send().await
    }

    /// How many steps have been answered.
    pub(crate) fn answered(&self) -> usize {
        self.desk().next
    }

    /// Where the recorded server was.
    pub(crate) fn recorded_address(&self) -> String {
        self.desk().recorded.clone()
    }

    /// Lets the cookies of a browser, which are sent everywhere, pass.
    pub(crate) fn allow_more_cookies(&self) {
        self.desk().more_cookies = true;
    }

    /// What was wrong since the last time.
    pub(crate) fn problems(&self) -> Vec<String> {
        std::mem::take(&mut self.desk().problems)
    }

    /// Every step has been taken, and none otherwise than it was recorded.
    pub(crate) fn assert_finished(&self) {
        let desk = self.desk();
        let problems = desk.problems.join("\n");
        let left: Vec<_> = desk.conversation.steps[desk.next..].iter().map(shown).collect();
        drop(desk);
        assert!(problems.is_empty(), "{problems}");
        assert!(left.is_empty(), "these steps were not taken: {left:#?}");
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }
}

/// A test that fails at an answer it did not expect is told why the server gave it.
impl Drop for Tenant {
    fn drop(&mut self) {
        if thread::panicking()
            && let Ok(desk) = self.desk.lock()
        {
            desk.problems.iter().for_each(|problem| eprintln!("{problem}"));
        }
    }
}

async fn serve(State(desk): State<Arc<Mutex<Desk>>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let reply = {
        let mut desk = desk.lock().unwrap();
        let url = Url::parse(&format!("{}{}", desk.own, head.uri)).unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        desk.answer(&Sent { method: head.method.to_string(), url, headers: head.headers, body })
    };
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}

impl Desk {
    fn answer(&mut self, sent: &Sent) -> Reply {
        let as_recorded = std::mem::take(&mut self.as_recorded);
        if sent.method == "GET" && sent.url.path() == "/oidc/jwks" {
            self.next += usize::from(as_recorded);
            return Reply::json(200, &self.signer.keys());
        }
        let Some(step) = self.conversation.steps.get(self.next).cloned() else {
            return self.refuse(format!("too many: {} {}", sent.method, sent.url.path()));
        };
        let differences = match as_recorded {
            true => Vec::new(),
            false => self.differences(&step, sent),
        };
        if !differences.is_empty() {
            let mut problem = format!("step {}, {}", self.next + 1, shown(&step));
            for difference in differences {
                let _ = write!(problem, "\n  {difference}");
            }
            return self.refuse(problem);
        }
        self.next += 1;
        if step.is("GET", "/oidc/auth") && !as_recorded {
            self.authorized(&step, sent);
        }
        self.recorded(&step)
    }

    /// Not what Logto would say: whoever gets this as an error knows where it comes from.
    fn refuse(&mut self, problem: String) -> Reply {
        let problem = format!("`{}`: {problem}", self.conversation.title);
        let body = json!({ "code": "conversation.differs", "message": problem });
        self.problems.push(problem);
        Reply::json(500, &body)
    }

    fn differences(&self, step: &Step, sent: &Sent) -> Vec<String> {
        let (path, expected) = (sent.url.path().trim_end_matches('/'), step.path());
        if (sent.method.as_str(), path) != (step.method.as_str(), expected.as_str()) {
            return vec![format!("{} {path} was sent", sent.method)];
        }
        let found = [
            self.query(step, sent),
            self.cookies(step, sent),
            self.headers(step, sent),
            self.body(step, sent),
        ];
        found.into_iter().flatten().collect()
    }

    fn query(&self, step: &Step, sent: &Sent) -> Option<String> {
        let query = self.translated(sent.url.query().unwrap_or_default());
        let (mut found, mut expected) =
            (pairs(&query), pairs(step.target().query().unwrap_or_default()));
        if step.is("GET", "/oidc/auth") {
            // These are the session's own.
            let own = |name: &str| {
                matches!(name, "state" | "nonce" | "code_challenge" | "code_challenge_method")
            };
            let names: BTreeSet<_> = found.iter().map(|(name, _)| name.as_str()).collect();
            for name in ["state", "nonce", "code_challenge", "code_challenge_method"] {
                if !names.contains(name) {
                    return Some(format!("query: there is no `{name}`"));
                }
            }
            found.retain(|(name, _)| !own(name));
            expected.retain(|(name, _)| !own(name));
        }
        differ("query", &found, &expected)
    }

    fn cookies(&self, step: &Step, sent: &Sent) -> Option<String> {
        let headers = sent.headers.get_all("cookie").iter();
        let found: BTreeSet<_> = headers
            .flat_map(|header| cookies(&String::from_utf8_lossy(header.as_bytes())))
            .collect();
        let mut expected = step.cookies();
        // The recorder was a browser at these; tokens need no cookies.
        let by_token = ["/oidc/token", "/oidc/me", "/api/my-account", "/api/verifications"];
        if by_token.iter().any(|path| sent.url.path().starts_with(path)) {
            expected.clear();
        } else if self.more_cookies {
            expected = expected.union(&found).cloned().collect();
        }
        if found == expected {
            return None;
        }
        let only = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
            these.difference(those).cloned().collect::<Vec<_>>()
        };
        Some(format!(
            "cookies: {:?} are missing, {:?} are too many",
            only(&expected, &found),
            only(&found, &expected)
        ))
    }

    fn headers(&self, step: &Step, sent: &Sent) -> Option<String> {
        let header = |name: &str| Some(sent.headers.get(name)?.to_str().unwrap());
        if let Some(expected) = step.request_header("origin") {
            let found = header("origin").map(|origin| self.translated(origin));
            if found.as_deref() != Some(expected) {
                return Some(format!("origin: {found:?} was sent, not `{expected}`"));
            }
        }
        // Credentials are not in recordings: their kind is.
        let kind = |value: &str| value.split(' ').next().unwrap_or_default().to_owned();
        let found = header("authorization").map(kind);
        let expected = step.request_header("authorization").map(kind);
        differ("authorization", &found, &expected)
    }

    fn body(&self, step: &Step, sent: &Sent) -> Option<String> {
        let found = self.translated(&sent.body);
        if step.is_form() {
            return self.form(step, &found);
        }
        let expected = step.request_body.as_deref().unwrap_or_default();
        if found == expected {
            return None;
        }
        match (serde_json::from_str::<Value>(&found), serde_json::from_str::<Value>(expected)) {
            (Ok(found), Ok(expected)) => differ("body", &found, &expected),
            _ => differ("body", &found.as_str(), &expected),
        }
    }

    fn form(&self, step: &Step, found: &str) -> Option<String> {
        let is_verifier = |pair: &(String, String)| pair.0 == "code_verifier";
        let (mut found, mut expected) =
            (pairs(found), pairs(step.request_body.as_deref().unwrap_or_default()));
        let verifier = found.iter().find(|pair| is_verifier(pair)).map(|pair| challenge(&pair.1));
        let redeems = expected.iter().any(|pair| pair.1 == "authorization_code");
        if redeems && verifier != self.challenge {
            return Some("form: the PKCE verifier is not that of the challenge".into());
        }
        // A hint says nothing that the token does not.
        let is_own = |pair: &(String, String)| is_verifier(pair) || pair.0 == "token_type_hint";
        found.retain(|pair| !is_own(pair));
        expected.retain(|pair| !is_own(pair));
        differ("form", &found, &expected)
    }

    fn authorized(&mut self, step: &Step, sent: &Sent) {
        let query = |name: &str| {
            let mut pairs = sent.url.query_pairs();
            pairs.find_map(|(found, value)| (found == name).then(|| value.into_owned()))
        };
        self.client_id = query("client_id").unwrap_or_default();
        self.nonce = query("nonce");
        self.challenge = query("code_challenge");
        self.state = step.query("state").zip(query("state"));
    }

    /// The recorded answer, as this server would have given it.
    fn recorded(&self, step: &Step) -> Reply {
        let mut headers = Vec::new();
        for (name, value) in &step.response_headers {
            headers.push(match name.as_str() {
                "set-cookie" => (name.clone(), still_good(value)),
                "location" => (name.clone(), self.with_state(&self.localized(value))),
                "content-type" | "logto-core-request-id" => (name.clone(), value.clone()),
                _ => continue,
            });
        }
        let mut body = self.localized(step.response_body.as_deref().unwrap_or_default());
        if step.is("POST", "/oidc/token") && !step.failed() {
            body = self.with_id_token(&body);
        }
        Reply { status: step.status, headers, body }
    }

    fn with_state(&self, location: &str) -> String {
        match &self.state {
            Some((recorded, sent)) => {
                location.replace(&format!("state={recorded}"), &format!("state={sent}"))
            }
            None => location.to_owned(),
        }
    }

    /// The recorded ID token was redacted, and its nonce another.
    fn with_id_token(&self, body: &str) -> String {
        let mut tokens: Value = serde_json::from_str(body).unwrap();
        if tokens.get("id_token").is_some() {
            tokens["id_token"] = self
                .signer
                .id_token(&Identity {
                    issuer: &format!("{}/oidc", self.own),
                    client_id: &self.client_id,
                    user_id: &user_of(&self.conversation),
                    nonce: self.nonce.as_deref(),
                    access_token: tokens["access_token"].as_str().unwrap_or_default(),
                })
                .into();
        }
        tokens.to_string()
    }

    /// As the recorded server would have been told.
    fn translated(&self, text: &str) -> String {
        replaced(text, &self.own, &self.recorded)
    }

    /// As this server says it.
    fn localized(&self, text: &str) -> String {
        replaced(text, &self.recorded, &self.own)
    }
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string() }
    }
}

fn differ<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Option<String> {
    (found != expected).then(|| format!("{what}: {found:?} was sent, not {expected:?}"))
}

pub(crate) fn shown(step: &Step) -> String {
    format!("{} {} ({})", step.method, step.path(), step.status)
}

/// Also where it is part of a query.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let encoded = |text: &str| text.replace(':', "%3A").replace('/', "%2F");
    text.replace(from, to).replace(&encoded(from), &encoded(to))
}

/// Where the recorded server was: it says so when an interaction is submitted. In a conversation
/// that does not get there, it is where its own pages are.
fn address_of(conversation: &Conversation) -> String {
    let redirect = conversation.steps.iter().find_map(|step| {
        let url = Url::parse(step.answered()["redirectTo"].as_str()?).ok()?;
        Some(url.origin().ascii_serialization())
    });
    let mut origins = conversation.steps.iter().filter_map(|step| step.request_header("origin"));
    let page = redirect.or_else(|| origins.next().map(str::to_owned));
    page.unwrap_or_else(|| "http://localhost:3001".to_owned())
}

fn user_of(conversation: &Conversation) -> String {
    let mut answers = conversation.steps.iter().map(Step::answered);
    answers
        .find_map(|answer| {
            let id = answer.get("sub").or_else(|| answer.get("userId"))?;
            id.as_str().map(str::to_owned)
        })
        .unwrap_or_else(|| "user".to_owned())
}

/// The same cookie, good for as long as this test runs; one that was removed stays so.
fn still_good(set_cookie: &str) -> String {
    let parts = set_cookie.split("; ").map(|part| match part.split_once('=') {
        Some((name, date)) if name.eq_ignore_ascii_case("expires") => match is_past(date) {
            true => part.to_owned(),
            false => format!("{name}={LATER}"),
        },
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// Servers remove cookies by a date at the beginning of time.
fn is_past(date: &str) -> bool {
    let first_day = SystemTime::UNIX_EPOCH + Duration::from_secs(24 * 3600);
    httpdate::parse_http_date(date).is_ok_and(|date| date < first_day)
}
