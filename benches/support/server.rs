//! A server in a process of its own, so that none of its work is counted as a client's.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio, exit},
    time::Duration,
};

use axum::{
    Router,
    extract::Query,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, runtime, time::sleep};

use super::users;

/// What every client must send.
pub(crate) const TOKEN: &str = "a-token-as-long-as-an-opaque-one-of-logto-0123";

const ROLE: &str = "LOGTO_BENCH_SERVER";

/// What the server of a bench does.
#[derive(Clone, Copy)]
pub(crate) struct Config {
    /// How many users there are.
    pub(crate) total: usize,
    /// How long an answer takes.
    pub(crate) delay: Duration,
}

/// A running server; it ends with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) endpoint: String,
}

impl Server {
    /// Starts this very program once more, as the server.
    pub(crate) fn start(config: Config) -> Self {
        let role = format!("{} {}", config.total, config.delay.as_millis());
        let mut process = Command::new(env::current_exe().unwrap())
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        Self { process, endpoint: endpoint.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// To be called first by every bench: is this process the server, it never returns.
pub(crate) fn serve_if_asked() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let (total, delay) = role.split_once(' ').unwrap();
    let config = Config {
        total: total.parse().unwrap(),
        delay: Duration::from_millis(delay.parse().unwrap()),
    };
    // The pipe closes when the bench ends, however it ends.
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        exit(0);
    });
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(serve(config));
    exit(0);
}

async fn serve(config: Config) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let first = users::page(0, 20);
    let router = Router::new().route(
        "/api/users",
        get(move |query: Query<Vec<(String, usize)>>, headers: HeaderMap| {
            let first = first.clone();
            async move {
                sleep(config.delay).await;
                answer(config, &query, &headers, first)
            }
        }),
    );
    axum::serve(listener, router).await.unwrap();
}

/// A page as Logto answers it. The first of 20 users, which the calls are timed with, is ready.
fn answer(
    config: Config,
    query: &[(String, usize)],
    headers: &HeaderMap,
    first: String,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    if authorization != Some(format!("Bearer {TOKEN}").as_bytes()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let asked = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let (page, size) = (asked("page").unwrap_or(1), asked("page_size").unwrap_or(20));
    let start = (page - 1) * size;
    let body = match (page, size) {
        (1, 20) => first,
        _ => users::page(start, size.min(config.total.saturating_sub(start))),
    };
    let headers = [
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("total-number", config.total.to_string()),
        ("logto-core-request-id", "EAk_7Nqx84HZttL7".to_owned()),
        ("vary", "Accept-Encoding, Origin".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    (headers, body).into_response()
}
