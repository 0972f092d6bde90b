//! A user's tokens for APIs and organizations, which processes share as they do the session's own.

#![cfg(feature = "sign-in")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/desk.rs"]
mod desk;
#[path = "support/shared_sessions.rs"]
mod shared_sessions;

use desk::Reply;
use logto_api::sign_in::{TokenRequest, UserTokens};
use serde_json::json;
use shared_sessions::{KEY, Logto, TOKEN, form};

const API: &str = "https://api.acme.com";

fn request(tokens: &UserTokens) -> TokenRequest {
    tokens.for_resource(API)
}

async fn secret(request: TokenRequest) -> String {
    request.access_token().await.unwrap().secret().to_owned()
}

#[tokio::test]
async fn one_of_many_asks_and_the_others_take_its_token() {
    let logto = Logto::signed_in().await;
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..20 {
        let tokens = logto.process().await;
        crowd.spawn(async move {
            match number % 2 {
                0 => secret(request(&tokens)).await,
                _ => {
                    let client = request(&tokens).client().unwrap();
                    client.access_token().await.unwrap().secret().to_owned()
                }
            }
        });
    }
    let got = crowd.join_all().await;
    assert!(got.iter().all(|token| token == "opaque-2"), "{got:?}");
    assert_eq!(logto.desk.count(TOKEN), 1);
    let sent = form(&logto.desk.last());
    assert_eq!((sent["resource"].as_str(), sent["refresh_token"].as_str()), (API, "refresh-1"));
    let entry = logto.store.entry().await;
    assert_eq!(entry["value"]["refresh_token"], "refresh-2");
    assert_eq!(entry["value"]["access_token"], "opaque-1", "the session's own stays");

    // It is for whoever asks for the same, and no other.
    let tokens = logto.process().await;
    for (request, token) in [
        (request(&tokens).scope("read:orders").allow_fewer_scopes(), "opaque-3"),
        (request(&tokens).organization("o1"), "opaque-4"),
        (request(&tokens).organization("o2"), "opaque-5"),
        (tokens.for_organization("o1").allow_fewer_scopes(), "opaque-6"),
    ] {
        assert_eq!(secret(request.clone()).await, token);
        assert_eq!(secret(request).await, token);
    }
    assert_eq!(secret(request(&logto.process().await)).await, "opaque-2");
    assert_eq!(logto.desk.count(TOKEN), 5);
}

#[tokio::test]
async fn a_token_that_is_rejected_or_expires_is_replaced_once_for_all() {
    let logto = Logto::signed_in().await;
    let client = async || request(&logto.process().await).client().unwrap();
    let (one, two) = (client().await, client().await);
    for client in [&one, &two] {
        assert_eq!(client.access_token().await.unwrap().secret(), "opaque-2");
    }
    logto.clock.forward(3595);
    for client in [&one, &two] {
        assert_eq!(client.access_token().await.unwrap().secret(), "opaque-3");
    }
    assert_eq!(logto.desk.count(TOKEN), 2);
    let kept = logto.store.entry().await["value"]["api_tokens"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 1, "{kept}");
}

#[tokio::test]
async fn what_lacks_a_scope_is_not_kept_and_is_given_to_nobody() {
    let logto = Logto::signed_in().await;
    let tokens = logto.process().await;
    let body = |token: &str, scope: &str| {
        json!({
            "access_token": token, "scope": scope, "expires_in": 3600, "token_type": "Bearer",
            "refresh_token": "refresh-1",
        })
    };
    let wanted = || request(&tokens).scope("read:orders write:orders");
    logto.refuse(Reply::json(200, &body("few", "read:orders")));
    assert!(wanted().access_token().await.unwrap_err().is_auth());
    // As soon as the user may do more, the token tells.
    logto.refuse(Reply::json(200, &body("all", "read:orders write:orders")));
    assert_eq!(secret(wanted()).await, "all");
    assert_eq!(secret(wanted()).await, "all");

    // One that is good enough for whoever takes less is asked for again by who does not.
    let wanted = || request(&tokens).scope("delete:orders");
    logto.refuse(Reply::json(200, &body("none", "")));
    assert_eq!(secret(wanted().allow_fewer_scopes()).await, "none");
    logto.refuse(Reply::json(200, &body("deletes", "delete:orders")));
    assert_eq!(secret(wanted()).await, "deletes");
}

#[tokio::test]
async fn they_are_bounded_and_end_with_the_session_and_are_the_stores_alone() {
    let logto = Logto::signed_in().await;
    let tokens = logto.process().await;
    for number in 0..40 {
        secret(request(&tokens).organization(format!("o{number}"))).await;
    }
    let kept = logto.store.entry().await["value"]["api_tokens"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 32);
    let stored = serde_json::to_value(tokens.to_stored()).unwrap();
    assert!(stored.get("api_tokens").is_none(), "{stored}");
    assert_eq!(tokens.to_stored(), logto.process().await.to_stored());

    let other = logto.process().await;
    tokens.revoke().await.unwrap();
    assert!(logto_api::TokenStore::load(&logto.store, KEY).await.unwrap().is_none());
    let error = request(&other).organization("o39").access_token().await.unwrap_err();
    assert!(error.is_sign_in_required(), "{error}");
}
