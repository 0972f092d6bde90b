//! How fast the mock is, and how much memory it takes:
//!
//! ```text
//! cargo run --release -p logto-mock --example load
//! ```

#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use logto_mock::Mock;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let began = Instant::now();
    let mock = Mock::start().await?;
    println!("first start of the process: {:.1} ms", millis(began.elapsed()));
    let began = Instant::now();
    drop(Mock::start().await?);
    println!("another start and stop: {:.1} ms", millis(began.elapsed()));

    let mut connection = Connection::open(&mock)?;
    let began = Instant::now();
    connection.get("/api/users?page_size=1")?;
    println!("first request, which reads the contract: {:.1} ms", millis(began.elapsed()));

    for (from, to) in [(0, 100), (100, 1_000), (1_000, 9_000), (9_000, 10_000), (10_000, 100_000)] {
        let rate = f64::from(to - from) / create(&mock, from, to)?.as_secs_f64();
        println!("users {from:>6} to {to:>6}: {rate:.0} requests/s");
    }
    for query in ["page=1", "page=500", "page=1000", "page=1&search=%25user_77_77%25"] {
        let mut times = Vec::new();
        for _ in 0..21 {
            let began = Instant::now();
            connection.get(&format!("/api/users?{query}&page_size=100"))?;
            times.push(began.elapsed());
        }
        times.sort();
        let (least, median) = (millis(times[0]), millis(times[10]));
        println!("{query} of 100,000 users: median of 21 {median:.2} ms, least {least:.2} ms");
    }
    println!("memory: {} MB", memory()?);
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Creates users over several connections at once.
fn create(mock: &Mock, from: u32, to: u32) -> Result<Duration> {
    let began = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|worker| {
                scope.spawn(move || {
                    let mut connection = Connection::open(mock)?;
                    for user in (from..to).skip(worker).step_by(CONNECTIONS) {
                        connection.create(user)?;
                    }
                    Result::Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(_) => Err("a worker panicked".into()),
        })
    })?;
    Ok(began.elapsed())
}

/// A connection that is kept open, and a token.
struct Connection {
    reader: BufReader<TcpStream>,
    token: String,
}

impl Connection {
    fn open(mock: &Mock) -> Result<Self> {
        let address = mock.endpoint().trim_start_matches("http://");
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut connection = Self { reader: BufReader::new(stream), token: String::new() };
        let form = format!(
            "grant_type=client_credentials&resource={}&scope=all&client_id={}&client_secret={}",
            mock.resource(),
            mock.app_id(),
            mock.app_secret(),
        );
        let answer = connection.send("POST /oidc/token", "x-www-form-urlencoded", &form)?;
        let token =
            answer.split("\"access_token\":\"").nth(1).and_then(|rest| rest.split('"').next());
        connection.token = token.ok_or("no token")?.to_owned();
        Ok(connection)
    }

    fn create(&mut self, user: u32) -> Result {
        let body = format!(r#"{{"username":"user_{user}","password":"an example password"}}"#);
        self.send("POST /api/users", "json", &body).map(drop)
    }

    fn get(&mut self, path: &str) -> Result<String> {
        self.send(&format!("GET {path}"), "json", "")
    }

    fn send(&mut self, line: &str, kind: &str, body: &str) -> Result<String> {
        let authorization = match self.token.as_str() {
            "" => String::new(),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\n{authorization}\
             content-type: application/{kind}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
        );
        self.reader.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (String::new(), 0);
        self.reader.read_line(&mut status)?;
        loop {
            let mut header = String::new();
            self.reader.read_line(&mut header)?;
            match header.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse()?,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        match status.contains(" 200 ") {
            true => Ok(String::from_utf8(body)?),
            false => Err(format!("{status}{}", String::from_utf8_lossy(&body)).into()),
        }
    }
}

/// What the process has in memory, where the system tells.
fn memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024)
}
