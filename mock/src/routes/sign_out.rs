//! `/oidc/session/end`: a page that asks whether to sign out, and where it leads.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};

use crate::{
    routes::{cookies, reply},
    rules::{apps::App, errors::Failure, logouts},
    state::{self, Store, params::Params},
};

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/oidc/session/end", get(ask))
        .route("/oidc/session/end/confirm", post(confirm))
}

async fn ask(State(store): State<Store>, params: Params) -> Result<Response, Failure> {
    let mut state = store.lock();
    let target = target(&state, &params)?;
    let xsrf = state.ids.opaque();
    state.sign_outs.insert(xsrf.clone(), target);
    // A real server's page sends the form by itself.
    Ok(reply::html(&format!(
        "<!DOCTYPE html><title>Sign out</title>\
         <form method=\"post\" action=\"/oidc/session/end/confirm\">\
         <input type=\"hidden\" name=\"xsrf\" value=\"{xsrf}\">\
         <input type=\"hidden\" name=\"logout\" value=\"yes\"></form>"
    )))
}

/// Where the browser goes in the end: to a URI of the application's only.
fn target(state: &state::State, params: &Params) -> Result<String, Failure> {
    let hint = match params.get("id_token_hint") {
        Some(hint) => Some(
            (state.tokens.id_tokens.get(hint).map(|(app, _)| app))
                .ok_or_else(|| Failure::invalid_request("could not validate id_token_hint"))?,
        ),
        None => None,
    };
    let client_id = hint.map(String::as_str).or(params.get("client_id"));
    let app = client_id.and_then(|id| App::find(state, id));
    let Some(uri) = params.get("post_logout_redirect_uri") else {
        return Ok(format!("{}/oidc/session/end/success", state.endpoint));
    };
    match app {
        Some(app) if app.post_logout_redirect_uris.iter().any(|own| own == uri) => {
            Ok(match params.get("state") {
                None => uri.to_owned(),
                Some(value) => {
                    let mut query = Params::default();
                    query.set("state", value);
                    format!("{uri}?{}", query.encode())
                }
            })
        }
        Some(_) => Err(Failure::invalid_request("post_logout_redirect_uri not registered")),
        // Without either, it is passed over.
        None => Ok(format!("{}/oidc/session/end/success", state.endpoint)),
    }
}

async fn confirm(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let form = Params::parse(&body);
    let mut state = store.lock();
    let target = state.sign_outs.remove(form.get("xsrf").unwrap_or_default());
    let target = target.ok_or_else(|| Failure::invalid_request("xsrf token invalid"))?;
    if form.get("logout").is_some() {
        logouts::end(&mut state, &cookies::get(&headers, "_session").unwrap_or_default());
    }
    Ok(reply::redirect(StatusCode::SEE_OTHER, &target))
}
