//! A document that cannot be vendored: where, and why.

use std::fmt;

use serde_json::Value;

/// The place is a JSON pointer into the document.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) pointer: String,
    pub(crate) why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.why)
    }
}

impl std::error::Error for Refused {}

/// Refuses the document at `pointer`.
pub(crate) fn refuse(pointer: &str, why: impl Into<String>) -> anyhow::Error {
    Refused { pointer: pointer.to_owned(), why: why.into() }.into()
}

/// Says which operation a refusal is about, where it is about one.
pub(crate) fn locate(error: anyhow::Error, document: &Value) -> anyhow::Error {
    let Some(refused) = error.downcast_ref::<Refused>() else {
        return error;
    };
    match operation_at(document, &refused.pointer) {
        Some(operation) => anyhow::anyhow!("operation {operation} is refused at {refused}"),
        None => anyhow::anyhow!("the document is refused at {refused}"),
    }
}

/// The operationId of the operation a pointer leads into, or its method and path.
fn operation_at(document: &Value, pointer: &str) -> Option<String> {
    let mut tokens = pointer.strip_prefix("/paths/")?.split('/');
    let path = unescape(tokens.next()?);
    let method = tokens.next()?;
    let operation = document.get("paths")?.get(&path)?.get(method)?;
    match operation.get("operationId").and_then(Value::as_str) {
        Some(id) => Some(id.to_owned()),
        None => Some(format!("{} {path}", method.to_uppercase())),
    }
}

/// One token of a JSON pointer.
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// The key that one token of a JSON pointer stands for.
pub(crate) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
