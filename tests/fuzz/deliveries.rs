//! Bodies of webhooks' deliveries: signed with the right key, they are read without loss or rejected.

use logto_api::webhooks::{Event, WebhookError, WebhookVerifier};
use serde_json::Value;

const KEY: &str = "k3y-0f-the-webhook";
const MOST: usize = 1_000;

pub(crate) fn target(input: &[u8]) {
    let verifier = WebhookVerifier::new(KEY);
    let signature = verifier.sign(input);
    let other = WebhookVerifier::new("another").verify_signature(&signature, input);
    assert_eq!(other.unwrap_err(), WebhookError::InvalidSignature);
    let outcome = verifier.verify_signature(&signature, input);
    let shown = format!("{verifier:?} {outcome:?}");
    assert!(!shown.contains(KEY));
    match outcome {
        Ok(event) => check(&event, input),
        Err(WebhookError::InvalidBody(problem)) => {
            assert!(problem.chars().count() <= MOST, "{problem}");
            assert!(!problem.chars().any(char::is_control), "{problem:?}");
        }
        Err(other) => panic!("the signature is right: {other}"),
    }
}

/// All that was sent is there, and is read again as the same.
fn check(event: &Event, input: &[u8]) {
    let sent: Value = serde_json::from_slice(input).unwrap();
    assert_eq!(sent["event"], event.event_type().as_str());
    let written = serde_json::to_value(event).unwrap();
    let again: Event = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(&again, event);
    for (name, value) in sent.as_object().unwrap() {
        assert!(is_in(value, &written[name]), "{name} is lost: {written}");
    }
}

/// Whether a value is there, and in it all that is not null.
fn is_in(sent: &Value, written: &Value) -> bool {
    match (sent, written) {
        (Value::Null, _) => true,
        (Value::Object(sent), Value::Object(written)) => sent.iter().all(|(name, value)| {
            value.is_null() || written.get(name).is_some_and(|written| is_in(value, written))
        }),
        // Times are read to the millisecond, and as far as they go.
        (Value::Number(_), Value::Number(_)) => true,
        (sent, written) => sent == written,
    }
}
