//! The response to an authorization request: the URL to which the browser is redirected.

use reqwest::Url;

use super::{PendingAuthorization, discovery, issuer};
use crate::{Client, Error, Result};

/// The authorization code of the response, once the response is known to belong to the request.
pub(super) async fn code(
    client: &Client,
    pending: &PendingAuthorization,
    callback: &Url,
) -> Result<String> {
    if !pending.is_callback(callback) {
        return Err(Error::callback(
            "the callback's address is not the redirect URI: pass the URL that the browser \
             returned to",
        ));
    }
    check_state(pending, callback)?;
    check_issuer(client, callback).await?;
    if let Some(code) = parameter(callback, "error")? {
        let description = parameter(callback, "error_description")?;
        return Err(Error::authorization(code, description, parameter(callback, "scope")?));
    }
    parameter(callback, "code")?
        .ok_or_else(|| Error::callback("the callback has neither a code nor an error"))
}

/// Another state means another request, perhaps one that an attacker made.
fn check_state(pending: &PendingAuthorization, callback: &Url) -> Result<()> {
    match parameter(callback, "state")? {
        Some(state) if state == pending.state() => Ok(()),
        Some(_) => Err(Error::callback(
            "the callback's state does not match the request's: the callback belongs to another \
             sign-in",
        )),
        None => Err(Error::callback("the callback has no state")),
    }
}

/// RFC 9207: the code of one server must not be sent to another. Only a server that does not
/// identify itself in its responses may omit its identifier.
async fn check_issuer(client: &Client, callback: &Url) -> Result<()> {
    match parameter(callback, "iss")? {
        Some(found) if found == issuer(client) => Ok(()),
        Some(_) => Err(Error::callback(
            "the callback names an issuer other than this Logto: check the endpoint's address, or \
             set the one that users see with `public_endpoint(…)`",
        )),
        None if discovery::names_issuer_in_callbacks(client).await? => Err(Error::callback(
            "the callback does not name its issuer (`iss`), which this Logto always does: pass the \
             whole URL that the browser returned to",
        )),
        None => Ok(()),
    }
}

/// A parameter that may occur once (RFC 6749, section 3.1). An empty parameter counts as absent.
fn parameter(callback: &Url, name: &str) -> Result<Option<String>> {
    let mut found = callback.query_pairs().filter(|(found, _)| found == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    match found.next() {
        None => Ok(value.filter(|value| !value.is_empty())),
        Some(_) => Err(Error::callback(format!("the callback has more than one `{name}`"))),
    }
}
