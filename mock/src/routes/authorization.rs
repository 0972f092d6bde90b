//! `/oidc/auth` and the way back from it, by the pages that it sends users to.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::Value;

use crate::{
    routes::{
        cookies::{self, Attributes},
        reply,
    },
    rules::{apps::App, errors::Failure},
    state::{
        self, Store,
        experience::Experience,
        interaction::{Authorization, Interaction, Prompt},
        params::Params,
    },
};

/// The indicator by which a sign-in asks for permissions in organizations: every tenant has it.
const ORGANIZATIONS: &str = "urn:logto:resource:organizations";

pub(crate) fn routes() -> Router<Store> {
    Router::new().route("/oidc/auth", get(authorize)).route("/oidc/auth/{uid}", get(resume))
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

async fn authorize(State(store): State<Store>, params: Params) -> Result<Response, Failure> {
    let mut state = store.lock();
    let app = client(&state, &params)?;
    if let Some((error, description)) = objection(&state, &app, &params) {
        let fields = [("error", error), ("error_description", description)];
        return Ok(callback(&state, &params, &fields));
    }
    let interaction =
        Interaction { app_id: app.id, params, prompt: Prompt::Login(None), passkey: None };
    Ok(ask(&mut state, interaction))
}

/// Refusals that must not reach the redirect URI, since it cannot be trusted.
fn client(state: &state::State, params: &Params) -> Result<App, Failure> {
    let id = params.get("client_id");
    let id = id.ok_or_else(|| Failure::missing_parameter("client_id"))?;
    let app = App::find(state, id).filter(|app| !app.is_machine());
    let bad = |error, text| Failure::oidc(StatusCode::BAD_REQUEST, error, text);
    let app = app.ok_or_else(|| bad("invalid_client", "client is invalid"))?;
    match params.get("redirect_uri") {
        Some(uri) if app.redirect_uris.iter().any(|own| own == uri) => Ok(app),
        Some(_) => Err(bad(
            "invalid_redirect_uri",
            "redirect_uri did not match any of the client's registered redirect_uris",
        )),
        None => Err(Failure::missing_parameter("redirect_uri")),
    }
}

/// Refusals that the application is told through its redirect URI.
fn objection(
    state: &state::State,
    app: &App,
    params: &Params,
) -> Option<(&'static str, &'static str)> {
    let challenge = params.get("code_challenge");
    let method = params.get("code_challenge_method");
    let invalid = |description| Some(("invalid_request", description));
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => {
            let description = "unsupported response_type requested";
            return Some(("unsupported_response_type", description));
        }
        None => return invalid("missing required parameter 'response_type'"),
    }
    match (challenge, method) {
        (None, None) if app.is_public() => {
            return invalid(
                "Authorization Server policy requires PKCE to be used for this request",
            );
        }
        (None, None) | (Some(_), Some("S256")) => {}
        (Some(_), None) => {
            return invalid(
                "plain code_challenge_method fallback disabled, code_challenge_method must be provided",
            );
        }
        (None, Some("S256")) => {
            return invalid("code_challenge must be provided with code_challenge_method");
        }
        (_, Some(_)) => return invalid("not supported value of code_challenge_method"),
    }
    let known = |indicator: &str| {
        indicator == ORGANIZATIONS
            || state.tables.find_by("resources", "indicator", indicator).is_some()
    };
    if !params.all("resource").all(known) {
        return Some(("invalid_target", "resource indicator is missing, or unknown"));
    }
    has_word(params.get("prompt"), "none")
        .then_some(("login_required", "End-User authentication is required"))
}

/// Sends the user to a page, with the cookies that let them come back.
fn ask(state: &mut state::State, interaction: Interaction) -> Response {
    let app_id = interaction.app_id.clone();
    let page = match &interaction.prompt {
        Prompt::Consent { .. } => "consent",
        Prompt::Login(_) => match interaction.params.get("first_screen") {
            Some("register") => "register",
            Some("reset_password") => "reset-password",
            _ => "sign-in",
        },
    };
    let mut response = reply::redirect(StatusCode::SEE_OTHER, &format!("/{page}?app_id={app_id}"));
    let uid = state.ids.opaque();
    state.interactions.insert(uid.clone(), interaction);
    let headers = response.headers_mut();
    // The values are raw JSON on the wire; the order of their members counts.
    let logto = format!(r#"{{"appId":"{app_id}"}}"#);
    let interactions = format!(r#"{{"{app_id}":"{uid}","_legacy":"{uid}"}}"#);
    cookies::set(headers, "_logto", &logto, &Attributes::readable());
    cookies::set(headers, "_interaction", &interactions, &Attributes::short("/"));
    let resume = Attributes::short(&format!("/oidc/auth/{uid}"));
    cookies::set(headers, "_interaction_resume", &uid, &resume);
    response
}

async fn resume(
    State(store): State<Store>,
    Path(uid): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if cookies::get(&headers, "_interaction_resume").as_ref() != Some(&uid) {
        return Err(Failure::session_not_found("authorization request has expired"));
    }
    let mut state = store.lock();
    let interaction = state.interactions.remove(&uid);
    let mut interaction =
        interaction.ok_or_else(|| Failure::session_not_found("interaction session not found"))?;
    let mut response = match interaction.prompt {
        Prompt::Consent { user_id, given: true } => {
            let mut response = finish(&mut state, &interaction.params, user_id);
            let gone = Attributes::expired(&format!("/oidc/auth/{uid}"));
            cookies::set(response.headers_mut(), "_interaction_resume", "", &gone);
            response
        }
        Prompt::Consent { .. } => return Ok(ask(&mut state, interaction)),
        Prompt::Login(experience) => {
            let user_id = experience.and_then(Experience::into_submitted_user);
            let Some(user_id) = user_id else {
                interaction.prompt = Prompt::Login(None);
                return Ok(ask(&mut state, interaction));
            };
            interaction.prompt = Prompt::Consent { user_id, given: false };
            ask(&mut state, interaction)
        }
    };
    let session = state.ids.opaque();
    cookies::set(response.headers_mut(), "_session", &session, &Attributes::session());
    Ok(response)
}

fn finish(state: &mut state::State, params: &Params, user_id: String) -> Response {
    let own = |name| params.get(name).map(str::to_owned);
    let code = state.ids.opaque();
    let grant = state.ids.opaque();
    let authorization = Authorization {
        app_id: own("client_id").unwrap_or_default(),
        user_id,
        redirect_uri: own("redirect_uri").unwrap_or_default(),
        scope: granted_scope(params),
        resources: params.all("resource").map(str::to_owned).collect(),
        grant,
        nonce: own("nonce"),
        challenge: own("code_challenge"),
    };
    state.tokens.codes.insert(code.clone(), authorization);
    callback(state, params, &[("code", &code)])
}

/// Refresh tokens are given out only where the user was asked to agree.
fn granted_scope(params: &Params) -> String {
    let asked = params.get("scope").unwrap_or_default();
    let consented = has_word(params.get("prompt"), "consent");
    let granted = asked.split(' ').filter(|scope| consented || *scope != "offline_access");
    granted.collect::<Vec<_>>().join(" ")
}

fn callback(state: &state::State, params: &Params, fields: &[(&str, &str)]) -> Response {
    let mut answer = Params::default();
    for (name, value) in fields {
        answer.set(name, value);
    }
    if let Some(value) = params.get("state") {
        answer.set("state", value);
    }
    answer.set("iss", &state.issuer());
    let redirect_uri = params.get("redirect_uri").unwrap_or_default();
    let location = format!("{redirect_uri}?{}", answer.encode());
    reply::redirect(StatusCode::SEE_OTHER, &location)
}

fn has_word(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.split(' ').any(|w| w == word))
}
