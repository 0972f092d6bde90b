//! Webhooks are created with what verifies them, and their keys rotated without a gap.

#![cfg(all(feature = "webhooks", feature = "hooks"))]
#![allow(clippy::unwrap_used)]

use logto_api::{Client, models::HookEvent, webhooks::WebhookVerifier};
use logto_mock::Mock;

const URL: &str = "https://api.acme.com/webhooks/logto";

async fn client(mock: &Mock) -> Client {
    let client = Client::builder(mock.endpoint());
    client.client_credentials(mock.app_id(), mock.app_secret()).build().unwrap()
}

fn signed(key: &str, body: &[u8]) -> String {
    WebhookVerifier::new(key).sign(body)
}

#[tokio::test]
async fn a_webhook_comes_with_its_verifier_and_both_keys_are_taken_after_a_rotation() {
    let mock = Mock::start().await.unwrap();
    let hooks = client(&mock).await.hooks();
    let hook = hooks.subscribe("users", URL, [HookEvent::UserCreated]).await.unwrap();
    assert_eq!((hook.name.as_str(), hook.config.url.as_str()), ("users", URL));
    assert_eq!(hook.events, [HookEvent::UserCreated]);

    let body = br#"{"event":"User.Created"}"#;
    let old = signed(&hook.signing_key, body);
    hook.verifier().verify_signature(&old, body).unwrap();

    let rotated = hooks.rotate_verifier(&hook.id).await.unwrap();
    assert_eq!(rotated.hook.id, hook.id);
    assert_ne!(rotated.hook.signing_key, hook.signing_key);
    let new = signed(&rotated.hook.signing_key, body);
    for signature in [&old, &new] {
        rotated.verifier.verify_signature(signature, body).unwrap();
    }
    rotated.hook.verifier().verify_signature(&new, body).unwrap();
    assert!(rotated.hook.verifier().verify_signature(&old, body).is_err());
    let shown = format!("{rotated:?}");
    for key in [&hook.signing_key, &rotated.hook.signing_key] {
        assert!(!shown.contains(key.as_str()));
    }
}

#[tokio::test]
async fn a_webhook_that_would_never_receive_anything_is_not_created() {
    let mock = Mock::start().await.unwrap();
    let hooks = client(&mock).await.hooks();
    for url in ["", "/webhooks", "api.acme.com", "ftp://acme.com", "https://u:hunter2@acme.com/x"] {
        let error = hooks.subscribe("users", url, [HookEvent::UserCreated]).await.unwrap_err();
        assert!(error.is_invalid_request(), "{url}: {error}");
        assert!(!error.to_string().contains("hunter2"));
    }
    let nothing: [HookEvent; 0] = [];
    assert!(hooks.subscribe("users", URL, nothing).await.unwrap_err().is_invalid_request());
    assert_eq!(hooks.list().send().await.unwrap().len(), 0);
}
