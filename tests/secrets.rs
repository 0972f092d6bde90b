//! Nothing that is logged, traced or shown of calls holds a secret, whoever logs it: this crate,
//! or those below it, over HTTP/1 and HTTP/2.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]
#![cfg(all(feature = "tracing", feature = "sign-in", feature = "users"))]

#[path = "support/clock.rs"]
mod clock;
#[path = "secrets/flows.rs"]
mod flows;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "secrets/listener.rs"]
mod listener;
#[path = "secrets/server.rs"]
mod server;

use std::{error::Error as _, fmt::Debug, time::Duration};

use clock::TestClock;
use listener::Listener;
use logto_api::{
    BrowserCookies, Bytes, Client, ClientBuilder, Error, Method, RetryPolicy, Upload, reqwest,
    sign_in::PendingAuthorization,
};
use serde_json::{Value, json};

/// In every secret; what Basic authentication makes of it begins at a multiple of three.
const CANARY: &str = "canary";
const APP_ID: &str = "appid";

fn canary(of: &str) -> String {
    format!("{CANARY}-{of}")
}

/// The forms in which a canary may come along.
fn is_in(text: &str) -> bool {
    let bytes: Vec<_> = CANARY.bytes().map(|byte| byte.to_string()).collect();
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    [CANARY, "Y2FuYXJ5", &bytes.join(", "), &hex].iter().any(|form| text.contains(form))
}

/// What a caller can print.
#[derive(Default)]
struct Shown(Vec<String>, Hidden);

/// Secrets without a canary that can be seen in them, such as signed tokens.
type Hidden = Vec<String>;

impl Shown {
    /// From now on, this is a secret as well.
    fn hide(&mut self, secret: &str) {
        self.1.push(secret.to_owned());
    }

    fn show(&mut self, thing: &dyn Debug) {
        self.0.push(format!("{thing:?} {thing:#?}"));
    }

    fn outcome<T: Debug>(&mut self, outcome: Result<T, Error>) -> Option<T> {
        self.show(&outcome);
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.push(error.to_string());
                let mut cause = error.source();
                while let Some(next) = cause {
                    self.0.push(format!("{next} {next:?}"));
                    cause = next.source();
                }
                None
            }
        }
    }
}

#[test]
fn nothing_holds_a_secret_over_http1() {
    nothing_holds_a_secret(|http| http.http1_only(), &["logto_api", "reqwest::connect"]);
}

#[test]
fn nothing_holds_a_secret_over_http2() {
    nothing_holds_a_secret(
        |http| http.http2_prior_knowledge(),
        &["logto_api", "reqwest::connect", "h2::codec::framed_write"],
    );
}

fn nothing_holds_a_secret(
    protocol: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + 'static,
    heard: &[&str],
) {
    let endpoint = server::start();
    let (listener, _guard) = Listener::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut shown = Shown::default();
    let http = protocol(reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()));
    let http = http.build().unwrap();
    let builder = || {
        let builder = Client::builder(&endpoint).http_client(http.clone());
        builder.clock(TestClock::new(1.0)).retry(RetryPolicy::new().base_delay(Duration::ZERO))
    };
    runtime.block_on(async {
        calls(&builder, &mut shown).await;
        cookies(&builder, &mut shown).await;
        sign_in(&builder, &mut shown).await;
        flows::store(&builder, &mut shown).await;
        flows::device(&builder, &mut shown).await;
        flows::loopback(&builder, &mut shown).await;
        flows::logout(&builder, &mut shown).await;
        #[cfg(feature = "verify")]
        flows::verification(&builder, &mut shown).await;
    });
    #[cfg(feature = "webhooks")]
    flows::webhooks(&mut shown);
    let lines = listener.lines();
    for target in heard {
        assert!(lines.iter().any(|line| line.starts_with(target)), "{target} was not heard");
    }
    assert!(shown.0.len() > 30 && lines.len() > 100);
    let is_told =
        |line: &&String| is_in(line) || shown.1.iter().any(|secret| line.contains(secret.as_str()));
    let told: Vec<_> = lines.iter().chain(&shown.0).filter(is_told).collect();
    assert!(told.is_empty(), "{told:#?}");
}

/// Calls of every outcome, with secrets in token, query, headers and bodies, both ways.
async fn calls(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let app = builder().client_credentials(APP_ID, canary("app-secret"));
    shown.show(&app);
    let client = app.build().unwrap();
    shown.show(&client);
    let create = client.users().create().username("alice").password(canary("password"));
    let create = create.custom_data(json!({ "k": canary("custom") }).as_object().unwrap().clone());
    shown.show(&create);
    let user = shown.outcome(create.send().await).expect("a user");
    assert!(is_in(&serde_json::to_string(&user).unwrap()), "the answer has canaries");
    let search = client.users().list().search(canary("search")).header("x-a", &canary("header"));
    shown.outcome(search.send().await).expect("a list");
    shown.outcome(client.users().get("u").token(canary("token")).send().await).expect("a user");
    for path in ["busy", "refused", "invalid", "undecodable", "elsewhere", "cut"] {
        let request = client
            .request(Method::GET, &format!("/api/{path}?code={}", canary("code")))
            .query(&[("state", canary("state"))])
            .header("x-secret", &canary("header"));
        shown.show(&request);
        if let Some(answer) = shown.outcome(request.send().await) {
            shown.show(answer.headers());
            shown.outcome(answer.json::<Vec<u8>>());
        }
    }
    let body = json!({ "password": canary("password") });
    for request in [
        client.request(Method::POST, "/api/users").json(&body),
        client.request(Method::POST, "/api/users").form(&body),
        client.request(Method::POST, "/api/users").body(canary("body")),
    ] {
        shown.show(&request);
        shown.outcome(request.send().await).expect("an answer");
    }
    let file = Upload::bytes("a.png", "image/png", Bytes::from(canary("file")));
    let upload = client.user_assets().upload(file);
    shown.show(&upload);
    shown.outcome(upload.send().await);
    let download = client.request(Method::GET, "/api/users").download().await;
    drop(shown.outcome(download).expect("a download"));
    let nowhere = builder().client_credentials(APP_ID, canary("refused")).build().unwrap();
    assert!(shown.outcome(nowhere.users().list().send().await).is_none());
    shown.show(&client.with_subject_token(canary("subject")).actor_token(canary("actor")));
    shown.show(&client.with_personal_access_token(canary("personal")));
}

/// A client's own cookies, and those of a browser.
async fn cookies(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let own = builder().cookie_store(true).build().unwrap();
    let browser = BrowserCookies::from_headers([format!("_logto={}", canary("cookie"))]);
    for client in [&own, &own.with_browser_cookies(&browser)] {
        for _ in 0..2 {
            let request = client.request(Method::GET, "/oidc/auth");
            let answer = shown.outcome(request.send().await).expect("an answer");
            shown.show(answer.headers());
        }
        shown.show(client);
    }
    assert!(browser.set_cookies().iter().any(|set| is_in(set.to_str().unwrap())));
    shown.show(&browser);
    shown.show(&browser.set_cookies());
    shown.show(&browser.set_cookies_at("/sign-in"));
}

/// A code that is redeemed, for tokens that are not to be trusted.
async fn sign_in(builder: &dyn Fn() -> ClientBuilder, shown: &mut Shown) {
    let client = builder().build().unwrap();
    let pending: PendingAuthorization = serde_json::from_value::<_>(pending()).unwrap();
    shown.show(&pending);
    let callback = |query: &str| format!("https://acme.com/callback?{query}");
    for query in [
        format!("code={}&state={}", canary("code"), canary("state")),
        format!("code={}&state={}", canary("code"), canary("other")),
        format!("error=access_denied&state={}", canary("state")),
    ] {
        let secret = canary("app-secret");
        let redeemed = pending.clone().redeem(&client, Some(&secret), &callback(&query)).await;
        assert!(shown.outcome(redeemed).is_none());
    }
}

fn pending() -> Value {
    json!({
        "client_id": APP_ID, "redirect_uri": "https://acme.com/callback",
        "state": canary("state"), "nonce": canary("nonce"), "code_verifier": canary("verifier"),
    })
}

#[tokio::test]
async fn what_a_server_says_is_bounded_and_on_one_line() {
    let endpoint = server::start();
    let client = Client::builder(&endpoint).bearer_token("t").build().unwrap();
    let app = Client::builder(&endpoint).client_credentials(APP_ID, "hostile").build().unwrap();
    let hostile = client.request(Method::GET, "/api/hostile").send().await.unwrap_err();
    let token = app.request(Method::GET, "/api/users").send().await.unwrap_err();
    for error in [hostile, token] {
        assert!(error.message().unwrap().len() > 100_000, "it is whole where it is asked for");
        for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            let lines = shown.replace("\n    ", "").replace("\n}", "");
            assert!(shown.len() < 20_000, "{}", shown.len());
            assert!(!lines.contains(server::HOSTILE), "{lines}");
            assert!(lines.contains("u{202e}") && lines.contains("u{2028}"), "{lines}");
        }
    }
}
