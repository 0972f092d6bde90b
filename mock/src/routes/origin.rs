//! Where a request comes from, and what the server is called there.

use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};

use crate::{
    rules::{
        errors::Failure,
        web_authn::{Origin, failed},
    },
    state::State,
};

/// The names of one's own machine. To browsers they are different hosts, each with its own cookies.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Origin {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let said = |name| headers.get(name).and_then(|own| own.to_str().ok());
        let own = || said(HOST).map(|host| format!("http://{host}"));
        let origin = said(ORIGIN).map(str::to_owned).or_else(own);
        origin.map(Self).ok_or_else(failed)
    }
}

/// Where a browser is sent on to that has the server's cookies: to the endpoint, under the name of
/// the machine that the browser has used.
pub(crate) fn own_address(state: &State, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = state.endpoint.strip_prefix("http://").and_then(loopback_port);
    match host.filter(|host| own.is_some() && loopback_port(host) == own) {
        Some(host) => format!("http://{host}"),
        None => state.endpoint.clone(),
    }
}

/// What follows the name of one's own machine.
fn loopback_port(authority: &str) -> Option<&str> {
    let port = LOOPBACK.iter().find_map(|name| authority.strip_prefix(name))?;
    (port.is_empty() || port.starts_with(':')).then_some(port)
}
