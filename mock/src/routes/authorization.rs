//! `/oidc/auth` and the way back from it, by the pages that it sends users to.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::Value;

use crate::{
    routes::{
        auth::user_agent,
        callback::{Callback, Mode},
        client_auth::authenticate,
        cookies::{self, Attributes},
        device, form,
        origin::own_address,
        reply::{self, Answer},
        sign_out,
    },
    rules::{
        access,
        apps::App,
        authorizations::{self, Next, client, has_word, objection},
        errors::Failure,
        logs, pages,
        releases::knows,
    },
    state::{
        self, Store,
        experience::Experience,
        interaction::{Interaction, Prompt},
        params::Params,
        sessions::SignOut,
    },
};

/// In milliseconds: what pushed requests live for.
const PUSHED_LIFETIME: u64 = 60_000;
const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/oidc/auth", get(authorize).post(authorize_by_form))
        .route("/oidc/auth/{uid}", get(resume))
        .route("/oidc/request", axum::routing::post(push))
}

/// The interaction that a request's cookies name.
pub(crate) fn interaction_of<'a>(
    state: &'a mut state::State,
    headers: &HeaderMap,
) -> Result<(String, &'a mut Interaction), Failure> {
    let uid = uid_of(headers).unwrap_or_default();
    match state.interactions.get_mut(&uid) {
        Some(interaction) => Ok((uid, interaction)),
        None => Err(Failure::session_not_found("interaction session not found")),
    }
}

fn uid_of(headers: &HeaderMap) -> Option<String> {
    let json = |name| serde_json::from_str::<Value>(&cookies::get(headers, name)?).ok();
    let interaction = json("_interaction")?;
    let app = json("_logto").and_then(|logto| logto["appId"].as_str().map(str::to_owned));
    let own = app.and_then(|app| interaction[app].as_str().map(str::to_owned));
    own.or_else(|| interaction["_legacy"].as_str().map(str::to_owned))
}

async fn authorize(
    State(store): State<Store>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Failure> {
    begin(&mut store.lock(), &headers, params)
}

async fn authorize_by_form(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = form::read(&headers, &body, "/auth")?;
    begin(&mut store.lock(), &headers, params)
}

/// Keeps an authorization request for the browser to come with.
async fn push(State(store): State<Store>, headers: HeaderMap, body: Bytes) -> Answer {
    let mut state = store.lock();
    let params = form::read(&headers, &body, "/request")?;
    authenticate(&state, &headers, &params)?;
    let (_, params) = client(&state, params).map_err(|mut failure| {
        // Here nobody is redirected, so that it is a request like any other.
        if failure.body["error"] == "invalid_redirect_uri" {
            let why = failure.body["error_description"].as_str().unwrap_or_default();
            failure = Failure::invalid_request(why);
        }
        failure
    })?;
    let uri = format!("{PUSHED}{}", state.ids.opaque());
    let end = state.now() + PUSHED_LIFETIME;
    state.tokens.pushed.insert(uri.clone(), (params, end));
    let body = serde_json::json!({ "expires_in": PUSHED_LIFETIME / 1000, "request_uri": uri });
    Ok(reply::json(StatusCode::CREATED, &body))
}

fn begin(
    state: &mut state::State,
    headers: &HeaderMap,
    params: Params,
) -> Result<Response, Failure> {
    let params = match params.get("request_uri").filter(|uri| uri.starts_with(PUSHED)) {
        None => params,
        Some(uri) => {
            let pushed = state.tokens.pushed.remove(uri).filter(|(_, end)| *end > state.now());
            let expired =
                || Failure::invalid_request("request_uri is invalid, expired, or was already used");
            pushed.ok_or_else(expired)?.0
        }
    };
    let told = params.get("state").map(str::to_owned);
    let (app, params) = client(state, params).map_err(|mut failure| {
        failure.body["iss"] = state.issuer().into();
        if let Some(told) = told {
            failure.body["state"] = told.into();
        }
        failure
    })?;
    if let Some((error, description)) = objection(state, &app, &params) {
        return Ok(Callback::of(state, &params).error(error, description));
    }
    if let Some(scope) = authorizations::forbidden_scope(state, &app, &params) {
        return Ok(Callback::of(state, &params).invalid_scope(scope));
    }
    let cookie = cookies::get(headers, "_session").unwrap_or_default();
    if has_word(params.get("prompt"), "none") && is_kept_out(state, &app, &cookie) {
        return Ok(Callback::of(state, &params).error("access_denied", Some("Access denied.")));
    }
    let next = authorizations::next(state, &app, &params, &cookie);
    let interaction = |prompt| Interaction::new(&app.id, params.clone(), prompt);
    let none = has_word(params.get("prompt"), "none");
    Ok(match next {
        Next::SignIn if none => Callback::of(state, &params)
            .error("login_required", Some("End-User authentication is required")),
        Next::SignIn => ask(state, headers, interaction(Prompt::Login(None))),
        Next::Consent(_) if none => Callback::of(state, &params)
            .error("consent_required", Some("requested scopes not granted")),
        Next::Consent(user_id) => {
            ask(state, headers, interaction(Prompt::Consent { user_id, given: false }))
        }
        Next::Done => {
            let authorization = authorizations::grant(state, &app, &params, &cookie, None);
            finish(state, headers, &params, authorization)
        }
    })
}

/// Whether the user of the session has no access to the application.
fn is_kept_out(state: &mut state::State, app: &App, cookie: &str) -> bool {
    let now = state.now();
    let user = state.sessions.of_cookie(cookie, now).map(|own| own.user_id.clone());
    user.is_some_and(|user| access::check(state, app, &user).is_err())
}

/// Sends the user to a page, with the cookies that let them come back.
pub(crate) fn ask(
    state: &mut state::State,
    headers: &HeaderMap,
    interaction: Interaction,
) -> Response {
    let app_id = interaction.app_id.clone();
    let page = match &interaction.prompt {
        Prompt::Consent { .. } if !knows(state, "1.34") => "/consent".to_owned(),
        Prompt::Consent { .. } => format!("/consent?app_id={app_id}"),
        Prompt::Login(_) => pages::sign_in(state, &app_id, &interaction.params),
    };
    let mut response = reply::redirect(StatusCode::SEE_OTHER, &page);
    let uid = state.ids.opaque();
    let path = interaction.path(&uid);
    logs::interaction_begun(state, &uid, &interaction, user_agent(headers));
    state.interactions.insert(uid.clone(), interaction);
    let headers = response.headers_mut();
    // The values are raw JSON on the wire; the order of their members counts.
    let logto = format!(r#"{{"appId":"{app_id}"}}"#);
    let interactions = format!(r#"{{"{app_id}":"{uid}","_legacy":"{uid}"}}"#);
    cookies::set(headers, "_logto", &logto, &Attributes::readable());
    cookies::set(headers, "_interaction", &interactions, &Attributes::short("/"));
    cookies::set(headers, "_interaction_resume", &uid, &Attributes::short(&path));
    response
}

pub(crate) async fn resume(
    State(store): State<Store>,
    Path(uid): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if cookies::get(&headers, "_interaction_resume").as_ref() != Some(&uid) {
        let mut failure = Failure::session_not_found("authorization request has expired");
        failure.body["iss"] = store.lock().issuer().into();
        return Err(failure);
    }
    let state = &mut *store.lock();
    let interaction = state.interactions.remove(&uid);
    let mut interaction =
        interaction.ok_or_else(|| Failure::session_not_found("interaction session not found"))?;
    let cookie = cookies::get(&headers, "_session").unwrap_or_default();
    if is_another(state, &cookie, &interaction.prompt) {
        let target = format!("{}{}", own_address(state, &headers), interaction.path(&uid));
        state.interactions.insert(uid, interaction);
        return Ok(sign_out::form(state, SignOut { target, app_id: None }));
    }
    let (mut response, session) = match interaction.prompt {
        Prompt::Consent { given: true, .. } => {
            let path = interaction.path(&uid);
            let mut response = agreed(state, &headers, &interaction, &cookie)?;
            let gone = Attributes::expired(&path);
            cookies::set(response.headers_mut(), "_interaction_resume", "", &gone);
            (response, cookie)
        }
        Prompt::Consent { .. } => return Ok(ask(state, &headers, interaction)),
        Prompt::Login(experience) => {
            let submission = experience.as_ref().map(Experience::to_json);
            let user_id = experience.and_then(Experience::into_submitted_user);
            let Some(user_id) = user_id else {
                interaction.prompt = Prompt::Login(None);
                return Ok(ask(state, &headers, interaction));
            };
            let submission = submission.unwrap_or_default();
            let app_id = interaction.app_id.clone();
            let cookie = authorizations::sign_in(state, &app_id, &cookie, &user_id, submission);
            interaction.prompt = Prompt::Consent { user_id, given: false };
            (ask(state, &headers, interaction), cookie)
        }
    };
    cookies::set(response.headers_mut(), "_session", &session, &Attributes::session());
    Ok(response)
}

/// Whether somebody else is signed in who has to be signed out before.
fn is_another(state: &mut state::State, cookie: &str, prompt: &Prompt) -> bool {
    let Prompt::Login(Some(experience)) = prompt else { return false };
    let now = state.now();
    let before = state.sessions.of_cookie(cookie, now).map(|own| own.user_id.clone());
    let new = experience.user_id.as_ref().filter(|_| experience.submitted);
    before.zip(new).is_some_and(|(before, new)| before != *new)
}

fn agreed(
    state: &mut state::State,
    headers: &HeaderMap,
    interaction: &Interaction,
    cookie: &str,
) -> Result<Response, Failure> {
    let gone = || Failure::session_not_found("session not found");
    let app = App::find(state, &interaction.app_id).ok_or_else(gone)?;
    let Prompt::Consent { user_id, .. } = &interaction.prompt else { return Err(gone()) };
    let params = &interaction.params;
    let authorization = authorizations::grant(state, &app, params, cookie, Some(user_id));
    match &interaction.user_code {
        Some(user_code) => Ok(device::approve(state, user_code, authorization)),
        None => Ok(finish(state, headers, params, authorization)),
    }
}

fn finish(
    state: &mut state::State,
    headers: &HeaderMap,
    params: &Params,
    authorization: state::interaction::Authorization,
) -> Response {
    let code = state.ids.opaque();
    let expires_at = state.now() + 60_000;
    logs::interaction_ended(state, params, user_agent(headers));
    let own = state::tokens::Code { authorization, expires_at, used: false };
    state.tokens.codes.insert(code.clone(), own);
    Callback::of(state, params).send(&[("code", &code)], Mode::Query)
}
