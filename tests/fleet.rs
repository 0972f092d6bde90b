//! Several processes with one Redis: they renew a session once, and fetch a token once.
//!
//! It starts `redis-server`, and says so and does nothing where there is none, but in CI.

#![cfg(all(feature = "sign-in", feature = "redis"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/redis.rs"]
mod redis;

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
};

use desk::{Desk, Reply, Seen};
use logto_api::{
    Client, RedisTokenStore,
    sign_in::{Identifier, StoredTokens, UserSessions},
};
use logto_mock::Mock;
use redis::Redis;
use serde_json::json;
use tokio::sync::Semaphore;

const PROCESSES: usize = 6;
const TOKEN: &str = "/oidc/token";
const PASSWORD: &str = "correct horse 7 battery";
/// What a worker's own lines begin with.
const MARK: &str = "fleet: ";

/// A process that waits for a word to do its task.
struct Worker {
    process: Child,
    words: ChildStdin,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(task: &str, redis: &Redis, endpoint: &str, app: [&str; 2]) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "worker", "--nocapture"])
            .envs([("FLEET_TASK", task), ("FLEET_REDIS", &redis.url()), ("FLEET_LOGTO", endpoint)])
            .envs([("FLEET_APP", app[0]), ("FLEET_SECRET", app[1])])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let words = process.stdin.take().unwrap();
        let mut worker = Self { process, words, lines };
        assert_eq!(worker.line(), "ready");
        worker
    }

    fn begin(&mut self) {
        writeln!(self.words, "go").unwrap();
    }

    /// The next line that the worker itself wrote.
    fn line(&mut self) -> String {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        let line = lines.find_map(|line| Some(line.strip_prefix(MARK)?.to_owned()));
        line.unwrap_or_else(|| panic!("the worker ended"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Does the task of a worker; in other processes it does nothing.
#[tokio::test]
async fn worker() {
    let Ok(task) = env::var("FLEET_TASK") else { return };
    let var = |name| env::var(name).unwrap();
    let store = RedisTokenStore::connect(&var("FLEET_REDIS")).await.unwrap();
    let builder = Client::builder(var("FLEET_LOGTO"));
    let say = |text: &str| println!("\n{MARK}{text}");
    let wait = || std::io::stdin().read_line(&mut String::new()).unwrap();
    match task.as_str() {
        "fetch" => {
            let app = builder.client_credentials(var("FLEET_APP"), var("FLEET_SECRET"));
            let client = app.token_store(store).build().unwrap();
            say("ready");
            wait();
            say(client.access_token().await.unwrap().secret());
        }
        _ => {
            let sessions = UserSessions::new(&builder.build().unwrap(), store);
            let tokens = sessions.get("s1").await.unwrap().unwrap();
            say("ready");
            while wait() > 0 {
                match tokens.refresh().await {
                    Ok(tokens) => say(tokens.access_token().secret()),
                    Err(error) => say(&error.to_string()),
                }
            }
        }
    }
}

/// What each of these says, when all begin at once.
fn race(workers: &mut [Worker]) -> HashSet<String> {
    workers.iter_mut().for_each(Worker::begin);
    workers.iter_mut().map(Worker::line).collect()
}

fn refreshes(mock: &Mock) -> usize {
    let requests = mock.requests();
    let is_refresh = |body: &[u8]| String::from_utf8_lossy(body).contains("refresh_token=");
    requests.iter().filter(|request| request.path() == TOKEN && is_refresh(&request.body)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_renew_a_session_once() {
    let Some(redis) = Redis::start() else { return };
    let mock = Mock::start().await.unwrap();
    mock.add_user("alice", PASSWORD);
    let logto = Client::builder(mock.endpoint()).build().unwrap();
    // The mock takes each refresh token of a single-page application once.
    let session = logto.sign_in(mock.spa_app_id(), mock.redirect_uri()).begin().await.unwrap();
    let step = session.password(Identifier::username("alice"), PASSWORD).await.unwrap();
    let tokens = step.submit().await.unwrap().tokens().await.unwrap();
    let sessions = UserSessions::new(&logto, redis.store().await);
    sessions.insert("s1", &tokens).await.unwrap();

    let start = || Worker::start("refresh", &redis, mock.endpoint(), ["", ""]);
    let mut workers: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
    for round in 1..=3 {
        let said = race(&mut workers);
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(refreshes(&mock), round);
        let kept = sessions.get("s1").await.unwrap().unwrap();
        assert!(said.contains(kept.access_token().secret()), "{said:?}");
    }
    // The refresh token that is kept is the good one.
    let tokens = sessions.get("s1").await.unwrap().unwrap();
    tokens.refresh().await.unwrap().revoke().await.unwrap();
    assert!(sessions.get("s1").await.unwrap().is_none());
    let said = race(&mut workers);
    assert!(said.iter().all(|text| text.contains("sign in again")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_fetch_a_token_once() {
    let Some(redis) = Redis::start() else { return };
    let mock = Mock::start().await.unwrap();
    let app = [mock.app_id(), mock.app_secret()];
    let start = || Worker::start("fetch", &redis, mock.endpoint(), app);
    let mut workers: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
    assert_eq!(race(&mut workers).len(), 1);
    let requests = mock.requests();
    assert_eq!(requests.iter().filter(|request| request.path() == TOKEN).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_renews_holds_up_nobody_for_long() {
    let Some(redis) = Redis::start() else { return };
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let desk = Desk::open(move |_: Seen| {
        let gate = held.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            Reply::json(
                200,
                &json!({"access_token": "opaque-2", "refresh_token": "refresh-2", "expires_in": 3600}),
            )
        }
    })
    .await;
    let set: StoredTokens = serde_json::from_value(json!({
        "client_id": "app", "access_token": "opaque-1", "refresh_token": "refresh-1",
        "expires_at": 4_000_000_000_000_i64, "scope": "openid",
    }))
    .unwrap();
    let logto = desk.builder().build().unwrap();
    let sessions = UserSessions::new(&logto, redis.store().await);
    sessions.insert("s1", &set.restore(&logto, None).unwrap()).await.unwrap();

    let start = || Worker::start("refresh", &redis, &desk.endpoint, ["", ""]);
    let (mut killed, mut other) = (start(), start());
    killed.begin();
    desk.arrived(TOKEN, 1).await;
    drop(killed);
    // While its tokens are good, the other sends nothing; the next time it tries.
    other.begin();
    let said = other.line();
    assert!(said.contains("another process has sent the refresh token"), "{said}");
    assert_eq!(desk.count(TOKEN), 1);
    gate.add_permits(10);
    other.begin();
    assert_eq!(other.line(), "opaque-2");
    let kept = sessions.get("s1").await.unwrap().unwrap();
    assert_eq!(kept.refresh_token().as_deref(), Some("refresh-2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_comes_back_is_used_again() {
    let Some(redis) = Redis::start() else { return };
    let desk = Desk::open(|_: Seen| async { Reply::token("t1") }).await;
    let set: StoredTokens = serde_json::from_value(json!({
        "client_id": "app", "access_token": "opaque-1", "refresh_token": "refresh-1",
        "expires_at": 4_000_000_000_000_i64, "scope": "openid",
    }))
    .unwrap();
    let logto = desk.builder().build().unwrap();
    let sessions = UserSessions::new(&logto, redis.store().await.prefix("acme:"));
    let given = set.restore(&logto, None).unwrap();
    let tokens = sessions.insert("s1", &given).await.unwrap();
    let port = redis.port;
    drop(redis);
    let error = tokens.refresh().await.unwrap_err();
    assert!(error.is_auth() && error.is_transient(), "{error}");
    assert_eq!((tokens.access_token().secret(), desk.count(TOKEN)), ("opaque-1", 0));

    // What was kept in memory alone is gone.
    let _redis = Redis::start_at(port).unwrap();
    while sessions.get("s1").await.is_err() {}
    assert!(tokens.refresh().await.unwrap_err().is_sign_in_required());
    sessions.insert("s1", &given).await.unwrap().refresh().await.unwrap();
    assert_eq!(desk.count(TOKEN), 1);
}
