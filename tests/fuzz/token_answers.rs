//! Answers of the token endpoint: status, headers, body.

use serde_json::{Map, Value};

use crate::{desk, message::Message, told};

pub(crate) fn target(input: &[u8]) {
    let message = Message::read(input);
    let builder = desk::builder().client_credentials("app-id", "s3cret-0f-the-app");
    let client = builder.allow_fewer_scopes().build().unwrap();
    let answer = message.clone();
    let outcome = desk::run(move |_| answer.clone(), async { client.access_token().await });
    match outcome {
        Ok(token) => {
            assert!(message.status.is_success());
            let body = without_bom(&message.body);
            let body: Map<String, Value> = serde_json::from_slice(body).unwrap();
            let sent = body["access_token"].as_str().unwrap();
            assert_eq!(token.secret(), sent.trim());
            assert!(!token.secret().chars().any(char::is_control));
            let is_long = sent.len() > "AccessToken [redacted]".len();
            assert!(!is_long || !format!("{token:?}").contains(sent));
        }
        Err(error) => {
            assert!(error.is_auth() && error.status().is_none(), "{error}");
            told::check(&error, input);
        }
    }
    assert!((1..=3).contains(&desk::requests()));
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}
