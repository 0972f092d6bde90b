//! Tokens that several processes share, each of which stands for a process here: one renews, and the
//! others take what it got, whatever fails. `tests/fleet.rs` has real processes and a real Redis.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/desk.rs"]
mod desk;

#[path = "support/shared_sessions.rs"]
mod shared_sessions;

use std::{
    error::Error as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use desk::{Desk, Reply, Seen};
use logto_api::{Client, Error, MemoryTokenStore, Method};
use serde_json::json;
use shared_sessions::{Logto, REVOCATION, TOKEN, form, set};

#[tokio::test]
async fn one_of_many_renews_and_the_others_take_its_tokens() {
    let logto = Logto::signed_in().await;
    let mut processes = Vec::new();
    for _ in 0..20 {
        processes.push(logto.process().await);
    }
    let refreshing: Vec<_> = processes
        .into_iter()
        .map(|tokens| tokio::spawn(async move { tokens.refresh().await }))
        .collect();
    for refreshed in refreshing {
        let tokens = refreshed.await.unwrap().unwrap();
        assert_eq!(tokens.access_token().secret(), "opaque-2");
        assert_eq!(tokens.refresh_token().as_deref(), Some("refresh-2"));
    }
    assert_eq!(logto.desk.count(TOKEN), 1);
    let entry = logto.store.entry().await;
    assert_eq!((&entry["v"], entry.get("renewal")), (&json!(1), None));
    assert_eq!(entry["value"]["refresh_token"], "refresh-2");

    // Each asks for more than the others have got.
    let tokens = logto.process().await;
    assert_eq!(tokens.access_token().secret(), "opaque-2");
    tokens.refresh().await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 2);
}

#[tokio::test]
async fn clients_renew_what_is_due_once() {
    let logto = Logto::signed_in().await;
    let (one, two) = (logto.process().await, logto.process().await);
    one.user_info().await.unwrap();
    two.user_info().await.unwrap();
    assert_eq!(
        (logto.desk.count(TOKEN), logto.desk.token_of_last("/oidc/me")),
        (0, "opaque-1".to_owned())
    );
    logto.clock.forward(3595);
    one.user_info().await.unwrap();
    two.user_info().await.unwrap();
    assert_eq!(logto.desk.token_of_last("/oidc/me"), "opaque-2");
    assert_eq!(logto.desk.count(TOKEN), 1);
}

#[tokio::test]
async fn what_another_process_left_in_doubt_is_tried_only_where_nothing_is_lost_by_it() {
    let logto = Logto::signed_in().await;
    logto.leave_in_doubt().await;
    let tokens = logto.process().await;
    let error = tokens.refresh().await.unwrap_err();
    assert!(error.is_auth() && !error.is_sign_in_required(), "{error}");
    assert!(error.to_string().contains("another process"), "{error}");
    assert_eq!(logto.desk.count(TOKEN), 0, "nothing is sent");
    tokens.user_info().await.unwrap();
    assert_eq!(logto.desk.token_of_last("/oidc/me"), "opaque-1");
    // Whoever asks again wants the try.
    tokens.refresh().await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 1);

    // What is over can only be tried.
    let logto = Logto::signed_in().await;
    logto.leave_in_doubt().await;
    logto.clock.forward(3600);
    logto.process().await.refresh().await.unwrap();
    assert_eq!(logto.store.entry().await.get("renewal"), None);
}

#[tokio::test]
async fn a_response_that_was_lost_is_told_to_the_others() {
    let logto = Logto::signed_in().await;
    let (one, two) = (logto.process().await, logto.process().await);
    logto.refuse(Reply::new(500, "a proxy's words"));
    assert!(one.refresh().await.is_err());
    let entry = logto.store.entry().await;
    assert_eq!(entry["renewal"]["lost"], true);
    assert_eq!(entry["value"]["refresh_token"], "refresh-1");
    let error = two.refresh().await.unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
    assert_eq!(logto.desk.count(TOKEN), 1);
    two.refresh().await.unwrap();
    assert_eq!(one.refresh().await.unwrap().access_token().secret(), "opaque-2");
    assert_eq!(logto.desk.count(TOKEN), 2);
}

#[tokio::test]
async fn while_the_store_is_down_tokens_go_on_and_nothing_is_renewed() {
    let logto = Logto::signed_in().await;
    let tokens = logto.process().await;
    logto.store.set_down(true);
    tokens.user_info().await.unwrap();
    let error = tokens.refresh().await.unwrap_err();
    assert!(error.is_auth() && error.is_transient() && !error.is_sign_in_required(), "{error}");
    assert!(error.to_string().contains("the token store failed"), "{error}");
    assert!(!format!("{error} {error:?}").contains("own words"), "it may hold anything");
    assert_eq!(error.source().unwrap().to_string(), "the store's own words");
    for error in [
        logto.sessions().get("s1").await.map(drop).unwrap_err(),
        logto.sessions().insert("s2", &tokens).await.map(drop).unwrap_err(),
        logto.sessions().remove("s1").await.map(drop).unwrap_err(),
        tokens.revoke().await.unwrap_err(),
    ] {
        assert!(error.is_auth() && error.is_transient(), "{error}");
    }
    assert_eq!((logto.desk.count(TOKEN), logto.desk.count(REVOCATION)), (0, 0));
    logto.store.set_down(false);
    tokens.refresh().await.unwrap();
}

#[tokio::test]
async fn tokens_that_could_not_be_kept_are_not_lost() {
    let logto = Logto::signed_in().await;
    let (one, two) = (logto.process().await, logto.process().await);
    logto.fails_then.store(true, Ordering::SeqCst);
    let renewed = one.refresh().await.unwrap();
    assert_eq!(renewed.access_token().secret(), "opaque-2");
    logto.fails_then.store(false, Ordering::SeqCst);
    logto.store.set_down(false);
    assert_eq!(logto.store.entry().await["value"]["refresh_token"], "refresh-1");

    // The next renewal keeps what there is, and goes on from there.
    one.refresh().await.unwrap();
    assert_eq!(logto.store.entry().await["value"]["refresh_token"], "refresh-3");
    assert_eq!(two.refresh().await.unwrap().refresh_token().as_deref(), Some("refresh-3"));
    assert_eq!(logto.desk.count(TOKEN), 2);
}

#[tokio::test]
async fn a_session_ends_for_all() {
    let logto = Logto::signed_in().await;
    let (one, two) = (logto.process().await, logto.process().await);
    one.refresh().await.unwrap();
    two.revoke().await.unwrap();
    let sent = logto.desk.seen();
    let sent = sent.iter().rfind(|seen| seen.target == REVOCATION).unwrap();
    assert_eq!(form(sent)["token"], "refresh-2", "it is the newest that is revoked");
    assert!(logto.sessions().get("s1").await.unwrap().is_none());
    let error = one.refresh().await.unwrap_err();
    assert!(error.is_sign_in_required(), "{error}");
    assert!(one.user_info().await.unwrap_err().is_sign_in_required());
    assert_eq!(logto.desk.count(TOKEN), 1);

    // One that Logto ends.
    let logto = Logto::signed_in().await;
    let (one, two) = (logto.process().await, logto.process().await);
    logto.refuse(Reply::json(400, &json!({"error": "invalid_grant"})));
    assert!(one.refresh().await.unwrap_err().is_sign_in_required());
    assert!(two.refresh().await.unwrap_err().is_sign_in_required());
    assert_eq!(logto.desk.count(TOKEN), 1);

    // One that is only forgotten.
    let logto = Logto::signed_in().await;
    let sessions = logto.sessions();
    assert!(sessions.remove("s1").await.unwrap() && !sessions.remove("s1").await.unwrap());
    assert_eq!(logto.desk.seen().len(), 0);
}

#[tokio::test]
async fn what_is_kept_is_json_with_a_version() {
    let logto = Logto::signed_in().await;
    let entry = logto.store.entry().await;
    assert_eq!(entry, json!({"v": 1, "value": set()}));
    for (kept, words) in [
        (json!({"v": 2, "tokens": {}}), "version 2"),
        (json!({"v": 1, "value": {"access_token": "s3cret-1"}}), "not written by this crate"),
        (json!("s3cret-1"), "not written by this crate"),
    ] {
        logto.store.set(&kept).await;
        let error = logto.sessions().get("s1").await.unwrap_err();
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(words) && !cause.contains("s3cret"), "{cause}");
    }
    assert!(logto.sessions().get("").await.unwrap_err().is_invalid_request());
    let shown = format!("{:?} {:?}", logto.sessions(), logto.store.kept);
    assert!(!shown.contains("s3cret") && !shown.contains("opaque") && !shown.contains("refresh-"));
}

/// Calls the Management API in place of a process.
async fn call(client: &Client) -> Result<(), Error> {
    client.request(Method::GET, "/api/users").send().await.map(drop)
}

#[tokio::test]
async fn an_applications_token_is_fetched_by_one_for_all() {
    let logto = Logto::open().await;
    let process = |scope: &str| {
        let client = logto.desk.app().clock(logto.clock.clone()).scope(scope).allow_fewer_scopes();
        client.token_store(logto.store.clone()).build().unwrap()
    };
    let (one, two) = (process("all"), process("all"));
    let calls = [&one, &two, &process("all")].map(|client| {
        let client = client.clone();
        tokio::spawn(async move { call(&client).await })
    });
    for done in calls {
        done.await.unwrap().unwrap();
    }
    assert_eq!(logto.desk.count(TOKEN), 1);

    // What is due is renewed once.
    logto.clock.forward(3595);
    call(&one).await.unwrap();
    call(&two).await.unwrap();
    call(&process("all")).await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 2);
    assert_eq!(logto.desk.token_of_last("/api/users"), "opaque-3");

    // Others want other tokens.
    call(&process("read:users")).await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 3);
    let acme =
        |client: &Client| client.as_organization("acme").allow_fewer_scopes().build().unwrap();
    acme(&one).access_token().await.unwrap();
    acme(&two).access_token().await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 4);

    // Without the store, each has its own.
    logto.store.set_down(true);
    call(&process("all")).await.unwrap();
    call(&process("all")).await.unwrap();
    assert_eq!(logto.desk.count(TOKEN), 6);
    let error = logto.desk.builder().token_store(logto.store.clone()).build().unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("token_store"), "{error}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_for_all() {
    let refused = Arc::new(Mutex::new(String::new()));
    let number = Arc::new(AtomicUsize::new(0));
    let shared = (refused.clone(), number.clone());
    let desk = Desk::open(move |seen: Seen| {
        let (refused, number) = shared.clone();
        async move {
            let token = seen.authorization.unwrap_or_default();
            match seen.target.as_str() {
                TOKEN => Reply::token(&format!("t{}", number.fetch_add(1, Ordering::SeqCst))),
                _ if token == *refused.lock().unwrap() => Reply::json(401, &json!({})),
                _ => Reply::done(),
            }
        }
    })
    .await;
    let store = MemoryTokenStore::new();
    let process = || desk.app().token_store(store.clone()).build().unwrap();
    let (one, two) = (process(), process());
    call(&one).await.unwrap();
    call(&two).await.unwrap();
    "Bearer t0".clone_into(&mut refused.lock().unwrap());
    call(&one).await.unwrap();
    call(&two).await.unwrap();
    call(&process()).await.unwrap();
    assert_eq!(desk.count(TOKEN), 2);
}
