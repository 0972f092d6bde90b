//! What a subscriber learns of calls, and what it must not learn.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "tracing")]

#[path = "support/clock.rs"]
mod clock;
#[cfg(feature = "sign-in")]
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/server.rs"]
mod server;

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use clock::TestClock;
#[cfg(feature = "sign-in")]
use issuer::Key;
use logto_api::{Method, RetryPolicy};
use server::{Server, answer, ok, token};
use tracing::{
    Event, Id, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

type Fields = BTreeMap<String, String>;

/// Keeps all spans and events of this crate.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    spans: BTreeMap<u64, Fields>,
    closed: Vec<Fields>,
    events: Vec<(Fields, bool)>,
    resend_counts: usize,
}

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let shown = format!("{value:?}");
        self.0.insert(field.name().to_owned(), shown.trim_matches('"').to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().target() == "logto_api" {
            let mut fields = Fields::new();
            attributes.record(&mut Into(&mut fields));
            self.0.lock().unwrap().spans.insert(id.into_u64(), fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut recorded = Fields::new();
        values.record(&mut Into(&mut recorded));
        let kept = &mut *self.0.lock().unwrap();
        if let Some(fields) = kept.spans.get_mut(&id.into_u64()) {
            kept.resend_counts += usize::from(recorded.contains_key("http.request.resend_count"));
            fields.append(&mut recorded);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "logto_api" {
            let mut fields = Fields::new();
            event.record(&mut Into(&mut fields));
            let within = context.event_span(event).is_some_and(|span| span.name() == "logto call");
            self.0.lock().unwrap().events.push((fields, within));
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut kept = self.0.lock().unwrap();
        if let Some(fields) = kept.spans.remove(&id.into_u64()) {
            kept.closed.push(fields);
        }
    }
}

impl Log {
    /// Listens on this thread.
    fn listen() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::registry().with(log.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn all(&self) -> String {
        let kept = self.0.lock().unwrap();
        let mut all = String::new();
        write!(all, "{:?} {:?} {:?}", kept.spans, kept.closed, kept.events).unwrap();
        all
    }
}

#[tokio::test]
async fn a_call_is_a_span() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/oidc/token" => token("hunter2"),
        _ => answer(404, "", r#"{"code":"entity.not_exists","message":"hunter2 is unknown"}"#),
    });
    let (log, _guard) = Log::listen();
    let client = server.builder().client_credentials("app", "hunter2").build().unwrap();
    client.users().get("some id").include_sso_identities(true).send().await.unwrap_err();

    let kept = log.0.lock().unwrap();
    let [span] = &kept.closed[..] else { panic!("one span, closed") };
    let port = server.endpoint.rsplit(':').next().unwrap();
    for (name, value) in [
        ("otel.kind", "client"),
        ("otel.name", "GET /api/users/{userId}"),
        ("otel.status_code", "ERROR"),
        ("logto.operation", "GetUser"),
        ("logto.request_id", "req-1"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "404"),
        ("url.template", "/api/users/{userId}"),
        ("server.address", "127.0.0.1"),
        ("server.port", port),
        ("error.type", "404"),
    ] {
        assert_eq!(span.get(name).map(String::as_str), Some(value), "{name}");
    }
    let url = format!("{}/api/users/some%20id?includeSsoIdentities=REDACTED", server.endpoint);
    assert_eq!(span["url.full"], url);
    assert!(!span.contains_key("http.request.resend_count"));
    let tokens: Vec<_> =
        kept.events.iter().filter(|(fields, _)| fields["message"].contains("token")).collect();
    assert_eq!(tokens.len(), 1);
    drop(kept);
    assert!(!log.all().contains("hunter2"), "{}", log.all());
}

#[tokio::test]
async fn repeated_attempts_are_events() {
    let failure = answer(503, "", r#"{"message":"hunter2"}"#);
    let server = Server::answering([failure.clone(), failure, ok(&serde_json::json!([]))]);
    let (log, _guard) = Log::listen();
    let clock = TestClock::new(1.0);
    let builder = server.builder().bearer_token("hunter2").retry(RetryPolicy::new());
    let client = builder.clock(clock).build().unwrap();
    let request = client.request(Method::GET, "/api/users").query(&[("email", "hunter2@b.c")]);
    request.header("x-secret", "hunter2").send().await.unwrap();

    let kept = log.0.lock().unwrap();
    let span = &kept.closed[0];
    assert_eq!(span["http.request.resend_count"], "2");
    assert_eq!(span["http.response.status_code"], "200");
    assert_eq!(span["otel.name"], "GET");
    assert!(!span.contains_key("logto.operation") && !span.contains_key("url.template"));
    assert!(!span.contains_key("error.type"));
    let delays: Vec<_> =
        kept.events.iter().map(|(fields, _)| fields["delay_ms"].as_str()).collect();
    assert_eq!(delays, ["250", "500"]);
    assert!(kept.events.iter().all(|(fields, _)| fields["error.type"] == "503"));
    assert_eq!(kept.resend_counts, 1, "a span has one count, at its end");
    assert!(kept.events.iter().all(|(_, within)| *within));
    drop(kept);
    assert!(!log.all().contains("hunter2"), "{}", log.all());
}

#[tokio::test]
async fn repeated_token_requests_are_events() {
    let asked = Mutex::new(0);
    let server = Server::start(move |seen| {
        let mut asked = asked.lock().unwrap();
        *asked += u32::from(seen.target == "/oidc/token");
        match (seen.target.as_str(), *asked) {
            ("/oidc/token", 1) => answer(503, "", r#"{"message":"hunter2"}"#),
            ("/oidc/token", _) => token("hunter2"),
            _ => answer(204, "", ""),
        }
    });
    let (log, _guard) = Log::listen();
    let builder = server.builder().client_credentials("app", "hunter2").clock(TestClock::new(1.0));
    let client = builder.retry(RetryPolicy::new()).build().unwrap();
    client.request(Method::GET, "/api/users").send().await.unwrap();

    let kept = log.0.lock().unwrap();
    let [(again, true), (had, true)] = &kept.events[..] else { panic!("{:?}", kept.events) };
    assert_eq!(again["http.response.status_code"], "503");
    assert_eq!((again["attempt"].as_str(), again["delay_ms"].as_str()), ("1", "250"));
    assert!(had["message"].contains("obtained access token"));
    drop(kept);
    assert!(!log.all().contains("hunter2"), "{}", log.all());
}

#[tokio::test]
async fn a_call_that_fails_without_an_answer_says_how() {
    let (log, _guard) = Log::listen();
    let clock = TestClock::new(1.0);
    let client = logto_api::Client::builder(server::nobody()).clock(clock).build().unwrap();
    client.request(Method::GET, "/api/status").unauthenticated().send().await.unwrap_err();
    let kept = log.0.lock().unwrap();
    assert_eq!(kept.closed[0]["error.type"], "transport");
    assert!(!kept.closed[0].contains_key("http.response.status_code"));
}

#[cfg(feature = "sign-in")]
#[tokio::test]
async fn a_sign_in_shows_none_of_its_secrets() {
    use serde_json::json;

    let id_token = Arc::new(Mutex::new(String::new()));
    let (key, shown) = (Key::es384("k1"), id_token.clone());
    let jwks = ok(&json!({"keys": [key.jwk()]}));
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/oidc/jwks" => jwks.clone(),
        "/oidc/me" => ok(&json!({"sub": "u1"})),
        _ => ok(&json!({
            "access_token": "hunter2-access", "refresh_token": "hunter2-refresh",
            "id_token": *shown.lock().unwrap(), "expires_in": 60, "scope": "openid",
        })),
    });
    let claims = json!({
        "iss": format!("{}/oidc", server.endpoint), "aud": "web-app", "sub": "u1",
        "iat": TestClock::START, "exp": TestClock::START + 60, "nonce": "hunter2-nonce",
    });
    *id_token.lock().unwrap() = key.sign(&claims);

    let (log, _guard) = Log::listen();
    let client = server.builder().clock(TestClock::new(1.0)).build().unwrap();
    let pending: logto_api::sign_in::PendingAuthorization = serde_json::from_value(json!({
        "client_id": "web-app", "redirect_uri": "https://acme.com/callback",
        "state": "hunter2-state", "nonce": "hunter2-nonce", "code_verifier": "hunter2-verifier",
    }))
    .unwrap();
    let callback = "https://acme.com/callback?code=hunter2-code&state=hunter2-state";
    let tokens = pending.redeem(&client, Some("hunter2-secret"), callback).await.unwrap();
    tokens.refresh().await.unwrap().user_info().await.unwrap();
    tokens.revoke().await.unwrap();

    let all = log.all();
    assert!(all.contains("obtained access token") && all.contains("/oidc/me"), "{all}");
    assert!(!all.contains("hunter2") && !all.contains(&*id_token.lock().unwrap()), "{all}");
}
