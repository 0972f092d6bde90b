//! Connections that wait for the next request, and servers that close them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use futures_util::future::try_join_all;
use logto_api::{Client, ClientBuilder, Method, RetryPolicy};
use serde_json::json;

/// One request, by its target, and where it came.
#[derive(Clone, Debug)]
struct Seen {
    target: String,
    /// The connections are numbered from 0.
    connection: usize,
    /// Its number on the connection, from 0.
    number: usize,
}

/// A server that keeps its connections.
struct Server {
    endpoint: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// `answer` gives the headers and the body of each answer; the connection is closed where it
    /// gives none.
    fn start(answer: impl Fn(&Seen) -> Option<(String, String)> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (log, answer) = (seen.clone(), Arc::new(answer));
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (log, answer, stream) = (log.clone(), answer.clone(), stream.unwrap());
                thread::spawn(move || {
                    for number in 0.. {
                        let Some(target) = request(&stream) else { return };
                        let seen = Seen { target, connection, number };
                        log.lock().unwrap().push(seen.clone());
                        let Some((headers, body)) = answer(&seen) else { return };
                        let length = body.len();
                        let head =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{headers}");
                        (&stream).write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
                    }
                });
            }
        });
        Self { endpoint, seen }
    }

    /// Tells in each answer which connection it came by, with these headers.
    fn numbering(headers: &'static str) -> Self {
        Self::start(move |seen| Some((headers.to_owned(), seen.connection.to_string())))
    }

    fn builder(&self) -> ClientBuilder {
        let at_once = RetryPolicy::new().base_delay(Duration::ZERO);
        Client::builder(&self.endpoint).retry(at_once)
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Reads a request, if there is another, and gives its target.
fn request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some(target)
}

async fn get(client: &Client, path: &str) -> logto_api::Result<String> {
    client.request(Method::GET, path).unauthenticated().send().await?.text()
}

/// The connections of two requests with a pause between.
async fn connections(client: &Client, pause: u64) -> [String; 2] {
    let first = get(client, "/api/status").await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(pause)).await;
    tokio::time::resume();
    [first, get(client, "/api/status").await.unwrap()]
}

#[tokio::test]
async fn an_idle_connection_is_given_up_before_the_server_does_so() {
    for (idle, pause, expected) in [
        (None, 3_900, ["0", "0"]),
        // Node's limit is 5 seconds.
        (None, 4_100, ["0", "1"]),
        (Some(1_000), 900, ["0", "0"]),
        (Some(1_000), 1_100, ["0", "1"]),
        (Some(60_000), 50_000, ["0", "0"]),
    ] {
        let server = Server::numbering("");
        let mut builder = server.builder();
        if let Some(idle) = idle {
            builder = builder.pool_idle_timeout(Duration::from_millis(idle));
        }
        let client = builder.build().unwrap();
        assert_eq!(connections(&client, pause).await, expected, "{idle:?} {pause}");
    }
}

#[tokio::test]
async fn what_the_server_announces_is_kept_to() {
    for (headers, pause, expected) in [
        ("keep-alive: timeout=2\r\n", 1_500, ["1", "1"]),
        ("keep-alive: timeout=2\r\n", 1_700, ["1", "2"]),
        ("keep-alive: max=100, timeout=1\r\n", 900, ["1", "2"]),
        // The usual limit is shorter, or there is nothing to go by.
        ("keep-alive: timeout=60\r\n", 4_100, ["0", "1"]),
        ("keep-alive: timeout=5\r\n", 3_900, ["0", "0"]),
        ("keep-alive: timeout=soon\r\n", 3_900, ["0", "0"]),
    ] {
        let server = Server::numbering(headers);
        let client = server.builder().build().unwrap();
        // The first answer announces it.
        get(&client, "/api/status").await.unwrap();
        assert_eq!(connections(&client, pause).await, expected, "{headers} {pause}");
    }
    // Behind a gateway that hands on what Logto announces, the caller knows better.
    let server = Server::numbering("keep-alive: timeout=2\r\n");
    let client = server.builder().pool_idle_timeout(Duration::from_secs(60)).build().unwrap();
    assert_eq!(connections(&client, 50_000).await, ["0", "0"]);
}

/// A server on which several connections wait that it closes as soon as they are used again. To
/// others it answers.
async fn stale(client: impl Fn(&Server) -> Client) -> (Server, Client) {
    const WAITING: usize = 5;

    // Each answers when all have come.
    let all = Barrier::new(WAITING);
    let server = Server::start(move |seen| match (seen.connection < WAITING, seen.number) {
        (true, 0) => {
            all.wait();
            Some((String::new(), String::new()))
        }
        (true, _) => None,
        (false, _) if seen.target == "/oidc/token" => {
            let token = json!({"access_token": "t", "expires_in": 3600});
            Some((String::new(), token.to_string()))
        }
        (false, _) => Some((String::new(), "{}".to_owned())),
    });
    let client = client(&server);
    try_join_all((0..WAITING).map(|_| get(&client, "/api/status"))).await.unwrap();
    server.seen.lock().unwrap().clear();
    (server, client)
}

#[tokio::test]
async fn a_retry_meets_no_other_connection_that_the_server_has_closed() {
    let (server, client) = stale(|server| server.builder().build().unwrap()).await;
    get(&client, "/api/users").await.unwrap();
    assert_eq!(server.seen().len(), 2);
    // Nor does a call that may be sent once.
    let request = client.request(Method::POST, "/api/users").unauthenticated().json(&json!({}));
    request.send().await.unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_post_meets_one_of_them_at_most() {
    let (server, client) = stale(|server| server.builder().build().unwrap()).await;
    let post =
        || client.request(Method::POST, "/api/users").unauthenticated().json(&json!({})).send();
    let error = post().await.unwrap_err();
    assert!(error.may_have_taken_effect(), "{error}");
    post().await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_token_request_meets_one_of_them_at_most() {
    let (server, client) =
        stale(|server| server.builder().client_credentials("app", "secret").build().unwrap()).await;
    client.request(Method::GET, "/api/users").send().await.unwrap();
    let targets: Vec<_> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/oidc/token", "/oidc/token", "/api/users"]);
}

#[tokio::test]
async fn a_server_that_closes_all_connections_does_not_make_pools_without_end() {
    let server = Server::start(|_| None);
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let client = server.builder().retry_budget(1000).configure_http(move |http| {
        count.fetch_add(1, Ordering::SeqCst);
        http
    });
    let client = client.build().unwrap();
    for _ in 0..30 {
        let error = get(&client, "/api/status").await.unwrap_err();
        assert_eq!(error.attempts(), 3);
    }
    assert_eq!(server.seen().len(), 90);
    // One at first, and ten within ten seconds.
    let made = made.load(Ordering::SeqCst);
    assert!((2..=31).contains(&made), "{made}");
}
