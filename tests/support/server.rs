//! An HTTP/1.1 server that answers whatever a test wants, byte for byte.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use logto_api::{Client, ClientBuilder, RetryPolicy};
use serde_json::{Value, json};

/// What the server got.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(found, _)| found == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is sent twice");
        value
    }
}

/// A server in threads of its own. `answer` gives the bytes of each answer; without any, the
/// connection is closed.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
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

    /// Gives these answers one after the other, the last one for ever. Tokens are had besides.
    pub(crate) fn answering(answers: impl IntoIterator<Item = String>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        let next = Mutex::new(0);
        Self::start(move |seen| {
            if seen.target == "/oidc/token" {
                return token("t1");
            }
            let mut next = next.lock().unwrap();
            let answer = answers[(*next).min(answers.len() - 1)].clone();
            *next += 1;
            answer
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, target: &str) -> usize {
        self.seen().iter().filter(|seen| seen.target == target).count()
    }

    /// What was asked for besides tokens.
    pub(crate) fn calls(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.target != "/oidc/token").collect()
    }

    /// Builds a client without credentials, which repeats calls at once.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let at_once = RetryPolicy::new().base_delay(Duration::ZERO);
        Client::builder(&self.endpoint).retry(at_once)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn app(&self) -> Client {
        self.builder().client_credentials("app-id", "s3cret:+").build().unwrap()
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
    // A client that has given up is none of the server's business.
    let _ = stream.write_all(answer.as_bytes());
}

pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\
         logto-core-request-id: req-1\r\n{headers}\r\n{body}",
        body.len()
    )
}

pub(crate) fn ok(body: &Value) -> String {
    answer(200, "content-type: application/json\r\n", &body.to_string())
}

pub(crate) fn token(name: &str) -> String {
    ok(&json!({"access_token": name, "expires_in": 3600, "token_type": "Bearer"}))
}

/// For an answer that never comes.
pub(crate) fn silence() -> ! {
    loop {
        thread::park();
    }
}

/// An endpoint where nobody listens.
pub(crate) fn nobody() -> String {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", closed.local_addr().unwrap())
}
