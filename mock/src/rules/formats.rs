//! What neither the contract nor Logto's documents tell of members.

use serde_json::Value;

/// Whether this is one of an application's redirect URIs.
pub(crate) fn is_redirect(path: &[Value]) -> bool {
    let names = ["redirectUris", "postLogoutRedirectUris"];
    path.iter().any(|part| part.as_str().is_some_and(|name| names.contains(&name)))
}

/// The least and the most that a number of a query may be.
pub(crate) fn bounds(name: &str) -> Option<(u64, u64)> {
    (name == "limit").then_some((1, 100))
}

/// Those of a query's parameters that take nothing but these values, told one by one.
pub(crate) fn literals(name: &str) -> &'static [&'static str] {
    if name == "isThirdParty" { &["true", "false"] } else { &[] }
}
