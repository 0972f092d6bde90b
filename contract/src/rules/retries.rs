//! What may be repeated after a failure that may pass, where the HTTP method does not tell.
//!
//! Each class is told by its path, its parameters, its body or its answers. What a correction says
//! about an operation stands.

use anyhow::Result;
use serde_json::Value;

use crate::document::{Operation, operations};
use crate::refused::{escape, refuse};

/// The keyword that tells: one of [`VALUES`], or nothing where the method tells.
pub(super) const MARK: &str = "x-logto-retry";

const VALUES: [&str; 3] = ["always", "by-method", "never"];

/// Members of a body that hold what an identity provider issued for one use.
const ISSUED: [&str; 2] = ["SAMLResponse", "connectorData"];

/// Marks the operations of an inlined document.
pub(super) fn marked(document: &mut Value) -> Result<()> {
    let mut found = Vec::new();
    for operation in operations(document) {
        let at = format!("/paths/{}/{}", escape(operation.path), operation.method);
        match operation.value.get(MARK) {
            Some(given) if !VALUES.iter().any(|value| given == value) => {
                let values = VALUES.join(", ");
                return Err(refuse(&at, format!("{MARK} is {given}: one of {values}")));
            }
            Some(_) => {}
            None => found.extend(value_of(&operation).map(|value| (at, value))),
        }
    }
    for (at, value) in found {
        if let Some(operation) = document.pointer_mut(&at) {
            operation[MARK] = value.into();
        }
    }
    Ok(())
}

fn value_of(operation: &Operation<'_>) -> Option<&'static str> {
    let posts = operation.method == "post";
    if takes_what_is_good_once(operation) || posts && (checks(operation) || acts(operation)) {
        return Some("never");
    }
    // A DELETE with a body, which DELETE cannot have.
    (posts && last(operation) == "delete").then_some("always")
}

fn last<'a>(operation: &Operation<'a>) -> &'a str {
    operation.path.rsplit('/').next().unwrap_or_default()
}

/// Checks a code, a token or a password: a good one is used up, a bad one counts as a guess.
fn checks(operation: &Operation<'_>) -> bool {
    let path = operation.path;
    last(operation) == "verify"
        || path.ends_with("/verification/password")
        || path.ends_with("/verifications/password")
}

/// Takes an assertion or an authorization code of an identity provider.
fn takes_what_is_good_once(operation: &Operation<'_>) -> bool {
    let parameters = operation.value["parameters"].as_array();
    let mut parameters = parameters.into_iter().flatten();
    let content = operation.value["requestBody"]["content"].as_object();
    let mut bodies = content.into_iter().flat_map(|content| content.values());
    parameters.any(|parameter| parameter["in"] == "query" && parameter["name"] == "code")
        || bodies
            .any(|body| ISSUED.iter().any(|name| !body["schema"]["properties"][name].is_null()))
        || operation.path.starts_with("/api/authn/") && operation.method == "post"
}

/// Does what once too often is too much: sends a message (the only operations that document a 429),
/// tries out what reaches beyond Logto, ends an interaction, retires a signing key.
fn acts(operation: &Operation<'_>) -> bool {
    let sends = operation.value["responses"].get("429").is_some();
    sends || matches!(last(operation), "test" | "submit" | "rotate")
}
