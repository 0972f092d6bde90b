//! An in-process server that answers what a test wants, when it wants.

#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

use std::{future::Future, pin::Pin, task::Poll};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Response},
};
use logto_api::{Client, ClientBuilder};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

/// What the server got.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub authorization: Option<String>,
    pub cookie: Option<String>,
    pub headers: HeaderMap,
    pub body: String,
}

/// What it answers.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub fn new(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, &body.to_string())
    }

    pub fn done() -> Self {
        Self::new(204, "")
    }

    /// A token for an hour.
    pub fn token(name: &str) -> Self {
        Self::token_for(name, 3600)
    }

    pub fn token_for(name: &str, seconds: u64) -> Self {
        let body = json!({"access_token": name, "expires_in": seconds, "token_type": "Bearer"});
        Self::json(200, &body)
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

#[derive(Clone)]
pub struct Desk {
    pub endpoint: String,
    seen: watch::Sender<Vec<Seen>>,
}

impl Desk {
    /// `answer` may wait for as long as the test holds it.
    pub async fn open<F, R>(answer: F) -> Self
    where
        F: Fn(Seen) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let desk = Self { endpoint, seen: watch::Sender::default() };
        let log = desk.seen.clone();
        let routes = Router::new().fallback(move |request: Request| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                let seen = read(request).await;
                log.send_modify(|log| log.push(seen.clone()));
                write(answer(seen).await)
            }
        });
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        desk
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    pub fn last(&self) -> Seen {
        self.seen().pop().unwrap()
    }

    /// The token that the last request for a target was made with.
    pub fn token_of_last(&self, target: &str) -> String {
        let seen = self.seen();
        let seen = seen.iter().rfind(|seen| seen.target == target).unwrap();
        seen.authorization.as_deref().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
    }

    pub fn count(&self, target: &str) -> usize {
        count(&self.seen.borrow(), target)
    }

    /// Waits until that many requests for a target have arrived.
    pub async fn arrived(&self, target: &str, number: usize) {
        let mut seen = self.seen.subscribe();
        seen.wait_for(|seen| count(seen, target) >= number).await.unwrap();
    }

    /// A client without credentials.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder(&self.endpoint)
    }

    /// A client with an application's.
    pub fn app(&self) -> ClientBuilder {
        self.builder().client_credentials("app-id", "s3cret:+")
    }
}

fn count(seen: &[Seen], target: &str) -> usize {
    seen.iter().filter(|seen| seen.target == target).count()
}

async fn read(request: Request) -> Seen {
    let (head, body) = request.into_parts();
    let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Seen {
        method: head.method.to_string(),
        target: head.uri.path_and_query().unwrap().to_string(),
        authorization: header("authorization"),
        cookie: header("cookie"),
        headers: head.headers.clone(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn write(reply: Reply) -> Response<Body> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(reply.body.into()).unwrap()
}

/// A future that is under way: it has been polled, and waits for something.
pub async fn begun<T>(future: impl Future<Output = T>) -> Pin<Box<impl Future<Output = T>>> {
    let mut future = Box::pin(future);
    let pending =
        std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending()));
    assert!(pending.await);
    future
}
