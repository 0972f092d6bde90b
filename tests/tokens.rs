//! How tokens are had, kept, renewed and replaced, on the wire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/desk.rs"]
mod desk;

use std::{
    error::Error as StdError,
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use clock::TestClock;
use desk::{Desk, Reply, Seen, begun};
use logto_api::{
    AccessToken, Client, Method, Response, Result, RetryPolicy, TokenProvider, reqwest,
};
use serde_json::json;
use tokio::{runtime, sync::Semaphore};

const TOKEN: &str = "/oidc/token";
const USERS: &str = "/api/users";

fn call(client: &Client) -> impl Future<Output = Result<Response>> + Send + use<> {
    client.request(Method::GET, USERS).send()
}

/// A server whose tokens are t1, t2, …, each given when the gate lets it through.
async fn gated(gate: &Arc<Semaphore>, life: u64) -> Desk {
    let (gate, fetches) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    Desk::open(move |seen: Seen| {
        let (gate, fetches) = (gate.clone(), fetches.clone());
        async move {
            if seen.target != TOKEN {
                return Reply::done();
            }
            let number = fetches.fetch_add(1, Ordering::SeqCst) + 1;
            gate.acquire().await.unwrap().forget();
            Reply::token_for(&format!("t{number}"), life)
        }
    })
    .await
}

/// A server whose answers to token requests are given in turn; the last one stays.
async fn answering(answers: Vec<(u16, serde_json::Value)>) -> Desk {
    let answers = Arc::new(Mutex::new(answers));
    Desk::open(move |seen: Seen| {
        let mut answers = answers.lock().unwrap();
        let reply = match seen.target.as_str() {
            TOKEN => {
                let (status, body) = match answers.len() {
                    1 => answers[0].clone(),
                    _ => answers.remove(0),
                };
                Reply::json(status, &body)
            }
            _ => Reply::done(),
        };
        future::ready(reply)
    })
    .await
}

/// Calls until a call is made with this token, which a renewal behind its back brings.
async fn call_until(client: &Client, desk: &Desk, token: &str) {
    for _ in 0..10_000 {
        call(client).await.unwrap();
        if desk.token_of_last(USERS) == token {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{token} is never used");
}

/// One connection for all: a thousand may be too many for a machine.
fn multiplexing() -> reqwest::Client {
    reqwest::Client::builder().http2_prior_knowledge().build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tasks_fetch_one_token() {
    let gate = Arc::new(Semaphore::new(1));
    let desk = gated(&gate, 3600).await;
    let client = desk.app().http_client(multiplexing()).build().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        tasks.spawn(async move { call(&client).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!((desk.count(TOKEN), desk.count(USERS)), (1, 1000));
}

#[tokio::test]
async fn a_herd_fetches_one_token_when_cold_and_when_it_is_over() {
    let gate = Arc::new(Semaphore::new(0));
    let desk = gated(&gate, 3600).await;
    let clock = TestClock::new(0.5);
    let client = desk.app().http_client(multiplexing()).clock(clock.clone()).build().unwrap();
    for fetches in 1..=3 {
        let mut calls = Vec::new();
        for _ in 0..1000 {
            calls.push(begun(call(&client)).await);
        }
        desk.arrived(TOKEN, fetches).await;
        assert_eq!(desk.count(USERS), (fetches - 1) * 1000);
        gate.add_permits(1);
        let mut tasks = tokio::task::JoinSet::new();
        for call in calls {
            tasks.spawn(call);
        }
        assert!(tasks.join_all().await.iter().all(Result::is_ok));
        assert_eq!(desk.count(TOKEN), fetches);
        assert_eq!(desk.last().authorization.unwrap(), format!("Bearer t{fetches}"));
        clock.forward(3600);
    }
}

#[tokio::test]
async fn a_renewal_ahead_of_time_holds_up_no_call() {
    let gate = Arc::new(Semaphore::new(1));
    let desk = gated(&gate, 3600).await;
    let clock = TestClock::new(0.5);
    let client = desk.app().clock(clock.clone()).build().unwrap();
    call(&client).await.unwrap();
    clock.forward(2700);
    call(&client).await.unwrap();
    assert_eq!(desk.count(TOKEN), 1);

    clock.forward(600);
    for _ in 0..10 {
        call(&client).await.unwrap();
        assert_eq!(desk.token_of_last(USERS), "t1");
    }
    desk.arrived(TOKEN, 2).await;
    call(&client).await.unwrap();

    gate.add_permits(1);
    call_until(&client, &desk, "t2").await;
    assert_eq!(desk.count(TOKEN), 2);

    // A call that comes when the token is over waits for the renewal that is under way.
    clock.forward(3300);
    call(&client).await.unwrap();
    desk.arrived(TOKEN, 3).await;
    clock.forward(300);
    let waiting = begun(call(&client)).await;
    gate.add_permits(1);
    waiting.await.unwrap();
    assert_eq!(desk.last().authorization.unwrap(), "Bearer t3");
    assert_eq!(desk.count(TOKEN), 3);
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_token_and_is_not_tried_by_every_call() {
    let token = |name: &str| json!({"access_token": name, "expires_in": 3600});
    let refusal = json!({"error": "invalid_client", "error_description": "no"});
    let desk = answering(vec![(200, token("t1")), (401, refusal), (200, token("t2"))]).await;
    let clock = TestClock::new(0.5);
    let client = desk.app().clock(clock.clone()).build().unwrap();
    call(&client).await.unwrap();
    clock.forward(3400);
    for _ in 0..100 {
        call(&client).await.unwrap();
        assert_eq!(desk.token_of_last(USERS), "t1");
        tokio::task::yield_now().await;
    }
    assert_eq!(desk.count(TOKEN), 2);
    clock.forward(100);
    call_until(&client, &desk, "t2").await;
    assert_eq!(desk.count(TOKEN), 3);
}

#[tokio::test]
async fn short_lives_are_lived() {
    for (life, fetches) in [(0, [1, 2, 3]), (10, [1, 1, 2])] {
        let desk = gated(&Arc::new(Semaphore::new(9)), life).await;
        let clock = TestClock::new(0.5);
        let client = desk.app().clock(clock.clone()).build().unwrap();
        for (seconds, fetches) in [0, 5, 5].into_iter().zip(fetches) {
            clock.forward(seconds);
            call(&client).await.unwrap();
            assert_eq!(desk.count(TOKEN), fetches, "{life} s");
        }
    }
}

#[tokio::test]
async fn a_failed_fetch_is_told_to_those_who_waited_and_forgotten() {
    let refusal = json!({
        "code": "oidc.invalid_client",
        "error": "invalid_client",
        "error_description": "client authentication failed",
    });
    let desk = answering(vec![(401, refusal), (200, json!({"access_token": "t"}))]).await;
    let client = desk.app().build().unwrap();
    let mut calls = Vec::new();
    for _ in 0..20 {
        calls.push(begun(call(&client)).await);
    }
    for call in calls {
        let error = call.await.unwrap_err();
        assert!(error.is_auth() && !error.is_unauthorized() && !error.is_insufficient_scope());
        assert_eq!(error.code(), Some("invalid_client"));
        assert_eq!(error.message(), Some("client authentication failed"));
        assert_eq!(error.status(), None);
        assert_eq!(
            error.to_string(),
            "the token endpoint responded with 401 invalid_client: client authentication failed \
             (check the app id and the app secret)"
        );
    }
    assert_eq!(desk.count(TOKEN), 1);
    call(&client).await.unwrap();
    assert_eq!(desk.count(TOKEN), 2);
}

#[tokio::test]
async fn a_busy_token_endpoint_is_asked_again() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let desk = Desk::open(move |seen: Seen| {
        let reply = match seen.target.as_str() {
            TOKEN => match fetches.fetch_add(1, Ordering::SeqCst) {
                0 => Reply::new(429, "").header("retry-after", "7"),
                1 => Reply::new(503, ""),
                2 => Reply::token("t"),
                _ => Reply::new(503, ""),
            },
            _ => Reply::done(),
        };
        future::ready(reply)
    })
    .await;
    let clock = TestClock::new(0.5);
    let client = desk.app().clock(clock.clone()).build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(desk.count(TOKEN), 3);
    assert_eq!(clock.sleeps(), [7000, 250]);

    // One that stays busy is given up.
    clock.forward(3600);
    let error = call(&client).await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("responded with 503"), "{error}");
    assert_eq!(desk.count(TOKEN), 6);
}

#[tokio::test]
async fn dropping_the_call_that_began_a_fetch_leaves_it_to_the_others() {
    let gate = Arc::new(Semaphore::new(0));
    let desk = gated(&gate, 3600).await;
    let client = desk.app().build().unwrap();
    let first = begun(call(&client)).await;
    let second = begun(call(&client)).await;
    desk.arrived(TOKEN, 1).await;
    drop(first);
    gate.add_permits(1);
    second.await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(desk.count(TOKEN), 1);
}

#[tokio::test]
async fn a_fetch_that_nobody_waits_for_any_more_is_not_lost() {
    let gate = Arc::new(Semaphore::new(0));
    let desk = gated(&gate, 3600).await;
    let client = desk.app().build().unwrap();
    drop(begun(call(&client)).await);
    desk.arrived(TOKEN, 1).await;
    gate.add_permits(1);
    call(&client).await.unwrap();
    assert_eq!(desk.count(TOKEN), 1);
}

#[test]
fn a_fetch_that_ends_with_its_runtime_is_begun_anew() {
    let server = runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let first = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let desk = server.block_on(gated(&gate, 3600));
    let client = desk.app().build().unwrap();
    let lost = first.block_on(begun(call(&client)));
    first.block_on(desk.arrived(TOKEN, 1));
    server.block_on(async {
        let waiting = begun(call(&client)).await;
        first.shutdown_background();
        let waiting = tokio::spawn(waiting);
        desk.arrived(TOKEN, 2).await;
        gate.add_permits(2);
        waiting.await.unwrap().unwrap();
        call(&client).await.unwrap();
    });
    drop(lost);
    assert_eq!(desk.count(TOKEN), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let desk = Desk::open(move |seen: Seen| {
        let reply = match seen.target.as_str() {
            TOKEN => Reply::token(&format!("t{}", fetches.fetch_add(1, Ordering::SeqCst))),
            "/api/never" => Reply::new(401, r#"{"code":"auth.unauthorized","message":"no"}"#),
            _ if seen.authorization.as_deref() == Some("Bearer t0") => Reply::new(401, "{}"),
            _ => Reply::done(),
        };
        future::ready(reply)
    })
    .await;
    let client = desk.app().build().unwrap();
    let request = client.request(Method::POST, USERS).json(&json!({"a": 1}));
    assert_eq!(request.send().await.unwrap().status(), 204);
    let bodies: Vec<_> = desk.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies[1], bodies[3]);
    assert_eq!(desk.count(USERS), 2);

    let error = client.request(Method::GET, "/api/never").send().await.unwrap_err();
    assert!(error.is_unauthorized() && error.has_code("auth.unauthorized"));
    assert_eq!(desk.count("/api/never"), 2);
    assert_eq!(desk.count(TOKEN), 3);
}

#[tokio::test]
async fn a_token_that_is_refused_to_many_is_replaced_once() {
    let gate = Arc::new(Semaphore::new(0));
    let (held, fetches) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    let desk = Desk::open(move |seen: Seen| {
        let (gate, fetches) = (held.clone(), fetches.clone());
        async move {
            if seen.target == TOKEN {
                return Reply::token(&format!("t{}", fetches.fetch_add(1, Ordering::SeqCst)));
            }
            if seen.authorization.as_deref() != Some("Bearer t0") {
                return Reply::done();
            }
            gate.acquire().await.unwrap().forget();
            Reply::new(401, "{}")
        }
    })
    .await;
    let client = desk.app().http_client(multiplexing()).build().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        tasks.spawn(async move { call(&client).await.unwrap() });
    }
    desk.arrived(USERS, 100).await;
    gate.add_permits(99);
    for _ in 0..99 {
        tasks.join_next().await.unwrap().unwrap();
    }
    // The last one is told when the token has long been replaced.
    gate.add_permits(1);
    tasks.join_all().await;
    assert_eq!((desk.count(TOKEN), desk.count(USERS)), (2, 200));
}

#[tokio::test]
async fn tokens_go_where_they_belong() {
    let desk = answering(vec![(200, json!({"access_token": "app-token"}))]).await;
    let app = desk.app().build().unwrap();
    let acme = app.as_organization("acme").build().unwrap();
    let get = |client: &Client, path: &str| client.request(Method::GET, path);

    // The Account API takes a user's token; an application's is not tried on it.
    for client in [&app, &acme] {
        let error = get(client, "/api/my-account").send().await.unwrap_err();
        assert!(error.is_auth() && error.to_string().contains("Account API"));
    }
    let none = desk.builder().build().unwrap();
    let error = get(&none, USERS).send().await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("client_credentials"));
    assert!(none.access_token().await.unwrap_err().is_auth());
    assert!(desk.seen().is_empty());

    let user = desk.builder().bearer_token("user-token").build().unwrap();
    assert_eq!(user.access_token().await.unwrap(), AccessToken::new("user-token"));
    for (request, sent) in [
        (get(&user, "/api/my-account"), Some("Bearer user-token")),
        (get(&user, USERS), Some("Bearer user-token")),
        (get(&user, "/api/experience/submit"), None),
        (get(&user, "/api/status").unauthenticated(), None),
        (get(&app, "/oidc/auth"), None),
        (get(&app, "/api/my-account").token("other"), Some("Bearer other")),
        (get(&app, USERS).token("other"), Some("Bearer other")),
    ] {
        request.send().await.unwrap();
        let seen = desk.last();
        assert_eq!(seen.authorization.as_deref(), sent, "{}", seen.target);
    }
    assert_eq!(desk.count(TOKEN), 0);
}

#[tokio::test]
async fn a_scope_that_is_not_granted_is_named() {
    let jwt = |typ: &str, claims: serde_json::Value| {
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(json!({"typ": typ})), part(claims))
    };
    for answer in [
        json!({"access_token": "t", "scope": ""}),
        json!({"access_token": "t", "scope": "allow read"}),
        // What a real Logto gives an application without roles.
        json!({"access_token": jwt("at+jwt", json!({"sub": "app-id"}))}),
        json!({"access_token": jwt("at+jwt", json!({"scope": "read"}))}),
    ] {
        let desk = answering(vec![(200, answer)]).await;
        let error = call(&desk.app().build().unwrap()).await.unwrap_err();
        assert!(error.is_insufficient_scope() && error.is_auth() && !error.is_forbidden());
        assert!(error.has_code("insufficient_scope"));
        let text = error.to_string();
        for words in ["`all`", "machine-to-machine role", "https://default.logto.app/api"] {
            assert!(text.contains(words), "{text}");
        }
        assert_eq!(desk.count(USERS), 0);
    }
    for answer in [
        json!({"access_token": "t", "scope": "read all write"}),
        json!({"access_token": "t"}),
        json!({"access_token": jwt("at+jwt", json!({"scope": "all"}))}),
        json!({"access_token": jwt("JWT", json!({}))}),
        json!({"access_token": "a.b.c"}),
    ] {
        let desk = answering(vec![(200, answer)]).await;
        call(&desk.app().build().unwrap()).await.unwrap();
    }
    let desk = answering(vec![(200, json!({"access_token": "t", "scope": "read:a"}))]).await;
    let asking = desk.app().resource("https://api.example").scope("read:a write:a");
    let error = call(&asking.build().unwrap()).await.unwrap_err();
    assert!(error.is_insufficient_scope());
    assert!(error.to_string().contains("`write:a` of the API resource `https://api.example`"));
    let all = desk.app().scope("");
    call(&all.build().unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_answer_without_a_usable_token_says_what_to_check() {
    for (status, body, words) in [
        (200, "<h1>hunter2</h1>", "without a token"),
        (200, r#"{"token":"hunter2"}"#, "without a token"),
        (200, r#"{"access_token":"a\nhunter2"}"#, "without a token"),
        (200, r#"{"access_token":"hunter2","token_type":"DPoP"}"#, "not a bearer token"),
        (502, "<h1>hunter2</h1>", "the token endpoint responded with 502"),
        (400, r#"{"error":"invalid_target"}"#, "`https://default.logto.app/api`"),
        (400, r#"{"error":"unauthorized_client"}"#, "machine-to-machine application"),
    ] {
        let desk = Desk::open(move |_| future::ready(Reply::new(status, body))).await;
        let error = call(&desk.app().build().unwrap()).await.unwrap_err();
        assert!(error.is_auth(), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

/// A provider that gives what a test wants, with the number of the time that it is asked.
struct Provider<F>(Arc<AtomicUsize>, F);

type Provided = Result<AccessToken, Box<dyn StdError + Send + Sync>>;

impl<F: Fn(usize) -> Provided + Send + Sync + 'static> TokenProvider for Provider<F> {
    async fn token(&self) -> Provided {
        self.1(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

#[tokio::test]
async fn a_provider_is_asked_when_its_token_is_over() {
    let desk = answering(vec![(200, json!({"access_token": "t"}))]).await;
    let (asked, clock) = (Arc::new(AtomicUsize::new(0)), TestClock::new(0.5));
    let life = Duration::from_secs(600);
    let give = move |n| Ok(AccessToken::new(format!("p{n}")).expires_in(life));
    let provider = Provider(asked.clone(), give);
    let client = desk.builder().token_provider(provider).clock(clock.clone()).build().unwrap();
    for _ in 0..3 {
        call(&client).await.unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    clock.forward(600);
    let request = client.request(Method::GET, "/api/my-account");
    request.send().await.unwrap();
    assert_eq!(desk.last().authorization.unwrap(), "Bearer p2");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let token = client.access_token().await.unwrap();
    assert_eq!((token.secret(), token.lifetime()), ("p2", Some(Duration::from_secs(590))));
    assert_eq!(desk.count(TOKEN), 0);
}

#[tokio::test]
async fn a_provider_that_keeps_its_tokens_is_asked_at_every_call() {
    let desk = Desk::open(|seen: Seen| {
        let refused = seen.authorization.as_deref() == Some("Bearer p3");
        future::ready(if refused { Reply::new(401, "{}") } else { Reply::done() })
    })
    .await;
    let asked = Arc::new(AtomicUsize::new(0));
    let provider = Provider(asked.clone(), |n| Ok(AccessToken::new(format!("p{n}"))));
    let client = desk.builder().token_provider(provider).build().unwrap();
    for n in [1, 2] {
        call(&client).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), n);
    }
    // The third is refused.
    call(&client).await.unwrap();
    let sent: Vec<_> = desk.seen().into_iter().filter_map(|seen| seen.authorization).collect();
    assert_eq!(sent, ["Bearer p1", "Bearer p2", "Bearer p3", "Bearer p4"]);
}

#[tokio::test]
async fn a_provider_that_fails_is_told_by_its_error() {
    let desk = answering(vec![(200, json!({"access_token": "t"}))]).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let provider = Provider(asked.clone(), |n| match n {
        1 => Err("the vault wants hunter2".into()),
        2 => Ok(AccessToken::new("hunter2\n2")),
        3 => panic!("a provider that panics"),
        n => Ok(AccessToken::new(format!("p{n}"))),
    });
    let client = desk.builder().token_provider(provider).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert!(error.is_auth());
    assert_eq!(error.to_string(), "the token provider failed");
    assert!(!format!("{error:?}").contains("hunter2"));
    assert_eq!(error.source().unwrap().to_string(), "the vault wants hunter2");

    let error = call(&client).await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("token provider"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));

    // The task that asked has died, so another one asks.
    call(&client).await.unwrap();
    assert_eq!(desk.last().authorization.unwrap(), "Bearer p4");
    assert_eq!(desk.seen().len(), 1);

    let never = Provider(asked, |_| panic!("a provider that panics"));
    let client = desk.builder().token_provider(never).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("panicked"), "{error}");
}

#[tokio::test]
async fn an_organization_has_tokens_of_its_own() {
    let desk = Desk::open(|seen: Seen| {
        let name = if seen.body.contains("organization_id") { "org" } else { "app" };
        future::ready(if seen.target == TOKEN { Reply::token(name) } else { Reply::done() })
    })
    .await;
    let app = desk.app().build().unwrap();
    let acme = app.as_organization("acme +1").build().unwrap();
    call(&app).await.unwrap();
    assert_eq!(acme.access_token().await.unwrap().secret(), "org");
    call(&acme).await.unwrap();
    assert_eq!(desk.last().authorization.unwrap(), "Bearer org");
    call(&app).await.unwrap();
    assert_eq!(desk.last().authorization.unwrap(), "Bearer app");
    assert_eq!(desk.count(TOKEN), 2);
    assert_eq!(desk.seen()[2].body, "grant_type=client_credentials&organization_id=acme+%2B1");
    assert_eq!(desk.seen()[0].authorization, desk.seen()[2].authorization);

    let acting = app.as_organization("acme").resource("https://api.example").scope("read write");
    acting.build().unwrap().access_token().await.unwrap();
    assert_eq!(
        desk.last().body,
        "grant_type=client_credentials&organization_id=acme\
         &resource=https%3A%2F%2Fapi.example&scope=read+write"
    );
}

/// A server that gives subject tokens s1, s2, … and, for each of them, a user token once.
async fn impersonating() -> Desk {
    let made = Arc::new(AtomicUsize::new(0));
    Desk::open(move |seen: Seen| {
        let reply = match seen.target.as_str() {
            TOKEN if seen.body.contains("token-exchange") => Reply::json(
                200,
                &json!({"access_token": "user", "expires_in": 600, "scope": "openid"}),
            ),
            TOKEN => Reply::token("app"),
            "/api/subject-tokens" if seen.body.contains("nobody") => {
                Reply::new(404, r#"{"code":"entity.not_found","message":"No such user."}"#)
            }
            "/api/subject-tokens" => {
                let number = made.fetch_add(1, Ordering::SeqCst) + 1;
                let token = format!("s{number}");
                Reply::json(201, &json!({"subjectToken": token, "expiresIn": 600}))
            }
            _ => Reply::done(),
        };
        future::ready(reply)
    })
    .await
}

const ACCOUNT: &str = "/api/my-account";

async fn account(client: &Client) -> Result<Response> {
    client.request(Method::GET, ACCOUNT).send().await
}

#[tokio::test]
async fn a_user_is_acted_for_with_a_new_subject_token_each_time() {
    let desk = impersonating().await;
    let clock = TestClock::new(0.5);
    let app = desk.app().clock(clock.clone()).build().unwrap();
    let alice = app.as_user("alice").build().unwrap();
    account(&alice).await.unwrap();
    account(&alice).await.unwrap();
    let seen = desk.seen();
    let targets: Vec<_> = seen.iter().map(|seen| seen.target.as_str()).collect();
    assert_eq!(targets, [TOKEN, "/api/subject-tokens", TOKEN, ACCOUNT, ACCOUNT]);
    assert_eq!((seen[1].method.as_str(), &*seen[1].body), ("POST", r#"{"userId":"alice"}"#));
    assert_eq!(seen[1].authorization.as_deref(), Some("Bearer app"));
    assert_eq!(
        seen[2].body,
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=s1\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
         &scope=openid+profile+email+phone+address+custom_data+identities\
         +urn%3Alogto%3Ascope%3Asessions"
    );
    assert_eq!(seen[2].authorization, seen[0].authorization);
    assert_eq!(seen[4].authorization.as_deref(), Some("Bearer user"));

    clock.forward(600);
    account(&alice).await.unwrap();
    let seen = desk.seen();
    assert!(seen[6].body.contains("&subject_token=s2&"), "{}", seen[6].body);
    assert_eq!(seen.len(), 8);

    let builder = app.as_user("alice").resource("https://api.example").scope("read");
    let error = builder.build().unwrap().access_token().await.unwrap_err();
    assert!(error.is_insufficient_scope(), "{error}");
    let body = desk.last().body;
    assert!(body.ends_with("&resource=https%3A%2F%2Fapi.example&scope=read"), "{body}");
}

#[tokio::test]
async fn a_user_that_is_not_there_cannot_be_acted_for() {
    let desk = impersonating().await;
    let app = desk.app().build().unwrap();
    let error = account(&app.as_user("nobody").build().unwrap()).await.unwrap_err();
    assert!(error.is_auth() && !error.is_not_found());
    assert_eq!(error.code(), Some("entity.not_found"));
    assert_eq!(
        error.to_string(),
        "no subject token was issued for the user: Logto responded with 404 entity.not_found: No \
         such user."
    );
    assert!(error.source().is_none(), "its text says it all");
}

#[tokio::test]
async fn a_subject_token_is_exchanged_once() {
    let desk = impersonating().await;
    let clock = TestClock::new(0.5);
    let app = desk.app().clock(clock.clone()).build().unwrap();
    let alice = app.with_subject_token("hunter2").build().unwrap();
    assert!(!format!("{alice:?}").contains("hunter2"));
    for _ in 0..2 {
        account(&alice).await.unwrap();
        clock.forward(580);
    }
    assert_eq!(desk.count(TOKEN), 1);
    assert!(desk.seen()[0].body.contains("&subject_token=hunter2&"));
    clock.forward(20);
    let error = account(&alice).await.unwrap_err();
    assert!(error.is_auth() && error.to_string().contains("exchanged already"), "{error}");
    assert_eq!(desk.count(TOKEN), 1);
}

#[tokio::test]
async fn acting_for_someone_takes_an_application() {
    let app = Client::builder("http://localhost:1").client_credentials("a", "b").build().unwrap();
    let user = Client::builder("http://localhost:1").bearer_token("t").build().unwrap();
    let acme = app.as_organization("acme").build().unwrap();
    let context = || json!({"ticket": "1"}).as_object().unwrap().clone();
    for (builder, word) in [
        (app.with_personal_access_token(" "), "personal access token is empty"),
        (app.as_user("alice").organization(""), "organization's id is empty"),
        (app.as_user("alice").actor_token(" "), "actor token is empty"),
        (app.as_organization("acme").organization("other"), "as_user"),
        (app.as_organization("acme").actor_token("t"), "as_user"),
        (app.as_organization("acme").context(context()), "as_user"),
        (app.with_subject_token("t").context(context()), "as_user"),
        (app.as_organization(""), "organization's id is empty"),
        (app.as_user(" "), "user's id is empty"),
        (app.with_subject_token(""), "subject token is empty"),
        (user.as_user("alice"), "client_credentials"),
        (acme.as_organization("other"), "client_credentials"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_token_request_goes_nowhere_else() {
    let elsewhere = answering(vec![(200, json!({"access_token": "stolen"}))]).await;
    for status in [301, 303, 307, 308] {
        let location = format!("{}{TOKEN}", elsewhere.endpoint);
        let desk = Desk::open(move |_| {
            future::ready(Reply::new(status, "").header("location", location.clone()))
        })
        .await;
        let went = elsewhere.seen().len();
        let error = call(&desk.app().build().unwrap()).await.unwrap_err();
        assert!(error.is_auth() && error.to_string().contains("redirects"), "{error}");
        assert_eq!(elsewhere.seen().len(), went);

        // An HTTP client that follows redirects takes no secret along, and nothing back.
        let app = desk.app().http_client(reqwest::Client::new()).build().unwrap();
        let user = app.with_subject_token("hunter2").build().unwrap();
        for client in [app, user] {
            let error = call(&client).await.unwrap_err();
            assert!(error.is_auth(), "{error}");
        }
    }
    for seen in elsewhere.seen() {
        assert_eq!((seen.authorization, seen.body), (None, String::new()));
    }
}

#[tokio::test]
async fn secrets_are_never_shown() {
    let desk = answering(vec![(200, json!({"access_token": "hunter2"}))]).await;
    let give = |_| Ok(AccessToken::new("hunter2"));
    let app = || desk.builder().client_credentials("app-id", "hunter2");
    let fixed = || desk.builder().bearer_token("hunter2");
    let provided = || desk.builder().token_provider(Provider(Arc::default(), give));
    let mut shown = String::new();
    for builder in [app(), fixed(), provided()] {
        shown += &format!("{builder:?}");
        let client = builder.build().unwrap();
        call(&client).await.unwrap();
        let token = client.access_token().await.unwrap();
        assert_eq!(token.secret(), "hunter2");
        shown += &format!("{client:?}{token:?}{:?}", client.request(Method::GET, USERS));
    }
    let app = app().build().unwrap();
    let secret = json!({"hunter2": "hunter2"}).as_object().unwrap().clone();
    for acting in [
        app.as_organization("o"),
        app.as_user("u").actor_token("hunter2").context(secret),
        app.with_subject_token("hunter2"),
        app.with_personal_access_token("hunter2"),
    ] {
        shown += &format!("{acting:?}");
        shown += &format!("{:?}", acting.build().unwrap());
    }
    assert!(shown.contains("app-id") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn no_call_waits_for_the_fetch_of_another_runtime() {
    let server = runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let desk = server.block_on(gated(&gate, 3600));
    let client = desk.app().build().unwrap();
    let idle = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = idle.block_on(begun(call(&client)));
    // Its request has been sent, and nobody is there to read the answer.
    idle.block_on(desk.arrived(TOKEN, 1));
    gate.add_permits(2);
    server.block_on(async { call(&client).await.unwrap() });
    assert_eq!(desk.token_of_last(USERS), "t2");
    drop(first);
    assert_eq!(desk.count(TOKEN), 2);
}

#[tokio::test]
async fn who_joins_a_fetch_that_fails_gets_one_of_their_own() {
    let gate = Arc::new(Semaphore::new(0));
    let (held, fetches) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    let desk = Desk::open(move |seen: Seen| {
        let (gate, fetches) = (held.clone(), fetches.clone());
        async move {
            if seen.target != TOKEN {
                return Reply::done();
            }
            if fetches.fetch_add(1, Ordering::SeqCst) > 0 {
                return Reply::token("t2");
            }
            gate.acquire().await.unwrap().forget();
            Reply::new(503, "")
        }
    })
    .await;
    let client = desk.app().retry(RetryPolicy::never()).build().unwrap();
    let first = begun(call(&client)).await;
    desk.arrived(TOKEN, 1).await;
    let mut late = Vec::new();
    for _ in 0..20 {
        late.push(begun(call(&client)).await);
    }
    gate.add_permits(1);
    assert!(first.await.unwrap_err().is_auth());
    for call in late {
        call.await.unwrap();
    }
    assert_eq!(desk.count(TOKEN), 2);
}

#[tokio::test]
async fn a_call_that_waits_too_long_for_a_token_may_be_made_again() {
    let gate = Arc::new(Semaphore::new(0));
    let desk = gated(&gate, 3600).await;
    let client = desk.app().build().unwrap();
    let request = client.request(Method::GET, USERS).timeout(Duration::from_millis(20));
    let error = request.send().await.unwrap_err();
    assert!(error.is_auth() && error.is_timeout() && error.is_transient(), "{error}");
    gate.add_permits(1);
    call(&client).await.unwrap();
}

#[tokio::test]
async fn an_api_that_refuses_every_token_does_not_flood_the_token_endpoint() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let desk = Desk::open(move |seen: Seen| {
        let reply = match seen.target.as_str() {
            TOKEN => Reply::token(&format!("t{}", fetches.fetch_add(1, Ordering::SeqCst))),
            "/api/never" => Reply::new(401, r#"{"code":"auth.unauthorized","message":"no"}"#),
            _ => Reply::done(),
        };
        future::ready(reply)
    })
    .await;
    let clock = TestClock::new(0.5);
    let client = desk.app().clock(clock.clone()).build().unwrap();
    let never = async || client.request(Method::GET, "/api/never").send().await.unwrap_err();
    for _ in 0..200 {
        assert!(never().await.is_unauthorized());
    }
    assert_eq!(desk.count(TOKEN), 2);
    // Once it has been replaced, each call is made once.
    assert_eq!(desk.count("/api/never"), 201);

    // A token that was good since is replaced again, but not without end.
    for _ in 0..20 {
        call(&client).await.unwrap();
        never().await;
    }
    assert_eq!(desk.count(TOKEN), 4);
    clock.forward(30);
    never().await;
    assert_eq!(desk.count(TOKEN), 5);
}

#[tokio::test]
async fn what_is_refused_for_another_reason_costs_no_token() {
    let desk = Desk::open(|seen: Seen| {
        let code = seen.target.trim_start_matches("/api/");
        let body = json!({"code": code, "message": "no"});
        future::ready(match seen.target.as_str() {
            TOKEN => Reply::token("t"),
            _ => Reply::json(401, &body),
        })
    })
    .await;
    let client = desk.app().build().unwrap();
    for code in ["verification_record.permission_denied", "user.suspended", "session.not_found"] {
        let target = format!("/api/{code}");
        let error = client.request(Method::GET, target.as_str()).send().await.unwrap_err();
        assert!(error.is_unauthorized() && error.has_code(code), "{error}");
        assert_eq!((desk.count(&target), desk.count(TOKEN)), (1, 1));
    }
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_not_asked_by_every_call() {
    let refusal = json!({"error": "invalid_client", "error_description": "no"});
    let desk = answering(vec![(401, refusal)]).await;
    let clock = TestClock::new(0.5);
    let client = desk.app().clock(clock.clone()).build().unwrap();
    for _ in 0..200 {
        let error = call(&client).await.unwrap_err();
        assert!(error.is_auth() && error.has_code("invalid_client"), "{error}");
    }
    assert_eq!(desk.count(TOKEN), 2);
    clock.forward(1);
    call(&client).await.unwrap_err();
    assert_eq!(desk.count(TOKEN), 3);
}

#[tokio::test]
async fn a_personal_access_token_is_exchanged_whenever_a_token_is_due() {
    let desk = impersonating().await;
    let clock = TestClock::new(0.5);
    let app = desk.app().clock(clock.clone()).build().unwrap();
    let caller = app.with_personal_access_token("pat_hunter2").build().unwrap();
    for _ in 0..2 {
        account(&caller).await.unwrap();
        clock.forward(600);
    }
    let bodies: Vec<_> = desk.seen().into_iter().filter(|seen| seen.target == TOKEN).collect();
    assert_eq!(bodies.len(), 2);
    for seen in bodies {
        assert!(seen.body.contains("&subject_token=pat_hunter2&"), "{}", seen.body);
        let kind = "&subject_token_type=urn%3Alogto%3Atoken-type%3Apersonal_access_token&";
        assert!(seen.body.contains(kind), "{}", seen.body);
    }
    assert_eq!(caller.access_token().await.unwrap().scope(), Some("openid"));
}

#[tokio::test]
async fn a_user_is_acted_for_in_an_organization_by_someone_and_for_a_reason() {
    let desk = impersonating().await;
    let app = desk.app().build().unwrap();
    let context = json!({"ticket": "7"}).as_object().unwrap().clone();
    let acting = app.as_user("alice").organization("acme").scope("openid").context(context);
    acting.actor_token("act0r").build().unwrap().access_token().await.unwrap();
    let seen = desk.seen();
    assert_eq!(seen[1].body, r#"{"context":{"ticket":"7"},"userId":"alice"}"#);
    assert_eq!(
        seen[2].body,
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=s1\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
         &organization_id=acme&actor_token=act0r\
         &actor_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&scope=openid"
    );
}

#[tokio::test]
async fn a_token_without_any_permission_is_no_surprise() {
    let desk = answering(vec![(200, json!({"access_token": "t", "scope": ""}))]).await;
    let app = desk.app().scope("").build().unwrap();
    let own = || desk.app().resource("https://api.example");
    let token = async |client: Client| client.access_token().await;
    for client in [
        app.as_organization("acme").build().unwrap(),
        app.as_organization("acme").resource("https://api.example").build().unwrap(),
        app.with_personal_access_token("p").resource("https://api.example").build().unwrap(),
        app.with_personal_access_token("p").organization("acme").build().unwrap(),
        own().build().unwrap(),
    ] {
        let error = token(client).await.unwrap_err();
        assert!(error.is_insufficient_scope(), "{error}");
        assert!(error.to_string().contains("name the permissions with `scope(…)`"), "{error}");
        assert!(!desk.last().body.contains("scope="), "{}", desk.last().body);
    }
    for client in [
        app.as_organization("acme").scope("").build().unwrap(),
        app.as_organization("acme").allow_fewer_scopes().build().unwrap(),
        app.as_organization("acme").scope("read").allow_fewer_scopes().build().unwrap(),
        own().scope("").build().unwrap(),
    ] {
        assert_eq!(token(client).await.unwrap().scope(), Some(""));
    }
    // Every tenant's Management API has one permission, by whatever address it is reached.
    let cloud = desk.app().resource("https://acme.logto.app/api").build().unwrap();
    token(cloud).await.unwrap_err();
    assert!(desk.last().body.ends_with("&scope=all"), "{}", desk.last().body);
}

#[tokio::test]
async fn a_tenant_behind_a_domain_of_its_own_keeps_its_resource() {
    let refusal = json!({"error": "invalid_target", "error_description": "no"});
    let desk = answering(vec![(400, refusal)]).await;
    let error = call(&desk.app().tenant("abc123").build().unwrap()).await.unwrap_err();
    let body = desk.last().body;
    assert!(body.contains("&resource=https%3A%2F%2Fabc123.logto.app%2Fapi&"), "{body}");
    assert!(error.to_string().contains("`https://abc123.logto.app/api`"), "{error}");

    // Whoever forgets it is told.
    let error = call(&desk.app().build().unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("`https://default.logto.app/api`"), "{error}");
    assert!(error.contains("`tenant(…)`") && error.contains("LOGTO_TENANT"), "{error}");

    for (builder, word) in [
        (desk.app().tenant("abc.123"), "tenant"),
        (desk.app().tenant("abc123").resource("https://api.example"), "both"),
        (desk.builder().tenant("abc123"), "client_credentials"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains(word), "{error}");
    }
}
