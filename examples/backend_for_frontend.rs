//! A web application with its own sign-in page: the browser talks only to the application, which
//! talks to Logto.
//!
//! ```sh
//! cargo run --example backend_for_frontend
//! ```
//!
//! Logto's cookies are passed on to the browser, so that the application stores only what the
//! browser must not see. The sign-in ends with a session of this application: the browser has its
//! id, the tokens stay on the server.
//!
//! With `REDIS_URL` (and `--features redis`), sessions are stored in Redis, and shared by all
//! processes.
//!
//! Without these variables it uses a mock of Logto. For your own server, set `LOGTO_ENDPOINT`,
//! `LOGTO_CLIENT_ID`, `LOGTO_CLIENT_SECRET` and `LOGTO_REDIRECT_URI` of a traditional web
//! application.

#![allow(clippy::print_stdout, reason = "it shows what it does")]

mod environment;

use std::{
    collections::HashMap,
    env,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use logto_api::{
    BrowserCookies, Client, Error, MemoryTokenStore,
    sign_in::{
        Identifier, InteractionHandle, NextStep, PendingAuthorization, SignIn, UserSessions,
    },
};
use logto_mock::{MfaFactor, MfaPolicy};
use serde::Deserialize;
use uuid::Uuid;

/// Where the browser sends Logto's cookies to.
const SIGN_IN: &str = "/sign-in";
/// The cookie with the id of a pending sign-in.
const FLOW: &str = "flow";
/// The cookie with the id of a session of this application.
const SESSION: &str = "session";
/// An id without a session.
const NO_SESSION: &str = "none";

/// The application and its state. A real one stores it in a database.
pub(crate) struct App {
    pub(crate) logto: Client,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) redirect_uri: String,
    /// Whether cookies may be sent without TLS: on a developer's machine only.
    pub(crate) insecure: bool,
    /// Pending sign-ins.
    pub(crate) flows: Store<PendingAuthorization>,
    /// Users who are signed in.
    pub(crate) sessions: UserSessions,
    /// On the mock: the code that the user's authenticator app shows.
    pub(crate) authenticator: Option<Box<dyn Fn() -> String + Send + Sync>>,
}

type Shared = State<Arc<App>>;
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut app = match env::var("LOGTO_ENDPOINT") {
        Ok(endpoint) => on_server(&endpoint, |name| env::var(name).ok())?,
        Err(_) => on_stand_in().await?,
    };
    if let Ok(url) = env::var("REDIS_URL") {
        app.sessions = sessions_on_redis(&app, &url).await?;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 3000)).await?;
    println!("open http://localhost:3000");
    axum::serve(listener, routes(app)).await?;
    Ok(())
}

/// The application from the environment.
pub(crate) fn on_server(endpoint: &str, get: impl Fn(&str) -> Option<String>) -> Outcome<App> {
    let names = ["LOGTO_CLIENT_ID", "LOGTO_CLIENT_SECRET", "LOGTO_REDIRECT_URI"];
    let what = "they are those of a traditional web application";
    let app = environment::needed(names, what, get)?;
    Ok(App::new(Client::builder(endpoint).build()?, app))
}

/// Sessions that all processes of the application share.
#[cfg(feature = "redis")]
pub(crate) async fn sessions_on_redis(app: &App, url: &str) -> Outcome<UserSessions> {
    let store =
        logto_api::RedisTokenStore::connect(url).await.map_err(|error| error.to_string())?;
    Ok(UserSessions::new(&app.logto, store).client_secret(&app.client_secret))
}

#[cfg(not(feature = "redis"))]
pub(crate) async fn sessions_on_redis(_: &App, _: &str) -> Outcome<UserSessions> {
    Err("REDIS_URL is set: run this with `--features redis`".into())
}

/// An application of the mock, where alice has an authenticator app.
async fn on_stand_in() -> Outcome<App> {
    let mock = logto_mock::Mock::start().await?;
    let alice = mock.add_user("alice", "correct horse 7 battery");
    mock.set_mfa(MfaPolicy::default(), &[MfaFactor::Totp]);
    let secret = mock.add_totp(&alice);
    println!("talking to a mock: sign in as alice, with `correct horse 7 battery`");
    let app = [mock.web_app_id(), mock.web_app_secret(), mock.redirect_uri()];
    let mut app = App::new(Client::builder(mock.endpoint()).build()?, app.map(str::to_owned));
    app.authenticator = Some(Box::new(move || mock.totp_code(&secret)));
    Ok(app)
}

impl App {
    /// One with this id, secret and redirect URI.
    pub(crate) fn new(logto: Client, app: [String; 3]) -> Self {
        let [client_id, client_secret, redirect_uri] = app;
        let sessions = UserSessions::new(&logto, MemoryTokenStore::new());
        Self {
            sessions: sessions.client_secret(&client_secret),
            logto,
            client_id,
            client_secret,
            redirect_uri,
            insecure: true,
            flows: Store::default(),
            authenticator: None,
        }
    }
}

pub(crate) fn routes(app: App) -> Router {
    Router::new()
        .route("/", get(home))
        .route(SIGN_IN, get(begin).post(password))
        .route("/sign-in/code", get(code_page).post(code))
        .route("/sign-out", post(sign_out))
        .with_state(Arc::new(app))
}

async fn home(State(app): Shared, headers: HeaderMap) -> Result<Response, Failure> {
    let id = cookie(&headers, SESSION).unwrap_or(NO_SESSION);
    let Some(tokens) = app.sessions.get(id).await? else {
        return Ok(page(r#"<h1>Acme</h1><p><a class="button" href="/sign-in">Sign in</a></p>"#));
    };
    let user = tokens.user_info().await?;
    let name = escaped(user.username.as_deref().unwrap_or("whoever you are"));
    Ok(page(&format!(
        r#"<h1>Welcome, {name}</h1>
        <form method="post" action="/sign-out"><button>Sign out</button></form>"#
    )))
}

/// Starts an interaction with Logto, and passes its cookies on to the browser.
async fn begin(State(app): Shared, headers: HeaderMap) -> Result<Response, Failure> {
    let cookies = BrowserCookies::new();
    let flow = app
        .logto
        .sign_in(&app.client_id, &app.redirect_uri)
        .client_secret(&app.client_secret)
        .browser_cookies(&cookies)
        .begin()
        .await?;
    app.flows.remove(cookie(&headers, FLOW));
    let mut response = password_page(None);
    if let Some(pending) = flow.pending() {
        let id = app.flows.insert(pending.clone());
        set_cookie(&app, &mut response, FLOW, &id, SIGN_IN);
    }
    hand_over(&cookies, &mut response);
    Ok(response)
}

#[derive(Deserialize)]
struct PasswordForm {
    username: String,
    password: String,
}

async fn password(
    State(app): Shared,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Failure> {
    let cookies = logto_cookies(&headers);
    let flow = resume(&app, &headers, &cookies)?.flow::<SignIn>()?;
    match flow.password(Identifier::username(form.username), form.password).await {
        Ok(step) => advance(&app, &headers, &cookies, step).await,
        Err(error) if error.is_invalid_credentials() => {
            Ok(password_page(Some("There is no such user, or the password is wrong.")))
        }
        Err(error) if error.is_locked_out() => {
            Ok(password_page(Some("Too many attempts. Try again later.")))
        }
        Err(error) => Err(error.into()),
    }
}

async fn code_page(State(app): Shared) -> Response {
    let hint = app.authenticator.as_ref().map(|show| format!("On the mock, it is {}.", show()));
    second_page(hint.as_deref())
}

#[derive(Deserialize)]
struct CodeForm {
    code: String,
}

async fn code(
    State(app): Shared,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Failure> {
    let cookies = logto_cookies(&headers);
    let user = resume(&app, &headers, &cookies)?.identified::<SignIn>()?;
    match user.mfa().verify_totp(form.code).await {
        Ok(step) => advance(&app, &headers, &cookies, step).await,
        Err(error) if error.is_wrong_code() => Ok(second_page(Some("This code is wrong."))),
        Err(error) => Err(error.into()),
    }
}

/// Continues as far as possible without the user.
async fn advance(
    app: &App,
    headers: &HeaderMap,
    cookies: &BrowserCookies,
    step: NextStep,
) -> Result<Response, Failure> {
    let mut step = step;
    let mut response = loop {
        step = match step {
            NextStep::Submit(user) => user.submit().await?,
            NextStep::VerifyMfa(_) => break Redirect::to("/sign-in/code").into_response(),
            NextStep::EnableMfa(offer) => offer.skip().await?,
            NextStep::BindMfa(mfa) | NextStep::SuggestMfa(mfa) => mfa.skip().await?,
            NextStep::CreatePasskey(offer) => offer.skip().await?,
            NextStep::Completed(done) => {
                let tokens = done.tokens().await?;
                app.flows.remove(cookie(headers, FLOW));
                let id = Uuid::new_v4().to_string();
                app.sessions.insert(&id, &tokens).await?;
                let mut response = Redirect::to("/").into_response();
                set_cookie(app, &mut response, SESSION, &id, "/");
                break response;
            }
            other => return Err(other.into_error().into()),
        };
    };
    hand_over(cookies, &mut response);
    Ok(response)
}

async fn sign_out(State(app): Shared, headers: HeaderMap) -> Result<Response, Failure> {
    let id = cookie(&headers, SESSION).unwrap_or(NO_SESSION);
    if let Some(tokens) = app.sessions.get(id).await? {
        tokens.revoke().await?;
    }
    Ok(Redirect::to("/").into_response())
}

/// The interaction that the browser's cookies identify, with its stored state.
fn resume(
    app: &App,
    headers: &HeaderMap,
    cookies: &BrowserCookies,
) -> Result<InteractionHandle, Failure> {
    let pending = app.flows.get(cookie(headers, FLOW)).ok_or(Failure::Expired)?;
    let handle = app.logto.resume_interaction(cookies).authorization(pending);
    Ok(handle.client_secret(&app.client_secret))
}

/// The browser's cookies that are Logto's, without those of this application.
fn logto_cookies(headers: &HeaderMap) -> BrowserCookies {
    let cookies = BrowserCookies::from_headers(headers.get_all(header::COOKIE));
    cookies.retain(|name| {
        ["_interaction", "_logto", "_session"].iter().any(|own| name.starts_with(own))
    });
    cookies
}

/// Passes the cookies that Logto has set on to the browser, for the path of the sign-in page only.
fn hand_over(cookies: &BrowserCookies, response: &mut Response) {
    for set_cookie in cookies.set_cookies_at(SIGN_IN) {
        response.headers_mut().append(header::SET_COOKIE, set_cookie);
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let headers = headers.get_all(header::COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs = headers.flat_map(|header| header.split("; "));
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn set_cookie(app: &App, response: &mut Response, name: &str, value: &str, path: &str) {
    let secure = if app.insecure { "" } else { "; Secure" };
    let text = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(header) = HeaderValue::try_from(text) {
        response.headers_mut().append(header::SET_COOKIE, header);
    }
}

/// Values under random ids.
pub(crate) struct Store<T>(Mutex<HashMap<String, T>>);

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Store<T> {
    fn insert(&self, value: T) -> String {
        let id = Uuid::new_v4().to_string();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), value);
        id
    }

    fn get(&self, id: Option<&str>) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id?).cloned()
    }

    fn remove(&self, id: Option<&str>) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id?)
    }
}

/// The response when a sign-in cannot continue.
enum Failure {
    /// The sign-in was not started here, or too long ago.
    Expired,
    Logto(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // No user has been identified if the password was skipped.
        let has_ended = error.is_session_ended() || error.has_code("session.identifier_not_found");
        if has_ended { Self::Expired } else { Self::Logto(error) }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Expired => (StatusCode::BAD_REQUEST, "The sign-in has expired."),
            Self::Logto(error) => {
                println!("{error}");
                (StatusCode::BAD_GATEWAY, "Something went wrong.")
            }
        };
        let page = page(&format!(
            r#"<h1>Sorry</h1><p>{text}</p><p><a class="button" href="/sign-in">Try again</a></p>"#
        ));
        (status, page).into_response()
    }
}

fn password_page(notice: Option<&str>) -> Response {
    form_page(
        notice,
        SIGN_IN,
        r#"<label>Username <input name="username" autocomplete="username" required autofocus></label>
        <label>Password <input name="password" type="password" autocomplete="current-password"
            required></label>"#,
    )
}

fn second_page(notice: Option<&str>) -> Response {
    form_page(
        notice,
        "/sign-in/code",
        r#"<label>Code of your authenticator app <input name="code" inputmode="numeric"
            autocomplete="one-time-code" pattern="[0-9]{6}" required autofocus></label>"#,
    )
}

fn form_page(notice: Option<&str>, action: &str, fields: &str) -> Response {
    let notice = notice.map(|text| format!(r#"<p role="status">{text}</p>"#)).unwrap_or_default();
    page(&format!(
        r#"<h1>Sign in to Acme</h1>{notice}
        <form method="post" action="{action}">{fields}<button>Sign in</button></form>"#
    ))
}

fn page(body: &str) -> Response {
    let style = "body{font:16px system-ui;max-width:22rem;margin:15vh auto;padding:0 1rem}\
        form,label{display:grid;gap:.4rem}form{gap:1rem}\
        input,button,.button{font:inherit;padding:.6rem .8rem;border-radius:.4rem}\
        input{border:1px solid #888}[role=status]{color:#b00020}\
        button,.button{border:0;background:#5d34f2;color:#fff;text-decoration:none}";
    let html = format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Acme</title>
        <meta name="viewport" content="width=device-width"><style>{style}</style>{body}</html>"#
    );
    ([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
