//! Sign-ins on devices without a keyboard, and the page on which users type their codes: RFC 8628.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    routes::{
        authorization::{ask, resume},
        client_auth::authenticate,
        cookies::{self, Attributes},
        form,
        reply::{self, Answer},
    },
    rules::{errors::Failure, releases::knows},
    state::{
        self, Store,
        device::{DeviceAnswer, DeviceGrant},
        interaction::{Authorization, Interaction, Prompt},
        params::Params,
    },
};

/// In milliseconds.
const LIFETIME: u64 = 600_000;
const XSRF: &str = "_logto_device_flow_xsrf";

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/oidc/device/auth", post(start))
        .route("/device", get(to_page))
        .route("/device/success", get(success))
        .route("/oidc/device", get(page).post(answer))
        .route("/oidc/device/{uid}", get(resume))
}

async fn start(State(store): State<Store>, headers: HeaderMap, body: Bytes) -> Answer {
    let mut state = store.lock();
    if !knows(&state, "1.38") {
        return Err(Failure::no_route("POST", "/device/auth"));
    }
    let params = form::read(&headers, &body, "/device/auth")?;
    begin(&mut state, &headers, params).map(|body| reply::ok(&body))
}

fn begin(state: &mut state::State, headers: &HeaderMap, params: Params) -> Result<Value, Failure> {
    let app = authenticate(state, headers, &params)?;
    if !app.is_device() {
        let description = "requested grant type is not allowed for this client";
        return Err(Failure::invalid_request(description));
    }
    let (device_code, user_code) = (state.ids.opaque(), state.ids.user_code());
    let verification_uri = format!("{}/device", state.endpoint);
    let body = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": verification_uri,
        "verification_uri_complete": format!("{verification_uri}?user_code={user_code}"),
        "expires_in": LIFETIME / 1000,
    });
    let expires_at = state.now() + LIFETIME;
    let answer = DeviceAnswer::Pending;
    let grant = DeviceGrant { app_id: app.id, user_code, params, expires_at, answer };
    state.tokens.devices.add(&device_code, grant);
    Ok(body)
}

/// The page is for browsers that have been where its cookie is given.
async fn to_page(headers: HeaderMap, params: Params) -> Response {
    let query = params.encode();
    match cookies::get(&headers, XSRF) {
        Some(_) => reply::html("<!DOCTYPE html><title>Device</title>"),
        None if query.is_empty() => reply::redirect(StatusCode::FOUND, "/oidc/device"),
        None => reply::redirect(StatusCode::FOUND, &format!("/oidc/device?{query}")),
    }
}

async fn success() -> Response {
    reply::html("<!DOCTYPE html><title>The device is signed in</title>")
}

async fn page(State(store): State<Store>, headers: HeaderMap, params: Params) -> Response {
    let mut state = store.lock();
    let xsrf = state.ids.opaque();
    let user_code = params.get("user_code").map(|code| code.replace(['"', '<', '&'], ""));
    let mut response = match user_code {
        Some(user_code) => reply::html(&format!(
            "<!DOCTYPE html><title>Submitting Callback</title>\
             <form method=\"post\" action=\"/oidc/device\">\
             <input type=\"hidden\" name=\"xsrf\" value=\"{xsrf}\">\
             <input type=\"hidden\" name=\"user_code\" value=\"{user_code}\"></form>"
        )),
        None => {
            let mut response = reply::redirect(StatusCode::FOUND, "/device");
            cookies::set(response.headers_mut(), XSRF, &xsrf, &Attributes::short("/device"));
            response
        }
    };
    state.device_pages.insert(xsrf);
    if cookies::get(&headers, "_session").is_none() {
        let session = state.ids.opaque();
        cookies::set(response.headers_mut(), "_session", &session, &Attributes::session());
    }
    response
}

/// What the user typed, and whether they agree.
async fn answer(
    State(store): State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let form = form::read(&headers, &body, "/device")?;
    let mut state = store.lock();
    let user_code = form.get("user_code").unwrap_or_default();
    let xsrf = form.get("xsrf").unwrap_or_default();
    if !state.device_pages.contains(xsrf) {
        return Ok(refuse(&mut state, "InvalidRequest", None));
    }
    if user_code.is_empty() {
        return Ok(refuse(&mut state, "NoCodeError", None));
    }
    let now = state.now();
    let problem = match state.tokens.devices.of_user(user_code) {
        None => Some("NotFoundError"),
        Some(grant) if !matches!(grant.answer, DeviceAnswer::Pending) => Some("AlreadyUsedError"),
        Some(grant) if grant.expires_at <= now => Some("ExpiredError"),
        Some(_) => None,
    };
    if let Some(problem) = problem {
        return Ok(refuse(&mut state, problem, Some(user_code)));
    }
    Ok(decide(&mut state, &headers, &form, user_code))
}

fn decide(
    state: &mut state::State,
    headers: &HeaderMap,
    form: &Params,
    user_code: &str,
) -> Response {
    let cookie = Attributes::short("/device");
    let Some(grant) = state.tokens.devices.of_user(user_code) else {
        return refuse(state, "NotFoundError", Some(user_code));
    };
    if form.get("abort").is_some() {
        grant.answer = DeviceAnswer::Denied;
        return refuse(state, "AbortedError", None);
    }
    let user_code = grant.user_code.clone();
    if form.get("confirm").is_none() {
        let target = format!("/device?user_code={user_code}");
        let mut response = reply::redirect(StatusCode::FOUND, &target);
        let xsrf = form.get("xsrf").unwrap_or_default();
        cookies::set(response.headers_mut(), XSRF, xsrf, &cookie);
        return response;
    }
    let (app_id, params) = (grant.app_id.clone(), grant.params.clone());
    let mut interaction = Interaction::new(&app_id, params, Prompt::Login(None));
    interaction.user_code = Some(user_code);
    ask(state, headers, interaction)
}

fn refuse(state: &mut state::State, error: &str, code: Option<&str>) -> Response {
    let mut query = Params::default();
    if let Some(code) = code {
        query.set("input_code", code);
    }
    query.set("error", error);
    let target = format!("/device?{}", query.encode());
    let mut response = reply::redirect(StatusCode::FOUND, &target);
    let xsrf = state.ids.opaque();
    cookies::set(response.headers_mut(), XSRF, &xsrf, &Attributes::short("/device"));
    state.device_pages.insert(xsrf);
    response
}

/// The user has signed in and agreed.
pub(crate) fn approve(
    state: &mut state::State,
    user_code: &str,
    authorization: Authorization,
) -> Response {
    if let Some(grant) = state.tokens.devices.of_user(user_code) {
        grant.answer = DeviceAnswer::Approved(Box::new(authorization));
    }
    let mut response = reply::redirect(StatusCode::FOUND, "/device/success");
    let gone = Attributes::expired("/device");
    cookies::set(response.headers_mut(), XSRF, "", &gone);
    response
}
