//! What differs between what was recorded and what the crate made of it.

use std::fmt;

use logto_api::Error;
use serde_json::Value;

use crate::exchange::Exchange;

/// A place where two JSON values are not the same.
#[derive(Debug)]
pub struct Difference {
    path: String,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A member that the contract does not know.
    Dropped,
    Changed,
    Added,
}

impl Difference {
    pub fn is_dropped(&self) -> bool {
        matches!(self.what, What::Dropped)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Dropped => "is not in the contract and was dropped",
            What::Changed => "came out with another value",
            What::Added => "was added",
        };
        write!(f, "{} {what}", self.path)
    }
}

/// The differences between a recorded answer and its decoded model.
pub fn lossless(exchange: &Exchange, decoded: &Value) -> Vec<Difference> {
    let recorded = exchange.response_body.as_ref().unwrap_or(&Value::Null);
    // A text such as `Created` only acknowledges what the status says.
    if !exchange.is_json() && decoded.is_null() {
        return Vec::new();
    }
    differences(recorded, decoded)
}

/// The differences between two values; a member of value null may be absent.
pub fn differences(recorded: &Value, decoded: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("$", recorded, decoded, &mut found);
    found
}

fn compare(path: &str, recorded: &Value, decoded: &Value, found: &mut Vec<Difference>) {
    let mut push = |path: String, what| found.push(Difference { path, what });
    match (recorded, decoded) {
        (Value::Object(recorded), Value::Object(decoded)) => {
            for (name, value) in decoded {
                if !recorded.contains_key(name) && !value.is_null() {
                    push(format!("{path}.{name}"), What::Added);
                }
            }
            for (name, value) in recorded {
                let path = format!("{path}.{name}");
                match decoded.get(name) {
                    Some(decoded) => compare(&path, value, decoded, found),
                    None if value.is_null() => {}
                    None => found.push(Difference { path, what: What::Dropped }),
                }
            }
        }
        (Value::Array(recorded), Value::Array(decoded)) if recorded.len() == decoded.len() => {
            for (index, (recorded, decoded)) in recorded.iter().zip(decoded).enumerate() {
                compare(&format!("{path}[{index}]"), recorded, decoded, found);
            }
        }
        (recorded, decoded) if recorded == decoded => {}
        _ => push(path.to_owned(), What::Changed),
    }
}

/// What the error says that the recorded answer did not, or the reverse.
pub fn error(exchange: &Exchange, error: &Error) -> Vec<String> {
    let body = exchange.response_body.as_ref().unwrap_or(&Value::Null);
    let text = |name: &str| body[name].as_str();
    let request_id = exchange.response_header("logto-core-request-id");
    let checks = [
        ("status", error.status().map(|status| status.as_u16()) == Some(exchange.status)),
        ("code", error.code() == text("code")),
        ("message", error.message() == text("message")),
        ("data", error.data() == body.get("data")),
        ("details", error.details() == body.get("details")),
        ("request id", error.request_id() == request_id),
    ];
    checks
        .iter()
        .filter(|(_, right)| !right)
        .map(|(name, _)| format!("the error's {name} is wrong: {error}"))
        .collect()
}
