//! Pages of their own for tests with a browser. Logto's have more, and other texts.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};

use crate::{
    routes::{authorization::interaction_of, origin::own_address, reply},
    state::Store,
};

/// Asks third parties' users; its button agrees.
pub(crate) const CONSENT: &str = include_str!("pages/consent.html");
/// Sends the form that is before it.
pub(crate) const SEND: &str = "<script>document.forms[0].submit()</script>";

const SIGN_IN: &str = include_str!("pages/sign_in.html");

pub(crate) fn routes() -> Router<Store> {
    let first = ["/sign-in", "/register", "/identifier-sign-in", "/identifier-register"];
    let routes = Router::new().route("/unknown-session", get(unknown_session));
    first.into_iter().fold(routes, |routes, path| routes.route(path, get(sign_in)))
}

/// Where a sign-in begins that the browser has asked for.
async fn sign_in(State(store): State<Store>, headers: HeaderMap) -> Response {
    let mut state = store.lock();
    if interaction_of(&mut state, &headers).is_ok() {
        return reply::html(SIGN_IN);
    }
    let unknown = format!("{}/unknown-session", own_address(&state, &headers));
    reply::redirect(StatusCode::FOUND, &unknown)
}

async fn unknown_session() -> Response {
    reply::html(
        "<!DOCTYPE html><title>No sign-in</title><p>No sign-in is under way, or its cookies did not \
         come along: begin at the application.</p>",
    )
}
