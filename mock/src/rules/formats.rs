//! What neither the contract nor Logto's documents tell of members.

use serde_json::Value;

/// Whether this is an address that a browser is sent to.
pub(crate) fn is_redirect(path: &[Value]) -> bool {
    let names = ["redirectUris", "postLogoutRedirectUris", "deleteAccountUrl"];
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

pub(crate) fn is_username(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(word) && text.starts_with(|c: char| !c.is_ascii_digit())
}

pub(crate) fn is_email(text: &str) -> bool {
    let domain = after_first(text).split_once('@').map(|(_, domain)| domain);
    let ending = domain.and_then(|domain| after_first(domain).split_once('.'));
    ending.is_some_and(|(_, ending)| !ending.is_empty()) && !text.contains(char::is_whitespace)
}

fn after_first(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

pub(crate) fn is_phone(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

pub(crate) fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && !rest.is_empty()
    })
}

/// A color as in CSS, with three to eight hexadecimal digits.
pub(crate) fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    (3..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}
