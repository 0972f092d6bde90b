//! Answers to any operation: `OperationId status`, headers, body.

use std::{collections::BTreeMap, path::Path, sync::LazyLock};

use axum::http::StatusCode;
use serde_json::Value;

use crate::{
    calls,
    compare::differences,
    desk,
    exchange::{self, Exchange},
    input::Input,
    message::Message,
    told,
};

/// How each operation was once called.
static RECORDED: LazyLock<BTreeMap<String, Exchange>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let exchanges = exchange::read(&folder).into_iter();
    exchanges.map(|exchange| (exchange.operation.clone(), exchange)).collect()
});

/// Every recorded answer, as an input.
pub(crate) fn recorded() -> Vec<Vec<u8>> {
    let input = |exchange: &Exchange| {
        let Exchange { operation, status, response_headers, response_body, .. } = exchange;
        let mut text = format!("{operation} {status}");
        for (name, value) in response_headers {
            text.extend(value.as_str().map(|value| format!("\n{name}: {value}")));
        }
        let body = response_body.as_ref().map(Value::to_string).unwrap_or_default();
        format!("{text}\n\n{body}").into_bytes()
    };
    RECORDED.values().map(input).collect()
}

pub(crate) fn target(input: &[u8]) {
    let message = Message::read(input);
    let Some(exchange) = RECORDED.get(&message.title) else { return };
    let (client, answer) = (desk::client(), message.clone());
    let arguments = Input::of(exchange);
    let call = calls::call(&client, &exchange.operation, &arguments).unwrap();
    let Ok(outcome) = desk::run(move |_| answer.clone(), call) else { return };
    match outcome {
        Ok(model) => {
            assert!(message.status.is_success() || message.status.is_redirection());
            // HTTP gives a 204 no body: only a transport that is no HTTP delivers one.
            let sent = serde_json::from_slice::<Value>(&message.body).ok();
            let sent = sent.filter(|_| message.status != StatusCode::NO_CONTENT);
            if let Some(sent) = sent.filter(has_integers_only) {
                check(&sent, &model);
            }
        }
        Err(error) => {
            told::check(&error, input);
            let told = error.status().map(|status| status.as_u16());
            assert!(told.is_none_or(|told| told == message.status.as_u16()), "{error}");
        }
    }
}

/// Dates are whole milliseconds in 64 bits; others become the nearest.
fn has_integers_only(sent: &Value) -> bool {
    match sent {
        Value::Number(number) => number.is_i64(),
        Value::Array(items) => items.iter().all(has_integers_only),
        Value::Object(members) => members.values().all(has_integers_only),
        _ => true,
    }
}

/// A model has what was sent, but for what it does not know.
fn check(sent: &Value, model: &Value) {
    // Text and pages are no models, `Created` and the like are none.
    if !(sent.is_object() && model.is_object() || sent.is_array() && model.is_array()) {
        return;
    }
    let wrong: Vec<_> =
        differences(sent, model).into_iter().filter(|difference| !difference.is_dropped()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
