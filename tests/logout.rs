//! Logout tokens are accepted by the application that they are for, once, in their two minutes, and
//! no other token is taken for one.
//!
//! `tests/logout/tokens.json` has tokens that a real server sent; its keys are in `tests/verify/`.

#![cfg(any(feature = "sign-in", feature = "verify"))]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/desk.rs"]
mod desk;
#[path = "support/issuer.rs"]
mod issuer;

use std::{
    collections::HashSet,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use clock::TestClock;
use desk::{Desk, Reply, Seen};
use issuer::{Key, hs256, unsigned};
use logto_api::{Client, Clock, Error, logout::LogoutTokenVerifier};
use serde_json::{Value, json};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const START: u64 = TestClock::START;

/// A Logto that publishes these keys, and a client of it.
async fn logto(keys: Value) -> (Desk, Client, TestClock) {
    let desk = Desk::open(move |_: Seen| {
        let keys = keys.clone();
        async move { Reply::json(200, &keys) }
    })
    .await;
    let clock = TestClock::new(0.5);
    let client = desk.builder().clock(clock.clone()).build().unwrap();
    (desk, client, clock)
}

fn header(key: &Key) -> Value {
    json!({"alg": key.algorithm(), "typ": "logout+jwt", "kid": key.id})
}

fn claims(desk: &Desk) -> Value {
    json!({
        "iss": format!("{}/oidc", desk.endpoint), "aud": "web-app", "sub": "u1", "sid": "s1",
        "jti": "j1", "iat": START, "exp": START + 120, "events": {EVENT: {}},
    })
}

fn assert_rejected(outcome: Result<impl std::fmt::Debug, Error>, words: &str) {
    let error = outcome.unwrap_err();
    assert!(error.is_invalid_token(), "{words}: {error}");
    assert!(error.to_string().contains(words), "{words}: {error}");
}

#[tokio::test]
async fn a_logout_token_names_the_user_and_the_session() {
    let key = Key::es384("k1");
    let (desk, client, _) = logto(json!({"keys": [key.jwk()]})).await;
    let verifier = LogoutTokenVerifier::new(&client, "web-app");
    let token = key.sign_with(&header(&key), &claims(&desk));

    let logout = verifier.verify_form(format!("logout_token={token}").as_bytes()).await.unwrap();
    assert_eq!((logout.subject(), logout.session_id()), (Some("u1"), Some("s1")));
    assert_eq!((logout.id(), logout.audiences()), ("j1", &["web-app".to_owned()][..]));
    assert_eq!(logout.issued_at().as_millis(), START as i64 * 1000);
    assert_eq!(logout.expires_at().as_millis(), (START as i64 + 120) * 1000);
    assert!(!format!("{logout:?}").contains("j1") && !format!("{logout:?}").contains("s1"));

    // Without the session, all of the user's are meant.
    let mut all = claims(&desk);
    all.as_object_mut().unwrap().remove("sid");
    let logout = verifier.verify(&key.sign_with(&header(&key), &all)).await.unwrap();
    assert_eq!((logout.subject(), logout.session_id()), (Some("u1"), None));
    assert_eq!(desk.seen().len(), 1, "the keys are fetched once");
}

#[tokio::test]
async fn claims_that_do_not_fit_are_rejected() {
    let key = Key::es384("k1");
    let (desk, client, _) = logto(json!({"keys": [key.jwk()]})).await;
    let verifier = LogoutTokenVerifier::new(&client, "web-app");
    for (changes, words) in [
        (json!({"iss": "https://evil.example/oidc"}), "issuer is not this Logto"),
        (json!({"aud": "other"}), "another application"),
        (json!({"aud": []}), "another application"),
        (json!({"exp": START - 60}), "has expired"),
        (json!({"exp": "soon"}), "cannot be decoded"),
        (json!({"exp": null, "iat": START - 180}), "has expired"),
        (json!({"iat": START + 61}), "from the future"),
        (json!({"iat": null}), "cannot be decoded"),
        (json!({"nbf": START + 61}), "from the future"),
        (json!({"events": {}}), "not about a logout"),
        (json!({"events": {EVENT: true}}), "not about a logout"),
        (json!({"events": {"https://evil.example/": {}}}), "not about a logout"),
        (json!({"events": [EVENT]}), "cannot be decoded"),
        (json!({"events": null}), "cannot be decoded"),
        (json!({"nonce": "n"}), "nonce"),
        (json!({"nonce": null}), "nonce"),
        (json!({"jti": ""}), "no id"),
        (json!({"jti": null}), "cannot be decoded"),
        (json!({"sub": null, "sid": null}), "neither a user nor a session"),
        (json!({"sub": "", "sid": ""}), "neither a user nor a session"),
    ] {
        let mut claims = claims(&desk);
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = key.sign_with(&header(&key), &claims);
        assert_rejected(verifier.verify(&token).await, words);
    }
    // Clocks may differ by a minute.
    for changes in [
        json!({"exp": START - 59}),
        json!({"iat": START + 60}),
        // Logto 1.30 does not tell the end.
        json!({"exp": null, "iat": START - 179}),
    ] {
        let mut claims = claims(&desk);
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        verifier.verify(&key.sign_with(&header(&key), &claims)).await.unwrap();
    }
}

#[tokio::test]
async fn no_other_token_is_taken_for_one() {
    let (key, other) = (Key::es384("k1"), Key::es384("k1"));
    let (desk, client, _) = logto(json!({"keys": [key.jwk()]})).await;
    let verifier = LogoutTokenVerifier::new(&client, "web-app");
    let claims = claims(&desk);
    for typ in [json!(null), json!("JWT"), json!("at+jwt"), json!("logout")] {
        let header = json!({"alg": "ES384", "typ": typ, "kid": "k1"});
        assert_rejected(
            verifier.verify(&key.sign_with(&header, &claims)).await,
            "names another type",
        );
    }
    let spelled = json!({"alg": "ES384", "typ": "application/logout+JWT", "kid": "k1"});
    verifier.verify(&key.sign_with(&spelled, &claims)).await.unwrap();

    let forged = other.sign_with(&header(&other), &claims);
    assert_rejected(verifier.verify(&forged).await, "signature");
    assert_rejected(verifier.verify(&unsigned(&claims)).await, "type");
    assert_rejected(verifier.verify(&hs256("k1", b"secret", &claims)).await, "type");
    for text in ["", "opaque", "a.b", "a.b.c.d", &"x".repeat(70_000)] {
        assert!(verifier.verify(text).await.unwrap_err().is_invalid_token());
    }
}

#[tokio::test]
async fn a_form_has_one_token() {
    let key = Key::es384("k1");
    let (desk, client, _) = logto(json!({"keys": [key.jwk()]})).await;
    let verifier = LogoutTokenVerifier::new(&client, "web-app");
    let token = key.sign_with(&header(&key), &claims(&desk));
    let form = format!("a=%20b&logout_token={token}&c");
    verifier.verify_form(form.as_bytes()).await.unwrap();
    for (body, words) in [
        (String::new(), "not a form"),
        (token.clone(), "not a form"),
        (format!("token={token}"), "not a form"),
        (format!("logout_token={token}&logout_token={token}"), "more than one"),
        ("x=".to_owned() + &"y".repeat(70_000), "too long"),
    ] {
        assert_rejected(verifier.verify_form(body.as_bytes()).await, words);
    }
    assert_rejected(verifier.verify_form(b"logout_token=\xff").await, "not a form");
}

#[tokio::test]
async fn a_token_is_good_once_where_its_ids_are_remembered() {
    let key = Key::es384("k1");
    let (desk, client, _) = logto(json!({"keys": [key.jwk()]})).await;
    let seen = Mutex::new(HashSet::new());
    let verifier = LogoutTokenVerifier::new(&client, "other-app")
        .client_id("web-app")
        .replay_check(move |token| !seen.lock().unwrap().insert(token.id().to_owned()));
    let token = key.sign_with(&header(&key), &claims(&desk));
    verifier.verify(&token).await.unwrap();
    assert_rejected(verifier.clone().verify(&token).await, "received before");

    // What is rejected for another reason is not remembered.
    let mut late = claims(&desk);
    (late["jti"], late["exp"]) = ("j2".into(), (START - 90).into());
    let late = key.sign_with(&header(&key), &late);
    let strict = verifier.clone().leeway(Duration::from_secs(30));
    assert_rejected(strict.verify(&late).await, "has expired");
    verifier.leeway(Duration::from_secs(100)).verify(&late).await.unwrap();
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_say_nothing_of_the_token() {
    let desk = Desk::open(|_: Seen| async { Reply::json(503, &json!({})) }).await;
    let client = desk.builder().clock(TestClock::new(0.5)).build().unwrap();
    let key = Key::es384("k1");
    let token = key.sign_with(&header(&key), &claims(&desk));
    let error = LogoutTokenVerifier::new(&client, "web-app").verify(&token).await.unwrap_err();
    assert!(!error.is_invalid_token() && error.is_server_error(), "{error}");
}

/// A clock that stands at a recorded time.
struct At(u64);

impl Clock for At {
    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

#[tokio::test]
async fn the_tokens_of_a_real_server_are_accepted() {
    let read = |path: &str| -> Value {
        let path = format!("{}/tests/{path}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let (tokens, keys) = (read("logout/tokens.json"), read("verify/jwks.json"));
    let desk = Desk::open(move |_: Seen| {
        let keys = keys.clone();
        async move { Reply::json(200, &keys) }
    })
    .await;
    let mut number = 0;
    for recorded in tokens.as_array().unwrap() {
        let (token, claims) = (recorded["token"].as_str().unwrap(), &recorded["claims"]);
        let clock = At(claims["iat"].as_u64().unwrap());
        let client = desk.builder().public_endpoint("http://localhost:3001").clock(clock);
        let client = client.build().unwrap();
        let verifier = LogoutTokenVerifier::new(&client, claims["aud"].as_str().unwrap());
        let logout = verifier.verify(token).await.unwrap();
        assert_eq!(logout.subject(), claims["sub"].as_str());
        assert_eq!(logout.session_id(), claims["sid"].as_str());
        assert_eq!(Some(logout.id()), claims["jti"].as_str());
        assert_rejected(LogoutTokenVerifier::new(&client, "other").verify(token).await, "another");
        number += 1;
    }
    assert_eq!(number, 6);
}
