//! What an authorization request may ask for, what a user has to do for it, and what comes of it.

use serde_json::Value;

use crate::{
    rules::{
        apps::App,
        errors::Failure,
        logouts,
        scopes::{self, ORGANIZATIONS},
    },
    state::{
        State,
        interaction::Authorization,
        params::Params,
        sessions::{Grant, SESSION_LIFETIME, Session, SignedIn},
    },
};

/// What a user has to do.
pub(crate) enum Next {
    SignIn,
    /// The user of the session agrees.
    Consent(String),
    /// Nothing: all of it was done before.
    Done,
}

/// The application, with the redirect URI filled in where it can be left out. These refusals must
/// not reach the redirect URI, since it cannot be trusted.
pub(crate) fn client(state: &State, mut params: Params) -> Result<(App, Params), Failure> {
    let id = params.get("client_id").ok_or_else(|| Failure::missing_parameter("client_id"))?;
    let bad = |error, text: &str| Failure::oidc(400u16, error, text);
    let app = App::find(state, id).filter(|app| !app.is_machine());
    let app = app.ok_or_else(|| bad("invalid_client", &format!("invalid client {id}")))?;
    if app.is_device() && params.get("redirect_uri").is_none() {
        let text = "requested response_type is not allowed for this client";
        return Err(Failure::invalid_request(text));
    }
    match (params.get("redirect_uri"), app.redirect_uris.as_slice()) {
        (Some(uri), _) if app.redirects_to(uri) => {}
        (Some(_), _) => {
            let text = "redirect_uri did not match any of the client's registered redirect_uris";
            return Err(bad("invalid_redirect_uri", text));
        }
        (None, [only]) => params.set("redirect_uri", only),
        (None, _) => return Err(Failure::missing_parameter("redirect_uri")),
    }
    Ok((app, params))
}

type Objection = Option<(&'static str, Option<&'static str>)>;

fn invalid(description: &'static str) -> Objection {
    Some(("invalid_request", Some(description)))
}

/// Refusals that the application is told through its redirect URI.
pub(crate) fn objection(state: &State, app: &App, params: &Params) -> Objection {
    if params.get("request").is_some() {
        return Some(("request_not_supported", None));
    }
    if params.get("request_uri").is_some() {
        return Some(("request_uri_not_supported", None));
    }
    let mode = params.get("response_mode").unwrap_or("query");
    if !["query", "fragment", "form_post"].contains(&mode) {
        return Some(("unsupported_response_mode", Some("unsupported response_mode requested")));
    }
    of_response_type(params.get("response_type"))
        .or_else(|| of_prompt(params))
        .or_else(|| of_challenge(app, params))
        .or_else(|| of_resources(state, params))
        .or_else(|| of_hint(state, params))
}

/// The first scope that the application may not ask users for. Scopes of APIs and organizations are
/// left out of tokens instead.
pub(crate) fn forbidden_scope<'a>(state: &State, app: &App, params: &'a Params) -> Option<&'a str> {
    let mut asked = params.get("scope").unwrap_or_default().split(' ');
    asked.find(|word| scopes::OIDC.contains(word) && !app.may_ask_for(state, word))
}

fn of_response_type(kind: Option<&str>) -> Objection {
    match kind {
        Some("code") => None,
        Some("none" | "id_token" | "code id_token") => {
            invalid("requested response_type is not allowed for this client")
        }
        Some(_) => Some(("unsupported_response_type", Some("unsupported response_type requested"))),
        None => invalid("missing required parameter 'response_type'"),
    }
}

fn of_prompt(params: &Params) -> Objection {
    let prompt = params.get("prompt").unwrap_or_default();
    let words: Vec<&str> = prompt.split(' ').filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| !["none", "login", "consent"].contains(word)) {
        return invalid("unsupported prompt value requested");
    }
    if words.contains(&"none") && words.len() > 1 {
        return invalid("prompt none must only be used alone");
    }
    match params.get("max_age").is_some_and(|age| age.parse::<u64>().is_err()) {
        true => invalid("invalid max_age parameter value"),
        false => None,
    }
}

fn of_challenge(app: &App, params: &Params) -> Objection {
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (None, None) if app.is_public() => {
            invalid("Authorization Server policy requires PKCE to be used for this request")
        }
        (None, None) => None,
        (Some(challenge), Some("S256")) if challenge.len() >= 43 => None,
        (Some(_), Some("S256")) => {
            invalid("code_challenge must be a string with a minimum length of 43 characters")
        }
        (Some(_), None) => invalid("code_challenge_method must be provided"),
        (None, Some("S256")) => {
            invalid("code_challenge must be provided with code_challenge_method")
        }
        (_, Some(_)) => invalid("not supported value of code_challenge_method"),
    }
}

fn of_resources(state: &State, params: &Params) -> Objection {
    for indicator in resources(params) {
        if !indicator.contains(':') {
            return Some(("invalid_target", Some("resource indicator must be an absolute URI")));
        }
        let known = indicator == ORGANIZATIONS
            || state.tables.find_by("resources", "indicator", indicator).is_some();
        if !known {
            return Some(("invalid_target", Some("resource indicator is missing, or unknown")));
        }
    }
    None
}

fn of_hint(state: &State, params: &Params) -> Objection {
    let hint = params.get("id_token_hint");
    match hint.is_some_and(|hint| !state.tokens.id_tokens.contains_key(hint)) {
        true => invalid("could not validate id_token_hint"),
        false => None,
    }
}

/// Several can be in one parameter, with commas between them.
fn resources(params: &Params) -> impl Iterator<Item = &str> {
    params.all("resource").flat_map(|value| value.split(',')).filter(|value| !value.is_empty())
}

pub(crate) fn has_word(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.split(' ').any(|own| own == word))
}

/// What the user of the browser with this session cookie has to do.
pub(crate) fn next(state: &mut State, app: &App, params: &Params, cookie: &str) -> Next {
    let now = state.now();
    let prompt = params.get("prompt");
    let Some(session) = state.sessions.of_cookie(cookie, now).cloned() else {
        return Next::SignIn;
    };
    let max_age = params.get("max_age").and_then(|age| age.parse::<u64>().ok());
    let is_old = max_age.is_some_and(|age| session.signed_in_at + age * 1000 < now);
    let is_there = state.users.find(&session.user_id).is_some_and(|user| !user.is_suspended());
    if has_word(prompt, "login") || is_old || !is_there {
        return Next::SignIn;
    }
    let grant = session.apps.get(&app.id).and_then(|own| state.sessions.grant(&own.grant));
    let covers = grant.is_some_and(|grant| {
        let asked = params.get("scope").unwrap_or_default().split(' ');
        let mut asked =
            asked.filter(|word| scopes::OIDC.contains(word) && *word != "offline_access");
        asked.all(|word| grant.scope.contains(word))
    });
    match has_word(prompt, "consent") || !covers {
        true => Next::Consent(session.user_id),
        false => Next::Done,
    }
}

/// Signs a user in on a browser; gives the new value of its session cookie.
pub(crate) fn sign_in(
    state: &mut State,
    app_id: &str,
    cookie: &str,
    user_id: &str,
    submission: Value,
) -> String {
    let now = state.now();
    let before = state.sessions.of_cookie(cookie, now);
    if before.is_some_and(|own| own.user_id != user_id) {
        logouts::end(state, cookie);
    }
    let before = state.sessions.of_cookie(cookie, now).map(|own| own.uid.clone());
    let before = before.and_then(|uid| state.sessions.end(&uid));
    let cookie = state.ids.opaque();
    let fresh = state.ids.opaque();
    state.sessions.sessions.push(Session {
        uid: before.as_ref().map_or(fresh, |own| own.uid.clone()),
        cookie: cookie.clone(),
        user_id: user_id.to_owned(),
        signed_in_at: now,
        expires_at: now + SESSION_LIFETIME,
        apps: before.map(|own| own.apps).unwrap_or_default(),
        submission,
        app_id: app_id.to_owned(),
    });
    cookie
}

/// What comes of a request that the user has agreed to.
pub(crate) fn grant(
    state: &mut State,
    app: &App,
    params: &Params,
    cookie: &str,
    user_id: Option<&str>,
) -> Authorization {
    let now = state.now();
    let own = |name| params.get(name).map(str::to_owned);
    let asked = params.get("scope").unwrap_or_default();
    // Refresh tokens are given out only where the user was asked to agree.
    let persists = app.is_device() || has_word(params.get("prompt"), "consent");
    let scope: Vec<&str> =
        asked.split(' ').filter(|word| persists || *word != "offline_access").collect();
    let offline = scope.contains(&"offline_access") || app.always_refreshes();
    let fresh = (state.ids.opaque(), state.ids.opaque());
    let session = state.sessions.of_cookie(cookie, now);
    let (mut user, mut sid, mut signed_in_at) = (user_id.unwrap_or_default().to_owned(), None, now);
    let mut grant = fresh.0;
    if let Some(session) = session {
        user.clone_from(&session.user_id);
        signed_in_at = session.signed_in_at;
        session.app_id.clone_from(&app.id);
        let signed_in = SignedIn { sid: fresh.1, grant: grant.clone(), persists: offline };
        let signed_in = session.apps.entry(app.id.clone()).or_insert(signed_in);
        signed_in.persists |= offline;
        grant.clone_from(&signed_in.grant);
        sid = Some(signed_in.sid.clone());
    }
    remember(state, &grant, &user, &app.id, &scope);
    Authorization {
        app_id: app.id.clone(),
        user_id: user,
        redirect_uri: own("redirect_uri").unwrap_or_default(),
        scope: scope.join(" "),
        resources: resources(params).map(str::to_owned).collect(),
        grant,
        nonce: own("nonce"),
        challenge: own("code_challenge"),
        sid,
        signed_in_at: (params.get("max_age").is_some() || has_word(params.get("prompt"), "login"))
            .then_some(signed_in_at / 1000),
    }
}

/// Adds to what the user lets the application have.
fn remember(state: &mut State, id: &str, user_id: &str, app_id: &str, scope: &[&str]) {
    let words = scope.iter().filter(|word| scopes::OIDC.contains(word)).map(|word| (*word).into());
    let issued_at = state.now();
    let grants = &mut state.sessions.grants;
    match grants.iter_mut().find(|own| own.id == id) {
        Some(own) => own.scope.extend(words),
        None => grants.push(Grant {
            id: id.to_owned(),
            user_id: user_id.to_owned(),
            app_id: app_id.to_owned(),
            issued_at,
            scope: words.collect(),
        }),
    }
}
