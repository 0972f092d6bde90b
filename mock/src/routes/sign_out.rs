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
    routes::{cookies, form as forms, pages, reply},
    rules::{apps::App, errors::Failure, logouts},
    state::{self, Store, params::Params, sessions::SignOut},
};

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/oidc/session/end", get(ask).post(ask_by_form))
        .route("/oidc/session/end/confirm", post(confirm))
        .route("/oidc/session/end/success", get(success))
}

async fn ask(State(store): State<Store>, params: Params) -> Result<Response, Failure> {
    page(&mut store.lock(), &params)
}

async fn ask_by_form(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = forms::read(&headers, &body, "/session/end")?;
    page(&mut store.lock(), &params)
}

async fn success() -> Response {
    reply::html("<!DOCTYPE html><title>Signed out</title>")
}

fn page(state: &mut state::State, params: &Params) -> Result<Response, Failure> {
    let app = app(state, params)?;
    let sign_out =
        SignOut { target: target(state, app.as_ref(), params)?, app_id: app.map(|app| app.id) };
    Ok(form(state, sign_out))
}

/// A page that signs the user out.
pub(crate) fn form(state: &mut state::State, sign_out: SignOut) -> Response {
    let xsrf = state.ids.opaque();
    state.sign_outs.insert(xsrf.clone(), sign_out);
    let send = pages::SEND;
    reply::html(&format!(
        "<!DOCTYPE html><title>Sign out</title>\
         <form method=\"post\" action=\"/oidc/session/end/confirm\">\
         <input type=\"hidden\" name=\"xsrf\" value=\"{xsrf}\">\
         <input type=\"hidden\" name=\"logout\" value=\"yes\"></form>{send}"
    ))
}

/// The application that a user signs out of: the one that the hint is for, or that is named.
fn app(state: &state::State, params: &Params) -> Result<Option<App>, Failure> {
    let named = params.get("client_id");
    let id = match params.get("id_token_hint") {
        None => named,
        Some(hint) if hint.matches('.').count() != 2 => {
            return Err(Failure::invalid_request("could not decode id_token_hint"));
        }
        Some(hint) => {
            let known = state.tokens.id_tokens.get(hint).map(|(app, _)| app.as_str());
            let invalid = || Failure::invalid_request("could not validate id_token_hint");
            let hinted = known.ok_or_else(invalid)?;
            if named.is_some_and(|named| named != hinted) {
                let why = "client_id does not match the provided id_token_hint";
                return Err(Failure::invalid_request(why));
            }
            Some(hinted)
        }
    };
    let Some(id) = id else { return Ok(None) };
    let unknown = || Failure::oidc(400u16, "invalid_client", &format!("invalid client {id}"));
    App::find(state, id).ok_or_else(unknown).map(Some)
}

/// Where the browser goes in the end: to a URI of the application's only.
fn target(state: &state::State, app: Option<&App>, params: &Params) -> Result<String, Failure> {
    let uri = params.get("post_logout_redirect_uri");
    let (Some(app), Some(uri)) = (app, uri) else {
        // Without an application, it is passed over.
        return Ok(format!("{}/oidc/session/end/success", state.endpoint));
    };
    if !app.post_logout_redirect_uris.iter().any(|own| own == uri) {
        return Err(Failure::invalid_request("post_logout_redirect_uri not registered"));
    }
    Ok(match params.get("state") {
        None => uri.to_owned(),
        Some(value) => {
            let mut query = Params::default();
            query.set("state", value);
            format!("{uri}?{}", query.encode())
        }
    })
}

async fn confirm(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let form = Params::parse(&body);
    let mut state = store.lock();
    let sign_out = state.sign_outs.remove(form.get("xsrf").unwrap_or_default());
    let sign_out = sign_out.ok_or_else(|| Failure::invalid_request("xsrf token invalid"))?;
    let cookie = cookies::get(&headers, "_session").unwrap_or_default();
    match (form.get("logout"), sign_out.app_id) {
        (Some(_), _) => logouts::end(&mut state, &cookie),
        (None, Some(app)) => logouts::leave(&mut state, &cookie, &app),
        (None, None) => {}
    }
    Ok(reply::redirect(StatusCode::SEE_OTHER, &sign_out.target))
}
