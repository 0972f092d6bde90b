//! The answer to an authorization request: the URL that the browser comes back to.

use reqwest::Url;

use super::PendingAuthorization;
use crate::{Error, Result};

/// The authorization code of the answer, after all that ties the answer to the request has been
/// checked.
pub(super) fn code(pending: &PendingAuthorization, issuer: &str, callback: &Url) -> Result<String> {
    if !pending.is_callback(callback) {
        return Err(Error::callback(
            "the callback came to another address than the redirect URI: give the URL that the \
             browser came back to",
        ));
    }
    check_state(pending, callback)?;
    check_issuer(issuer, callback)?;
    if let Some(code) = parameter(callback, "error")? {
        return Err(Error::authorization(code, parameter(callback, "error_description")?));
    }
    parameter(callback, "code")?
        .ok_or_else(|| Error::callback("the callback has neither a code nor an error"))
}

/// Another state is the answer to another request, perhaps one that an attacker made.
fn check_state(pending: &PendingAuthorization, callback: &Url) -> Result<()> {
    match parameter(callback, "state")? {
        Some(state) if state == pending.state() => Ok(()),
        Some(_) => Err(Error::callback(
            "the callback's state is another than the request's: the answer belongs to another \
             sign-in",
        )),
        None => Err(Error::callback("the callback has no state")),
    }
}

/// RFC 9207: a code of one server must not be taken to another.
fn check_issuer(issuer: &str, callback: &Url) -> Result<()> {
    match parameter(callback, "iss")? {
        Some(found) if found != issuer => Err(Error::callback(
            "the callback names another issuer than this Logto: check the endpoint's address",
        )),
        _ => Ok(()),
    }
}

/// A parameter that may be there once (RFC 6749, section 3.1); an empty one is none.
fn parameter(callback: &Url, name: &str) -> Result<Option<String>> {
    let mut found = callback.query_pairs().filter(|(found, _)| found == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    match found.next() {
        None => Ok(value.filter(|value| !value.is_empty())),
        Some(_) => Err(Error::callback(format!("the callback has more than one `{name}`"))),
    }
}
