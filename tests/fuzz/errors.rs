//! Errors of the APIs: `METHOD /path status`, headers, body.

use logto_api::Method;

use crate::{desk, message::Message, told};

pub(crate) fn target(input: &[u8]) {
    let message = Message::read(input);
    let (method, path) = message.title.split_once(' ').unwrap_or(("GET", "/api/users"));
    let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
    let (client, answer) = (desk::client(), message.clone());
    let outcome = desk::run(move |_| answer.clone(), client.request(method, path).send());
    let Err(error) = outcome else {
        assert!(message.status.is_success() || message.status.is_redirection());
        return;
    };
    told::check(&error, input);
    if error.is_invalid_request() {
        return;
    }
    assert_eq!(error.status().map(|status| status.as_u16()), Some(message.status.as_u16()));
    assert!((1..=3).contains(&error.attempts()) && error.attempts() as usize == desk::requests());
    let kinds = [
        error.is_not_found(),
        error.is_unauthorized(),
        error.is_forbidden(),
        error.is_unprocessable(),
        error.is_decode(),
    ];
    assert!(kinds.iter().filter(|kind| **kind).count() <= 1, "{error}");
    // What the server said of it can be asked for.
    let body: Option<serde_json::Value> = serde_json::from_slice(&message.body).ok();
    if let Some(code) = body.as_ref().and_then(|body| body["code"].as_str()) {
        assert!(code.is_empty() || error.code() == Some(code), "{code:?}: {error}");
    }
}
