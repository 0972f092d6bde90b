//! A server without a port, which answers by a script of the target's.

use std::{
    cell::RefCell,
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime},
};

use axum::http;
use logto_api::{
    Client, ClientBuilder, Clock,
    reqwest::{Request, Response, Url, header::HeaderMap},
    sign_in::{PendingAuthorization, UserTokens},
};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tower::Service;

use crate::message::Message;

pub(crate) const ENDPOINT: &str = "https://acme.logto.app";
pub(crate) const REDIRECT_URI: &str = "https://acme.com/callback?tenant=1";
/// The time of day, in seconds.
pub(crate) const NOW: u64 = 784_111_777;
/// More requests than any target has a reason for.
const MOST: usize = 2_000;

/// What a request asks for.
pub(crate) struct Asked {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

type Script = Box<dyn FnMut(&Asked) -> Message>;

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    static SCRIPT: RefCell<(Script, usize)> =
        RefCell::new((Box::new(|_| Message::of(404, "{}")), 0));
    static SLEPT: RefCell<Vec<Duration>> = const { RefCell::new(Vec::new()) };
}

/// The connections that all targets share.
static FIRST: LazyLock<Client> =
    LazyLock::new(|| Client::builder(ENDPOINT).transport(Desk).build().unwrap());

#[derive(Clone)]
struct Desk;

impl Service<Request> for Desk {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let body = request.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let asked = Asked {
            url: request.url().clone(),
            headers: request.headers().clone(),
            body: String::from_utf8_lossy(body).into_owned(),
        };
        let message = SCRIPT.with_borrow_mut(|(script, requests)| {
            *requests += 1;
            assert!(*requests < MOST, "it asks and asks");
            script(&asked)
        });
        let mut response = http::Response::new(message.body);
        *response.status_mut() = message.status;
        *response.headers_mut() = message.headers;
        ready(Ok(response.into()))
    }
}

/// A client whose requests the script answers.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder(ENDPOINT).share_connections(&FIRST).clock(Leap)
}

pub(crate) fn client() -> Client {
    builder().bearer_token("t0ken-0f-the-caller").build().unwrap()
}

/// Does the work while the script answers requests.
pub(crate) fn run<T>(
    script: impl FnMut(&Asked) -> Message + 'static,
    work: impl Future<Output = T>,
) -> T {
    SCRIPT.set((Box::new(script), 0));
    SLEPT.take();
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// How often the server was asked in the last run.
pub(crate) fn requests() -> usize {
    SCRIPT.with_borrow(|(_, requests)| *requests)
}

/// How long the client waited in the last run, each time.
pub(crate) fn slept() -> Vec<Duration> {
    SLEPT.with_borrow(Vec::clone)
}

/// Hands in the answer to an authorization request.
pub(crate) async fn redeem(callback: &str) -> logto_api::Result<UserTokens> {
    let pending: PendingAuthorization = serde_json::from_value(json!({
        "client_id": "web-app", "redirect_uri": REDIRECT_URI, "state": "st4te-0f-the-request",
        "nonce": "n0nce", "code_verifier": "ver1fier-0f-the-request",
        "asked": {"at": NOW * 1000, "scope": "openid"},
    }))
    .unwrap();
    let client = builder().build().unwrap();
    pending.redeem(&client, Some("s3cret-0f-the-app"), callback).await
}

/// A clock on which sleeping takes no time.
struct Leap;

impl Clock for Leap {
    fn now(&self) -> Instant {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        *START + SLEPT.with_borrow(|slept| slept.iter().sum::<Duration>())
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        SLEPT.with_borrow_mut(|slept| slept.push(duration));
        Box::pin(ready(()))
    }

    fn random(&self) -> f64 {
        1.0
    }
}
