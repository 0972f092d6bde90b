//! Opaque tokens are asked about, and what is told is gone by for a while.

#![cfg(feature = "verify")]
#![allow(clippy::unwrap_used)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/issuer.rs"]
mod issuer;
#[path = "support/key_server.rs"]
mod key_server;

use issuer::Key;
use key_server::{API, INTROSPECTION, Logto, NOW, rejected, sign};
use logto_api::verify::{TokenVerifier, TokenVerifierBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const TOKEN: &str = "xS6kaiKgSDGlOnofxJ2DN7xLuaUA3nEmMEsU1-vItjJ";

async fn logto() -> Logto {
    let logto = Logto::with(json!({"keys": []})).await;
    *logto.introspection.lock().unwrap() = told(&logto, &json!({}));
    logto
}

/// What Logto tells of a good token.
fn told(logto: &Logto, changes: &Value) -> Value {
    let mut told = json!({
        "active": true, "sub": "u1", "client_id": "app", "exp": NOW + 3600, "iat": NOW - 10,
        "iss": format!("{}/oidc", logto.desk.endpoint), "scope": "openid profile",
        "token_type": "Bearer",
    });
    told.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    told.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    told
}

fn asking(logto: &Logto) -> TokenVerifierBuilder {
    logto.builder().audience(API).introspection("m2m", "s3cret")
}

#[tokio::test]
async fn a_good_token_says_whose_it_is() {
    let logto = logto().await;
    let verifier = asking(&logto).build().unwrap();
    let claims = verifier.introspect(TOKEN).await.unwrap();
    assert_eq!((claims.subject(), claims.client_id()), ("u1", "app"));
    assert!(claims.has_scope("profile") && !claims.has_scope("prof"));
    assert_eq!(claims.raw()["token_type"], "Bearer");
    let asked = logto.desk.last();
    assert_eq!(asked.authorization.as_deref(), Some("Basic bTJtOnMzY3JldA=="));
    assert_eq!(asked.body, format!("token={TOKEN}&token_type_hint=access_token"));
    assert!(!format!("{verifier:?} {claims:?}").contains("s3cret"));
    assert!(rejected(verifier.verify(TOKEN).await).is_opaque_token());
}

#[tokio::test]
async fn a_client_with_an_application_needs_no_other() {
    let logto = logto().await;
    let client = logto.desk.app().clock(logto.clock.clone()).build().unwrap();
    let verifier = client.token_verifier().audience(API).build().unwrap();
    verifier.introspect(TOKEN).await.unwrap();
    let nobody = logto.verifier();
    assert!(nobody.introspect(TOKEN).await.unwrap_err().is_invalid_request());
}

#[tokio::test]
async fn what_is_not_a_good_access_token_is_rejected() {
    let logto = logto().await;
    let reject = async |builder: TokenVerifierBuilder, changes: Value| {
        *logto.introspection.lock().unwrap() = told(&logto, &changes);
        rejected(builder.build().unwrap().introspect(TOKEN).await);
    };
    for changes in [
        json!({"active": false}),
        json!({"active": null}),
        json!({"active": "true"}),
        json!({"token_type": null}),
        json!({"token_type": "refresh_token"}),
        json!({"exp": NOW - 60}),
        json!({"exp": null}),
        json!({"iat": NOW + 61}),
        json!({"sub": ""}),
        json!({"client_id": null}),
        json!({"iss": "https://evil.example/oidc"}),
    ] {
        reject(asking(&logto), changes).await;
    }
    reject(asking(&logto).client_id("other"), json!({})).await;
    reject(asking(&logto).users_only(), json!({"sub": "app"})).await;
    *logto.introspection.lock().unwrap() = json!("active");
    rejected(asking(&logto).build().unwrap().introspect(TOKEN).await);
}

#[tokio::test]
async fn nobody_is_asked_about_what_is_no_opaque_token() {
    let logto = logto().await;
    let verifier = asking(&logto).build().unwrap();
    let jwt = sign(&Key::es384("k"), &logto.claims());
    for token in [&jwt, "", "a b", "a\nb", "é", &"a".repeat(1 << 20)] {
        rejected(verifier.introspect(token).await);
    }
    assert_eq!(logto.desk.seen().len(), 0);
}

#[tokio::test]
async fn what_was_told_is_gone_by_for_ten_seconds_and_not_longer_than_the_token_lives() {
    let logto = logto().await;
    let verifier = asking(&logto).build().unwrap();
    let asked = || logto.desk.count(INTROSPECTION);
    for _ in 0..100 {
        verifier.introspect(TOKEN).await.unwrap();
    }
    assert_eq!(asked(), 1);
    *logto.introspection.lock().unwrap() = json!({"active": false});
    logto.clock.forward(9);
    verifier.introspect(TOKEN).await.unwrap();
    logto.clock.forward(1);
    rejected(verifier.introspect(TOKEN).await);
    assert_eq!(asked(), 2);

    *logto.introspection.lock().unwrap() = told(&logto, &json!({"exp": NOW + 11}));
    verifier.introspect("another").await.unwrap();
    logto.clock.set(NOW + 11 + 60);
    rejected(verifier.introspect("another").await);
    assert_eq!(asked(), 3);
}

#[tokio::test]
async fn that_a_token_is_not_good_is_gone_by_as_long() {
    let logto = logto().await;
    let verifier = asking(&logto).build().unwrap();
    let asked = || logto.desk.count(INTROSPECTION);
    *logto.introspection.lock().unwrap() = json!({"active": false});
    for _ in 0..100 {
        rejected(verifier.introspect(TOKEN).await);
    }
    assert_eq!(asked(), 1);
    logto.clock.forward(10);
    *logto.introspection.lock().unwrap() = told(&logto, &json!({}));
    verifier.introspect(TOKEN).await.unwrap();
    assert_eq!(asked(), 2);

    // Thousands that are not good displace none that is.
    *logto.introspection.lock().unwrap() = json!({"active": false});
    for number in 0..1001 {
        rejected(verifier.introspect(&format!("token-{number}")).await);
    }
    verifier.introspect(TOKEN).await.unwrap();
    assert_eq!(asked(), 2 + 1001);
}

#[tokio::test]
async fn a_crowd_asks_once_about_a_token_and_once_about_each() {
    let logto = logto().await;
    let verifier = asking(&logto).build().unwrap();
    for (before, answer) in [(0, told(&logto, &json!({}))), (2, json!({"active": false}))] {
        let is_good = answer["active"] == true;
        *logto.introspection.lock().unwrap() = answer;
        let held = logto.held.lock().await;
        let mut crowd = JoinSet::new();
        for number in 0..200 {
            let (verifier, token) = (verifier.clone(), format!("{TOKEN}{is_good}{}", number % 2));
            crowd.spawn(async move { verifier.introspect(&token).await.is_ok() });
        }
        logto.desk.arrived(INTROSPECTION, before + 2).await;
        drop(held);
        assert!(crowd.join_all().await.into_iter().all(|good| good == is_good));
        assert_eq!(logto.desk.count(INTROSPECTION), before + 2);
    }
}

#[tokio::test]
async fn one_who_waits_goes_on_where_the_one_who_asked_is_gone() {
    let logto = logto().await;
    let verifier = asking(&logto).build().unwrap();
    let held = logto.held.lock().await;
    let other = verifier.clone();
    let first = tokio::spawn(async move { other.introspect(TOKEN).await });
    logto.desk.arrived(INTROSPECTION, 1).await;
    let second = desk::begun(verifier.introspect(TOKEN)).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    drop(held);
    second.await.unwrap();
    assert_eq!(logto.desk.count(INTROSPECTION), 1);

    // Nobody waits for a request that all have given up.
    let held = logto.held.lock().await;
    drop(desk::begun(verifier.introspect("another")).await);
    drop(held);
    verifier.introspect("another").await.unwrap();
}

#[tokio::test]
async fn a_thousand_tokens_are_remembered() {
    let logto = logto().await;
    let verifier = asking(&logto).build().unwrap();
    let ask = async |verifier: &TokenVerifier, numbers: std::ops::Range<u32>| {
        for number in numbers {
            verifier.introspect(&format!("token-{number}")).await.unwrap();
        }
        logto.desk.count(INTROSPECTION)
    };
    assert_eq!(ask(&verifier, 0..1000).await, 1000);
    assert_eq!(ask(&verifier, 0..1000).await, 1000);
    assert_eq!(ask(&verifier, 1000..1001).await, 1001);
    // One was forgotten for it.
    assert!(ask(&verifier, 0..1001).await > 1001);
}

#[tokio::test]
async fn a_logto_that_is_down_says_nothing_of_the_token() {
    let logto = logto().await;
    logto.keys.lock().unwrap().take();
    let error = asking(&logto).build().unwrap().introspect(TOKEN).await.unwrap_err();
    assert!(!error.is_invalid_token(), "{error}");
    assert!(!error.to_string().contains(TOKEN));
}
