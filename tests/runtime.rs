//! How the client behaves on the wire, against a server that answers whatever a test wants.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use logto_api::{Client, Method, StatusCode};
use serde_json::{Value, json};

/// What the server got.
#[derive(Clone, Debug)]
struct Seen {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(found, _)| found == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is sent twice");
        value
    }
}

/// An HTTP/1.1 server in threads of its own; `answer` gives the raw bytes of each answer.
struct Server {
    endpoint: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    fn start(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), seen.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, log) = (answer.clone(), log.clone());
                thread::spawn(move || serve(&stream.unwrap(), &*answer, &log));
            }
        });
        Self { endpoint, seen }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn count(&self, target: &str) -> usize {
        let seen = self.seen();
        seen.iter().filter(|seen| seen.target == target).count()
    }

    /// A client without credentials.
    fn client(&self) -> Client {
        Client::builder(&self.endpoint).build().unwrap()
    }

    fn app(&self) -> Client {
        Client::builder(&self.endpoint).client_credentials("app-id", "s3cret:+").build().unwrap()
    }
}

/// Answers one request and hangs up.
fn serve(stream: &TcpStream, answer: &dyn Fn(&Seen) -> String, log: &Mutex<Vec<Seen>>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let mut seen = Seen { method, target, headers, body: String::new() };
    if let Some(length) = seen.header("content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        seen.body = String::from_utf8_lossy(&body).into_owned();
    }
    log.lock().unwrap().push(seen.clone());
    let answer = answer(&seen);
    let mut stream = stream;
    stream.write_all(answer.as_bytes()).unwrap();
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\
         logto-core-request-id: req-1\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn ok(body: &Value) -> String {
    answer(200, "content-type: application/json\r\n", &body.to_string())
}

fn token(name: &str) -> String {
    ok(&json!({"access_token": name, "expires_in": 3600, "token_type": "Bearer"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_dressed() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/oidc/token" => token("t1"),
        _ => ok(&json!({"id": "x"})),
    });
    let client = Client::builder(&server.endpoint)
        .client_credentials("app-id", "s3cret:+")
        .user_agent_suffix("acme/2")
        .build()
        .unwrap();
    let answer = client
        .request(Method::POST, "/api/users")
        .query(&[("a", "b c"), ("a", "d")])
        .header("x-test", "1")
        .json(&json!({"name": "é"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.request_id(), Some("req-1"));
    assert_eq!(answer.json::<Value>().unwrap()["id"], "x");

    let seen = server.seen();
    assert_eq!(seen[0].target, "/oidc/token");
    assert_eq!(
        seen[0].body,
        "grant_type=client_credentials&resource=https%3A%2F%2Fdefault.logto.app%2Fapi&scope=all"
    );
    // app-id:s3cret%3A%2B
    assert_eq!(seen[0].header("authorization"), Some("Basic YXBwLWlkOnMzY3JldCUzQSUyQg=="));
    assert_eq!(seen[1].method, "POST");
    assert_eq!(seen[1].target, "/api/users?a=b+c&a=d");
    assert_eq!(seen[1].header("authorization"), Some("Bearer t1"));
    assert_eq!(seen[1].header("content-type"), Some("application/json"));
    assert_eq!(seen[1].header("x-test"), Some("1"));
    assert_eq!(seen[1].header("origin"), None);
    let agent = seen[1].header("user-agent").unwrap();
    assert!(agent.starts_with("logto-api/") && agent.ends_with(" acme/2"));
    assert_eq!(seen[1].body, "{\"name\":\"é\"}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tasks_fetch_one_token() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/oidc/token" => {
            thread::sleep(Duration::from_millis(50));
            token("t1")
        }
        _ => answer(204, "", ""),
    });
    let client = server.app();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.request(Method::GET, "/api/users").send().await })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        // A thousand connections at once may be too many for this machine; one token is not.
        match task.await.unwrap() {
            Ok(_) => answered += 1,
            Err(error) => assert!(!error.is_auth(), "{error}"),
        }
    }
    assert!(answered > 0);
    assert_eq!(server.count("/oidc/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_fetch_is_told_to_those_who_waited_and_forgotten() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = fetches.clone();
    let server = Server::start(move |seen| {
        if seen.target != "/oidc/token" {
            return answer(204, "", "");
        }
        if counter.fetch_add(1, Ordering::SeqCst) == 0 {
            thread::sleep(Duration::from_millis(200));
            let body = json!({
                "code": "oidc.invalid_client",
                "error": "invalid_client",
                "error_description": "client authentication failed",
            });
            return answer(401, "", &body.to_string());
        }
        token("t2")
    });
    let client = server.app();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.request(Method::GET, "/api/users").send().await })
        })
        .collect();
    for task in tasks {
        let error = task.await.unwrap().unwrap_err();
        assert!(error.is_auth() && !error.is_unauthorized());
        assert_eq!(error.code(), Some("invalid_client"));
        assert_eq!(error.message(), Some("client authentication failed"));
        assert_eq!(error.status(), None);
        assert_eq!(
            error.to_string(),
            "the token endpoint answered 401 invalid_client: client authentication failed"
        );
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
    let answer = client.request(Method::GET, "/api/users").send().await;
    assert!(answer.is_ok());
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_call_that_fetches_leaves_the_fetch_to_the_next() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = fetches.clone();
    let server = Server::start(move |seen| {
        if seen.target == "/oidc/token" {
            if counter.fetch_add(1, Ordering::SeqCst) == 0 {
                thread::sleep(Duration::from_secs(5));
            }
            return token("t");
        }
        answer(204, "", "")
    });
    let client = server.app();
    let call = client.request(Method::GET, "/api/users").send();
    let dropped = tokio::time::timeout(Duration::from_millis(100), call).await;
    assert!(dropped.is_err());
    let answer = client.request(Method::GET, "/api/users").send().await;
    assert!(answer.is_ok());
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_replaced_once() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = fetches.clone();
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/oidc/token" => token(&format!("t{}", counter.fetch_add(1, Ordering::SeqCst))),
        "/api/never" => answer(401, "", r#"{"code":"auth.unauthorized","message":"no"}"#),
        _ if seen.header("authorization") == Some("Bearer t0") => answer(401, "", "{}"),
        _ => answer(204, "", ""),
    });
    let client = server.app();
    let body = json!({"a": 1});
    let request = client.request(Method::POST, "/api/users").json(&body);
    assert_eq!(request.send().await.unwrap().status(), 204);
    let bodies: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies[1], bodies[3]);
    assert_eq!(server.count("/api/users"), 2);

    let error = client.request(Method::GET, "/api/never").send().await.unwrap_err();
    assert!(error.is_unauthorized() && error.has_code("auth.unauthorized"));
    assert_eq!(server.count("/api/never"), 2);
    assert_eq!(fetches.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_go_where_they_belong() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/oidc/token" => token("app-token"),
        _ => answer(204, "", ""),
    });
    let app = server.app();
    let get = |client: &Client, path: &str| client.request(Method::GET, path);

    // The Account API takes a user's token; an application's is not tried on it.
    let error = get(&app, "/api/my-account").send().await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("Account API"));
    let error = get(&server.client(), "/api/users").send().await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("client_credentials"));
    assert!(server.seen().is_empty());

    let user = Client::builder(&server.endpoint).bearer_token("user-token").build().unwrap();
    for (request, sent, origin) in [
        (get(&user, "/api/my-account"), Some("Bearer user-token"), true),
        (get(&user, "/api/users"), Some("Bearer user-token"), false),
        (get(&user, "/api/experience/submit"), None, true),
        (get(&user, "/api/status").public(), None, false),
        (get(&app, "/oidc/auth"), None, false),
        (get(&app, "/api/my-account").token("other"), Some("Bearer other"), true),
        (get(&app, "/api/users").token("other"), Some("Bearer other"), false),
    ] {
        request.send().await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("authorization"), sent, "{}", seen.target);
        let expected = origin.then_some(server.endpoint.as_str());
        assert_eq!(seen.header("origin"), expected, "{}", seen.target);
    }
    assert_eq!(server.count("/oidc/token"), 0);

    let request = get(&user, "/api/my-account").header("Origin", "https://acme.com");
    request.send().await.unwrap();
    let seen = server.seen().pop().unwrap();
    assert_eq!(seen.header("origin"), Some("https://acme.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_that_is_no_success_is_an_error() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/json" => answer(
            422,
            "content-type: application/json\r\n",
            r#"{"code":"user.username_already_in_use","message":"Taken.","data":{"typed":"hunter2"},"details":"hunter2"}"#,
        ),
        "/html" => answer(502, "content-type: text/html\r\n", "<h1>hunter2</h1>"),
        "/empty" => answer(404, "", ""),
        "/cut" => answer(500, "", r#"{"code":"entity.hunter2","message":"hun"#)
            .replace("content-length: 39", "content-length: 900"),
        "/limit" => answer(429, "retry-after: 1\r\n", r#"{"message":"slow down"}"#),
        other => panic!("{other}"),
    });
    let client = server.client();
    let fail = async |path: &str| client.request(Method::GET, path).send().await.unwrap_err();

    let error = fail("/json").await;
    assert!(error.is_unprocessable() && error.has_code("user.username_already_in_use"));
    assert_eq!(error.message(), Some("Taken."));
    assert_eq!(error.data(), Some(&json!({"typed": "hunter2"})));
    assert_eq!(error.details(), Some(&json!("hunter2")));
    assert_eq!(error.request_id(), Some("req-1"));
    assert_eq!(
        error.to_string(),
        "Logto answered 422 user.username_already_in_use: Taken. (request req-1)"
    );
    assert!(!format!("{error:?}").contains("hunter2"));

    for (path, status) in [("/html", 502), ("/empty", 404), ("/cut", 500)] {
        let error = fail(path).await;
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!((error.code(), error.message()), (None, None));
        assert!(!format!("{error} {error:?}").contains("hun"), "{error}");
    }
    assert!(fail("/empty").await.is_not_found());
    assert!(fail("/html").await.is_server_error());
    assert!(fail("/limit").await.is_rate_limited());
}

#[tokio::test]
async fn a_token_that_may_not_use_the_management_api_is_told_apart() {
    let server =
        Server::start(|_| answer(403, "", r#"{"code":"auth.forbidden","message":"Forbidden."}"#));
    let client = Client::builder(&server.endpoint).bearer_token("t").build().unwrap();
    let ask = async |path: &str| client.request(Method::GET, path).send().await.unwrap_err();
    let error = ask("/api/users").await;
    assert!(error.is_forbidden() && error.is_insufficient_scope() && !error.is_auth());
    assert_eq!(
        error.to_string(),
        "Logto answered 403 auth.forbidden: Forbidden. (the token lacks the Management API's \
         permission `all`: to an application, assign the role `Logto Management API access`) \
         (request req-1)"
    );
    assert!(!ask("/api/my-account").await.is_insufficient_scope());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_cannot_be_read_is_an_error() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/shape" => ok(&json!([{"name": "a"}, {"name": {"password": "hunter2"}}])),
        "/html" => answer(200, "content-type: text/html\r\n", "<h1>hunter2</h1>"),
        "/cut" => answer(200, "", "[{\"name\":").replace("content-length: 9", "content-length: 90"),
        _ => answer(200, "", ""),
    });
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Thing {
        name: String,
    }
    let client = server.client();
    for (path, json_path) in [("/shape", "[1].name"), ("/html", "."), ("/none", ".")] {
        let answer = client.request(Method::GET, path).send().await.unwrap();
        let error = answer.json::<Vec<Thing>>().unwrap_err();
        assert!(error.is_decode());
        assert_eq!(error.json_path(), Some(json_path));
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert_eq!(error.request_id(), Some("req-1"));
        assert!(!format!("{error} {error:?} {answer:?}").contains("hunter2"));
    }
    let error = client.request(Method::GET, "/cut").send().await.unwrap_err();
    assert!(!error.is_decode() && !error.is_connect());
    assert_eq!(error.status(), Some(StatusCode::OK));
    assert!(error.to_string().contains("broke off"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_and_time_limits() {
    let server = Server::start(|_| {
        thread::sleep(Duration::from_secs(3));
        answer(204, "", "")
    });
    let request = server.client().request(Method::GET, "/api?token=hunter2");
    let error = request.public().timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert!(error.is_timeout() && !error.is_connect());
    assert!(!format!("{error} {error:?}").contains("hunter2"));

    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let client = Client::builder(&endpoint).build().unwrap();
    let request = client.request(Method::GET, "/api?token=hunter2").public();
    let error = request.send().await.unwrap_err();
    assert!(error.is_connect() && !error.is_timeout(), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let app = Client::builder(&endpoint).client_credentials("a", "hunter2");
    let request = app.build().unwrap().request(Method::GET, "/api/users");
    let error = request.send().await.unwrap_err();
    assert!(error.is_auth() && error.is_connect(), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_before_anything_is() {
    let server = Server::start(|_| answer(204, "", ""));
    let client = server.client();
    let get = |path: &str| client.request(Method::GET, path);
    for request in [
        get("api/status"),
        get("/api/users/../roles"),
        get("/api/users/%2E%2e/roles"),
        get("/x").header("a b", "c"),
        get("/x").header("a", "b\r\nc: d"),
        get("/x").header("Authorization", "Bearer hunter2"),
        get("/x").header("content-length", "1"),
        get("/x").token("hunter2\n\n2"),
        get("/x").token(""),
        get("/x").query("not pairs"),
    ] {
        let shown = format!("{request:?}");
        let error = request.send().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(!format!("{shown} {error} {error:?}").contains("hunter2"));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_answers() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/oidc/auth" => answer(303, "location: /sign-in\r\n", ""),
        _ => answer(307, "location: https://evil.example/\r\n", ""),
    });
    let request = server.client().request(Method::GET, "/oidc/auth");
    let redirect = request.send().await.unwrap();
    assert_eq!(redirect.status(), 303);
    assert_eq!(redirect.headers()["location"], "/sign-in");

    // Nor does a token request follow one.
    let request = server.app().request(Method::GET, "/api/users");
    let error = request.send().await.unwrap_err();
    assert!(error.is_auth(), "{error}");
    assert_eq!(server.seen().len(), 2);
}
