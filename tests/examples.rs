//! The examples do what they are there to show.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(clippy::duplicate_mod, reason = "each example has its own")]

#[allow(dead_code)]
#[path = "../examples/backend_for_frontend.rs"]
mod backend_for_frontend;
#[cfg(feature = "redis")]
#[path = "support/redis.rs"]
mod redis;
#[allow(dead_code)]
#[path = "../examples/sign_in.rs"]
mod sign_in;

use std::cell::Cell;

use logto_api::{
    Client,
    reqwest::{self, StatusCode, redirect},
};
use logto_mock::{MfaFactor, MfaPolicy, Mock};
use sign_in::Question;

const PASSWORD: &str = "correct horse 7 battery";

fn app(mock: &Mock) -> sign_in::App {
    sign_in::App {
        client_id: mock.web_app_id().to_owned(),
        client_secret: Some(mock.web_app_secret().to_owned()),
        redirect_uri: mock.redirect_uri().to_owned(),
    }
}

#[tokio::test]
async fn sign_in_asks_for_a_second_factor_only_when_logto_does() {
    let mock = Mock::start().await.unwrap();
    let logto = Client::builder(mock.endpoint()).build().unwrap();
    let alice = mock.add_user("alice", PASSWORD);
    let secret = Cell::new(None);
    let codes = Cell::new(0);
    let answer = |question: Question<'_>| {
        Ok(match question {
            Question::Username => "alice".to_owned(),
            Question::Password => PASSWORD.to_owned(),
            Question::TotpCode(None) => {
                codes.set(codes.get() + 1);
                mock.totp_code(secret.take().unwrap())
            }
            _ => return Err("this is not to be asked".into()),
        })
    };
    let tokens = sign_in::sign_in(&logto, &app(&mock), &answer).await.unwrap();
    assert_eq!(tokens.claims().unwrap().user.sub, alice);
    assert_eq!(codes.get(), 0);

    mock.set_mfa(MfaPolicy::default(), &[MfaFactor::Totp]);
    let own = mock.add_totp(&alice);
    secret.set(Some(&own));
    let tokens = sign_in::sign_in(&logto, &app(&mock), &answer).await.unwrap();
    assert_eq!(tokens.claims().unwrap().user.sub, alice);
    assert_eq!(codes.get(), 1);
}

/// A browser, as far as it matters here.
struct Browser {
    http: reqwest::Client,
    home: String,
    /// All that it was ever told.
    seen: String,
}

impl Browser {
    fn new(home: String) -> Self {
        let http = reqwest::Client::builder().cookie_store(true);
        let http = http.redirect(redirect::Policy::none()).build().unwrap();
        Self { http, home, seen: String::new() }
    }

    async fn get(&mut self, path: &str) -> (StatusCode, String) {
        let request = self.http.get(format!("{}{path}", self.home));
        self.send(request).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
        let request = self.http.post(format!("{}{path}", self.home)).form(form);
        self.send(request).await
    }

    /// The status, and the place that it redirects to, or the page.
    async fn send(&mut self, request: reqwest::RequestBuilder) -> (StatusCode, String) {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        for (_, value) in answer.headers() {
            self.seen.push_str(value.to_str().unwrap());
        }
        let place = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let body = answer.text().await.unwrap();
        self.seen.push_str(&body);
        (status, place.unwrap_or(body))
    }
}

fn web_app(mock: &Mock) -> backend_for_frontend::App {
    let app = [mock.web_app_id(), mock.web_app_secret(), mock.redirect_uri()];
    let logto = Client::builder(mock.endpoint()).build().unwrap();
    backend_for_frontend::App::new(logto, app.map(str::to_owned))
}

async fn serve(app: backend_for_frontend::App) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, backend_for_frontend::routes(app)).into_future());
    home
}

#[tokio::test]
async fn a_browser_signs_in_on_a_page_of_the_applications_own() {
    let mock = Mock::start().await.unwrap();
    let alice = mock.add_user("alice", PASSWORD);
    mock.set_mfa(MfaPolicy::default(), &[MfaFactor::Totp]);
    let secret = mock.add_totp(&alice);
    let mut browser = Browser::new(serve(web_app(&mock)).await);

    let (_, page) = browser.get("/").await;
    assert!(page.contains(r#"href="/sign-in""#), "{page}");
    let (_, page) = browser.get("/sign-in").await;
    assert!(page.contains(r#"name="password""#), "{page}");

    let wrong = [("username", "alice"), ("password", "wrong")];
    let (status, page) = browser.post("/sign-in", &wrong).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("the password is wrong"), "{page}");
    let right = [("username", "alice"), ("password", PASSWORD)];
    let (status, place) = browser.post("/sign-in", &right).await;
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, "/sign-in/code"));

    let (_, page) = browser.get("/sign-in/code").await;
    assert!(page.contains(r#"name="code""#), "{page}");
    let (_, page) = browser.post("/sign-in/code", &[("code", "000000")]).await;
    assert!(page.contains("This code is wrong"), "{page}");
    let code = mock.totp_code(&secret);
    let (status, place) = browser.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!((status, place.as_str()), (StatusCode::SEE_OTHER, "/"));

    let (_, page) = browser.get("/").await;
    assert!(page.contains("Welcome, alice"), "{page}");
    assert!(!browser.seen.contains("code="), "the browser never sees Logto's code");
    browser.post("/sign-out", &[]).await;
    let (_, page) = browser.get("/").await;
    assert!(!page.contains("alice"), "{page}");
}

#[tokio::test]
async fn a_sign_in_that_was_not_begun_here_is_refused() {
    let mock = Mock::start().await.unwrap();
    mock.add_user("alice", PASSWORD);
    let home = serve(web_app(&mock)).await;
    let right = [("username", "alice"), ("password", PASSWORD)];
    let mut browser = Browser::new(home.clone());
    let (status, page) = browser.post("/sign-in", &right).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("has expired"), "{page}");
}

/// Two processes of the application, behind one address or two.
#[cfg(feature = "redis")]
#[tokio::test]
async fn sessions_on_redis_are_those_of_all_processes() {
    let Some(redis) = redis::Redis::start() else { return };
    let mock = Mock::start().await.unwrap();
    mock.add_user("alice", PASSWORD);
    let mut homes = Vec::new();
    for _ in 0..2 {
        let mut app = web_app(&mock);
        let url = redis.url();
        app.sessions = backend_for_frontend::sessions_on_redis(&app, &url).await.unwrap();
        homes.push(serve(app).await);
    }
    let mut browser = Browser::new(homes[0].clone());
    browser.get("/sign-in").await;
    browser.post("/sign-in", &[("username", "alice"), ("password", PASSWORD)]).await;
    // Cookies do not tell ports apart.
    browser.home.clone_from(&homes[1]);
    let (_, page) = browser.get("/").await;
    assert!(page.contains("Welcome, alice"), "{page}");
    browser.post("/sign-out", &[]).await;
    browser.home.clone_from(&homes[0]);
    let (_, page) = browser.get("/").await;
    assert!(!page.contains("alice"), "{page}");
}

#[test]
fn what_is_not_set_is_named() {
    let of_machine = |name: &str| name.starts_with("LOGTO_APP_").then(|| "value".to_owned());
    let endpoint = "http://localhost:3001";
    let sign_in = sign_in::app_of(of_machine).err().unwrap().to_string();
    let page = backend_for_frontend::on_server(endpoint, of_machine).err().unwrap().to_string();
    for text in [&sign_in, &page] {
        assert!(text.contains("LOGTO_CLIENT_ID") && text.contains("LOGTO_REDIRECT_URI"), "{text}");
    }
    assert!(page.contains("LOGTO_CLIENT_SECRET") && page.contains("traditional"), "{page}");

    let all = |name: &str| Some(name.to_lowercase());
    let app = sign_in::app_of(all).unwrap();
    assert_eq!((&*app.client_id, &*app.redirect_uri), ("logto_client_id", "logto_redirect_uri"));
    assert_eq!(app.client_secret.as_deref(), Some("logto_client_secret"));
    let only_blank = |name: &str| Some(if name.ends_with("_ID") { " " } else { "x" }.to_owned());
    let text = backend_for_frontend::on_server(endpoint, only_blank).err().unwrap().to_string();
    assert!(text.contains("LOGTO_CLIENT_ID") && !text.contains("LOGTO_REDIRECT_URI"), "{text}");
}
