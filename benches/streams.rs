//! A list of 100,000 users over a server that answers in 20 ms: `stream()` as it comes, next to
//! page by page; and the memory that streams of different lengths take.
//! `cargo bench --bench streams`
//!
//! Memory is the peak of a process of its own, which Linux tells.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench is a program")]

mod support;

use std::{
    env, fs,
    process::{Command, exit},
    time::{Duration, Instant},
};

use logto_api::Client;
use support::{
    is_asked_for, median,
    server::{Config, Server, TOKEN, serve_if_asked},
};
use tokio::runtime;

const USERS: usize = 100_000;
const PAGE: usize = 100;
const DELAY: Duration = Duration::from_millis(20);
const ROUNDS: usize = 3;

/// How many times as fast as page by page a stream is at least.
const SPEED: f64 = 4.0;
/// How many times the memory of a short stream a long one takes at most.
const GROWTH: f64 = 1.1;

const ROLE: &str = "LOGTO_BENCH_STREAM";

fn main() {
    serve_if_asked();
    stream_if_asked();
    if is_asked_for() {
        let good = speed() & memory();
        exit(i32::from(!good));
    }
}

fn speed() -> bool {
    let server = Server::start(Config { total: USERS, delay: DELAY });
    let client = client(&server.endpoint);
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut paged, mut streamed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        paged.push(runtime.block_on(timed(page_by_page(&client))));
        streamed.push(runtime.block_on(timed(stream(&client))));
    }
    println!(
        "{USERS} users at {PAGE} a page, {} ms an answer, {ROUNDS} rounds:",
        DELAY.as_millis()
    );
    println!("page by page  {paged:.2?}");
    println!("stream        {streamed:.2?}");
    let ratio = median(paged).as_secs_f64() / median(streamed).as_secs_f64();
    println!("ratio of the medians: {ratio:.2} (limit {SPEED})");
    ratio >= SPEED
}

async fn timed(count: impl Future<Output = usize>) -> Duration {
    let start = Instant::now();
    assert_eq!(count.await, USERS);
    start.elapsed()
}

fn client(endpoint: &str) -> Client {
    Client::builder(endpoint).bearer_token(TOKEN).build().unwrap()
}

async fn page_by_page(client: &Client) -> usize {
    let mut count = 0;
    for page in 1.. {
        let list = client.users().list().page(page).page_size(PAGE as i64);
        let users = list.send().await.unwrap();
        count += users.len();
        if users.len() < PAGE {
            break;
        }
    }
    count
}

async fn stream(client: &Client) -> usize {
    let mut users = client.users().list().stream();
    let mut count = 0;
    while let Some(user) = users.next().await {
        assert!(!user.unwrap().id.is_empty());
        count += 1;
    }
    count
}

fn memory() -> bool {
    let Some(few) = peak(USERS / 10) else {
        println!("memory: skipped, this system does not tell a process's peak");
        return true;
    };
    let many = peak(USERS).unwrap();
    println!("peak memory: {few} kB with {} users, {many} kB with {USERS}", USERS / 10);
    let ratio = many as f64 / few as f64;
    println!("ratio: {ratio:.2} (limit {GROWTH})");
    ratio <= GROWTH
}

/// The most memory, in kB, that a process takes which streams so many users.
fn peak(users: usize) -> Option<u64> {
    let server = Server::start(Config { total: users, delay: Duration::from_millis(1) });
    let output = Command::new(env::current_exe().unwrap())
        .env(ROLE, format!("{users} {}", server.endpoint))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// Is this process one whose memory is looked at, it streams, tells its peak and never returns.
fn stream_if_asked() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let (users, endpoint) = role.split_once(' ').unwrap();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let count = runtime.block_on(stream(&client(endpoint)));
    assert_eq!(count.to_string(), users);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", peak.unwrap_or_default().trim().trim_end_matches(" kB"));
    exit(0);
}
