//! How an application proves at the token endpoint who it is.

use axum::http::{HeaderMap, header::ORIGIN};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    routes::auth::authorization,
    rules::{
        apps::{App, Proof},
        errors::Failure,
    },
    state::{State, params::Params},
};

pub(crate) fn authenticate(
    state: &State,
    headers: &HeaderMap,
    form: &Params,
) -> Result<App, Failure> {
    let header = authorization(headers);
    let posted = form.get("client_secret");
    if header.is_some() && posted.is_some() {
        return Err(Failure::invalid_request(
            "client authentication must only be provided using one mechanism",
        ));
    }
    let (id, secret) = match header {
        Some(header) => basic(header).map(|(id, secret)| (id, Some(secret)))?,
        None => {
            let id = form.get("client_id").unwrap_or_default();
            (id.to_owned(), posted.map(str::to_owned))
        }
    };
    if id.is_empty() {
        return Err(Failure::invalid_request("no client authentication mechanism provided"));
    }
    if form.get("client_id").is_some_and(|other| other != id) {
        return Err(Failure::invalid_request("client_id mismatch"));
    }
    let app = App::find(state, &id).ok_or_else(|| unknown(&id))?;
    check_origin(&app, headers, state)?;
    match (app.proves_itself_with(secret.as_deref(), state.now()), header) {
        (Proof::Good, _) => Ok(app),
        (Proof::Expired, _) => Err(Failure::invalid_request("client secret has expired")),
        (Proof::Wrong, Some(_)) => Err(refused().challenge("Basic", &state.issuer())),
        (Proof::Wrong, None) => Err(refused()),
    }
}

/// Pages may call from where the application takes its users, and from the server itself.
pub(crate) fn check_origin(app: &App, headers: &HeaderMap, state: &State) -> Result<(), Failure> {
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    match origin.filter(|origin| *origin != state.endpoint && !app.is_open_to(origin)) {
        None => Ok(()),
        Some(origin) => {
            let why = format!("origin {origin} not allowed for client: {}", app.id);
            let failure = Failure::invalid_request(&why);
            Err(Failure { is_foreign: true, ..failure })
        }
    }
}

fn unknown(id: &str) -> Failure {
    Failure::oidc(400u16, "invalid_client", &format!("invalid client {id}"))
}

fn refused() -> Failure {
    Failure::oidc(401u16, "invalid_client", "client authentication failed")
}

fn basic(header: &str) -> Result<(String, String), Failure> {
    let malformed = || Failure::invalid_request("invalid authorization header value format");
    let (scheme, encoded) = header.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = BASE64_STANDARD.decode(encoded).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    Ok((form_decoded(id), form_decoded(secret)))
}

/// OAuth 2.0 has both parts form-encoded before they are joined.
fn form_decoded(text: &str) -> String {
    let guarded = text.replace('=', "%3D").replace('&', "%26");
    let mut pairs = form_urlencoded::parse(guarded.as_bytes());
    pairs.next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}
