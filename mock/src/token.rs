//! `POST /oidc/token`.

use axum::{
    Router,
    body::Bytes,
    extract,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::post,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    apps::{App, RESOURCE},
    authorization::Authorization,
    client_auth::authenticate,
    errors::Failure,
    jwt,
    params::Params,
    reply,
    state::{State, Store, now},
};

pub(crate) fn routes() -> Router<Store> {
    Router::new().route("/oidc/token", post(token))
}

async fn token(
    extract::State(store): extract::State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Params::parse(&body);
    let tokens = grant(&mut store.lock(), &headers, &form);
    reply::open_to_browsers(tokens.map(|tokens| reply::ok(&tokens)))
}

fn grant(state: &mut State, headers: &HeaderMap, form: &Params) -> Result<Value, Failure> {
    let app = authenticate(state, headers, form)?;
    let grant_type = parameter(form, "grant_type")?;
    if !["client_credentials", "authorization_code", "refresh_token"].contains(&grant_type) {
        return Err(bad("unsupported_grant_type", "unsupported grant_type requested"));
    }
    if !app.may_use(grant_type) {
        let description = "requested grant type is not allowed for this client";
        return Err(bad("unauthorized_client", description));
    }
    match grant_type {
        "client_credentials" => client_credentials(state, &app, form),
        "authorization_code" => authorization_code(state, &app, form),
        _ => refresh_token(state, &app, form),
    }
}

fn client_credentials(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    let resource = known_resource(state, form.get("resource"))?;
    let asked = form.get("scope").unwrap_or_default();
    let granted = match resource {
        // One manager will do; no other application has a role.
        Some(RESOURCE) if app.id == state.manager && asked.split(' ').any(|s| s == "all") => "all",
        _ => "",
    };
    let mut tokens = json!({
        "access_token": access_token(state, &app.id, &app.id, resource, granted),
        "expires_in": state.tokens.lifetime.as_secs(),
        "token_type": "Bearer",
    });
    if !granted.is_empty() {
        tokens["scope"] = granted.into();
    }
    Ok(tokens)
}

fn authorization_code(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    let code = parameter(form, "code")?;
    // It can be left out where there is no other.
    let only = match app.redirect_uris.as_slice() {
        [only] => only,
        _ => "",
    };
    let redirect_uri = form.get("redirect_uri").unwrap_or(only);
    let grant = state.tokens.codes.get(code).cloned();
    let grant = grant.filter(|grant| {
        grant.app_id == app.id
            && grant.redirect_uri == redirect_uri
            && proves(form.get("code_verifier"), grant.challenge.as_deref())
    });
    let grant = grant.ok_or_else(Failure::invalid_grant)?;
    state.tokens.codes.remove(code);
    let refresh = grant.has_scope("offline_access").then(|| {
        let token = state.ids.opaque();
        state.tokens.refresh.insert(token.clone(), grant.clone());
        token
    });
    user_tokens(state, &grant, form, refresh.as_deref())
}

fn refresh_token(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    let token = parameter(form, "refresh_token")?;
    let grant = state.tokens.refresh.get(token).cloned();
    let grant = grant.filter(|grant| grant.app_id == app.id);
    let grant = grant.ok_or_else(Failure::invalid_grant)?;
    user_tokens(state, &grant, form, Some(token))
}

fn user_tokens(
    state: &mut State,
    grant: &Authorization,
    form: &Params,
    refresh: Option<&str>,
) -> Result<Value, Failure> {
    let resource = known_resource(state, form.get("resource"))?;
    // Roles have no scopes here, so users have none of a resource.
    let scope = if resource.is_some() { "" } else { &grant.scope };
    let mut tokens = json!({
        "access_token": access_token(state, &grant.user_id, &grant.app_id, resource, scope),
        "expires_in": state.tokens.lifetime.as_secs(),
        "scope": scope,
        "token_type": "Bearer",
    });
    if grant.has_scope("openid") {
        tokens["id_token"] = id_token(state, grant).into();
    }
    if let Some(refresh) = refresh {
        tokens["refresh_token"] = refresh.into();
    }
    Ok(tokens)
}

/// A token for a resource is a JWT; one without is opaque.
fn access_token(
    state: &mut State,
    subject: &str,
    app_id: &str,
    resource: Option<&str>,
    scope: &str,
) -> String {
    let unique = state.ids.opaque();
    let token = match resource {
        None => unique,
        Some(resource) => {
            let issued = now() / 1000;
            let claims = json!({
                "jti": &unique, "sub": subject, "client_id": app_id, "scope": scope,
                "aud": resource, "iss": state.issuer(), "iat": issued,
                "exp": issued + state.tokens.lifetime.as_secs(),
            });
            jwt::unsigned("at+jwt", &claims, &unique)
        }
    };
    state.tokens.remember(&token, resource, scope);
    token
}

fn id_token(state: &mut State, grant: &Authorization) -> String {
    let issued = now() / 1000;
    let mut claims = json!({
        "sub": grant.user_id, "aud": grant.app_id, "iss": state.issuer(),
        "iat": issued, "exp": issued + 3600,
    });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    jwt::unsigned("JWT", &claims, &state.ids.opaque())
}

fn known_resource<'a>(
    state: &State,
    resource: Option<&'a str>,
) -> Result<Option<&'a str>, Failure> {
    match resource {
        Some(indicator) if state.resources.find_by("indicator", indicator).is_none() => {
            Err(bad("invalid_target", "resource indicator is missing, or unknown"))
        }
        _ => Ok(resource),
    }
}

fn proves(verifier: Option<&str>, challenge: Option<&str>) -> bool {
    let hash = |verifier| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    verifier.map(hash).as_deref() == challenge
}

fn parameter<'a>(form: &'a Params, name: &str) -> Result<&'a str, Failure> {
    let value = form.get(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| Failure::missing_parameter(name))
}

fn bad(error: &str, description: &str) -> Failure {
    Failure::oidc(StatusCode::BAD_REQUEST, error, description)
}
