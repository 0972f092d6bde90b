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
    routes::{client_auth::authenticate, reply},
    rules::{
        apps::{App, RESOURCE, TOKEN_EXCHANGE},
        claims,
        errors::Failure,
    },
    state::{
        State, Store, interaction::Authorization, keys, now, params::Params, tokens::AccessToken,
    },
};

/// The scope that lets an application have tokens for a user's organizations.
const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
/// In seconds.
const ID_TOKEN_LIFETIME: u64 = 3600;
const GRANTS: [&str; 4] =
    ["client_credentials", "authorization_code", "refresh_token", TOKEN_EXCHANGE];

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
    if !GRANTS.contains(&grant_type) {
        return Err(bad("unsupported_grant_type", "unsupported grant_type requested"));
    }
    if !app.may_use(grant_type) {
        let description = "requested grant type is not allowed for this client";
        return Err(bad("unauthorized_client", description));
    }
    match grant_type {
        "client_credentials" => client_credentials(state, &app, form),
        "authorization_code" => authorization_code(state, &app, form),
        TOKEN_EXCHANGE => exchange(state, &app, form),
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
    let token = AccessToken {
        audience: resource.map(str::to_owned),
        scope: granted.to_owned(),
        app_id: app.id.clone(),
        ..AccessToken::default()
    };
    let mut tokens = json!({
        "access_token": issue(state, token, None),
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
    let refresh = grant.has_scope("offline_access").then(|| refresh_token_for(state, &grant));
    user_tokens(state, &grant, form, refresh.as_deref())
}

fn refresh_token(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    let token = parameter(form, "refresh_token")?;
    let grant = state.tokens.refresh.get(token).cloned();
    let grant = grant.filter(|grant| grant.app_id == app.id);
    let grant = grant.ok_or_else(Failure::invalid_grant)?;
    if !app.is_public() {
        return user_tokens(state, &grant, form, Some(token));
    }
    // Where no secret is kept, a refresh token is good for one use.
    let next = refresh_token_for(state, &grant);
    let tokens = user_tokens(state, &grant, form, Some(&next));
    let spent = if tokens.is_ok() { token } else { &next };
    state.tokens.refresh.remove(spent);
    tokens
}

fn refresh_token_for(state: &mut State, grant: &Authorization) -> String {
    let token = state.ids.opaque();
    state.tokens.refresh.insert(token.clone(), grant.clone());
    token
}

fn user_tokens(
    state: &mut State,
    grant: &Authorization,
    form: &Params,
    refresh: Option<&str>,
) -> Result<Value, Failure> {
    let resource = granted_resource(state, grant, form)?;
    let organization = organization(state, grant, form)?;
    let audience = match (resource, organization) {
        (None, Some(id)) => Some(format!("urn:logto:organization:{id}")),
        _ => resource.map(str::to_owned),
    };
    // Roles have no scopes here, so users have none of a resource or an organization.
    let scope = if audience.is_some() { "" } else { &grant.scope };
    let token = AccessToken {
        audience,
        scope: scope.to_owned(),
        user_id: Some(grant.user_id.clone()),
        app_id: grant.app_id.clone(),
        grant: Some(grant.grant.clone()),
    };
    let mut tokens = json!({
        "access_token": issue(state, token, organization.filter(|_| resource.is_some())),
        "expires_in": state.tokens.lifetime.as_secs(),
        "scope": scope,
        "token_type": "Bearer",
    });
    if grant.has_scope("openid") {
        let access_token = tokens["access_token"].as_str().unwrap_or_default();
        tokens["id_token"] = id_token(state, grant, access_token)?.into();
    }
    if let Some(refresh) = refresh {
        tokens["refresh_token"] = refresh.into();
    }
    Ok(tokens)
}

/// The resource that a user's token is for: one of those that the sign-in was for.
fn granted_resource<'a>(
    state: &State,
    grant: &Authorization,
    form: &'a Params,
) -> Result<Option<&'a str>, Failure> {
    let resource = known_resource(state, form.get("resource"))?;
    match resource {
        Some(resource) if !grant.resources.iter().any(|own| own == resource) => {
            Err(unknown_resource())
        }
        _ => Ok(resource),
    }
}

/// The organization that a user's token is for.
fn organization<'a>(
    state: &State,
    grant: &Authorization,
    form: &'a Params,
) -> Result<Option<&'a str>, Failure> {
    let Some(id) = form.get("organization_id") else { return Ok(None) };
    if !grant.has_scope(ORGANIZATIONS) {
        let description = "refresh token missing required scope";
        return Err(Failure::oidc(StatusCode::FORBIDDEN, "insufficient_scope", description));
    }
    match state.links.has("organizations/users", id, &grant.user_id) {
        true => Ok(Some(id)),
        false => Err(bad("access_denied", "user is not a member of the organization")),
    }
}

/// A user's token for an application that the user need not be there for.
fn exchange(state: &mut State, app: &App, form: &Params) -> Result<Value, Failure> {
    let subject_token = parameter(form, "subject_token")?;
    if parameter(form, "subject_token_type")? != "urn:ietf:params:oauth:token-type:access_token" {
        return Err(Failure::invalid_request("unsupported subject token type"));
    }
    let resource = known_resource(state, form.get("resource"))?;
    let user_id = state.tokens.subjects.remove(subject_token);
    let user_id = user_id.ok_or_else(Failure::invalid_grant)?;
    let scope = match resource {
        Some(_) => "",
        None => form.get("scope").unwrap_or_default(),
    };
    let token = AccessToken {
        audience: resource.map(str::to_owned),
        scope: scope.to_owned(),
        user_id: Some(user_id),
        app_id: app.id.clone(),
        grant: None,
    };
    Ok(json!({
        "access_token": issue(state, token, None),
        "expires_in": state.tokens.lifetime.as_secs(),
        "scope": scope,
        "token_type": "Bearer",
    }))
}

/// A token for a resource or an organization is a JWT; one without is opaque.
fn issue(state: &mut State, token: AccessToken, organization: Option<&str>) -> String {
    let unique = state.ids.opaque();
    let text = match &token.audience {
        None => unique,
        Some(audience) => {
            let issued = now() / 1000;
            let subject = token.user_id.as_ref().unwrap_or(&token.app_id);
            let mut claims = json!({
                "jti": unique, "sub": subject, "client_id": token.app_id, "scope": token.scope,
                "aud": audience, "iss": state.issuer(), "iat": issued,
                "exp": issued + state.tokens.lifetime.as_secs(),
            });
            if let Some(id) = organization {
                claims["organization_id"] = id.into();
            }
            state.keys.sign("at+jwt", &claims)
        }
    };
    state.tokens.remember(&text, token);
    text
}

fn id_token(
    state: &mut State,
    grant: &Authorization,
    access_token: &str,
) -> Result<String, Failure> {
    let user = state.users.find(&grant.user_id).ok_or_else(Failure::invalid_grant)?;
    let mut claims = Value::from(claims::of_id_token(state, user, &grant.scope));
    let issued = now() / 1000;
    claims["at_hash"] = keys::access_token_hash(access_token).into();
    claims["aud"] = grant.app_id.as_str().into();
    claims["exp"] = (issued + ID_TOKEN_LIFETIME).into();
    claims["iat"] = issued.into();
    claims["iss"] = state.issuer().into();
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    let token = state.keys.sign("JWT", &claims);
    state.tokens.id_tokens.insert(token.clone(), grant.app_id.clone());
    Ok(token)
}

fn known_resource<'a>(
    state: &State,
    resource: Option<&'a str>,
) -> Result<Option<&'a str>, Failure> {
    match resource {
        Some(indicator) if state.tables.find_by("resources", "indicator", indicator).is_none() => {
            Err(unknown_resource())
        }
        _ => Ok(resource),
    }
}

fn unknown_resource() -> Failure {
    bad("invalid_target", "resource indicator is missing, or unknown")
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
