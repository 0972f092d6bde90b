//! Following Logto's redirects: with the flow's cookies, and to no other origin.

use reqwest::{Method, Url, header::LOCATION};

use super::{interaction_handle::foreign_origin, mismatched_cookies, sign_out};
use crate::{Client, Error, Result, oidc::PendingAuthorization};

/// More than Logto needs.
const LIMIT: usize = 10;

/// Where the redirects lead.
pub(super) enum RedirectTarget {
    Callback(Url),
    Consent,
}

pub(super) async fn follow(
    client: &Client,
    pending: &PendingAuthorization,
    start: &str,
) -> Result<RedirectTarget> {
    let home = client.target().join("/")?;
    let mut url = home.join(start).map_err(|_| unexpected_redirect("no valid URL"))?;
    for _ in 0..LIMIT {
        if pending.is_callback(&url) {
            return Ok(RedirectTarget::Callback(url));
        }
        let path = client.target().path_of(&url).ok_or_else(foreign_origin)?;
        let response = client.request(Method::GET, path).unauthenticated().send().await?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        match location {
            Some(location) if response.status().is_redirection() => {
                url = url.join(location).map_err(|_| unexpected_redirect("no valid URL"))?;
            }
            _ if url.path() == "/consent" => return Ok(RedirectTarget::Consent),
            _ if sign_out::is_asked_on(&response)? => {
                // Someone else was signed in with these cookies, whose session ends first.
                let response = sign_out::confirm(client, &response).await?;
                let location =
                    response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                url = url
                    .join(location.unwrap_or_default())
                    .map_err(|_| unexpected_redirect("no valid URL"))?;
            }
            _ => {
                return Err(unexpected_redirect(
                    "a page of its own: the user has to sign in again",
                ));
            }
        }
    }
    Err(unexpected_redirect("itself, endlessly"))
}

/// The redirect after a submission names the interaction that Logto continues with, which must be
/// the one that was begun.
pub(super) fn check_session(
    client: &Client,
    pending: &PendingAuthorization,
    start: &str,
) -> Result<()> {
    let url =
        client.target().join("/")?.join(start).map_err(|_| unexpected_redirect("no valid URL"))?;
    match (pending.interaction(), url.path().strip_prefix("/oidc/auth/")) {
        (Some(begun), Some(named)) if begun != named => Err(mismatched_cookies()),
        _ => Ok(()),
    }
}

fn unexpected_redirect(place: &str) -> Error {
    Error::callback(format!("Logto does not redirect to the application, but to {place}"))
}
