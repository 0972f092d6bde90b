//! `POST /oidc/token`.

mod device;
mod exchange;
mod machine;
pub(crate) mod user;

use axum::{Router, body::Bytes, extract, http::HeaderMap, routing::post};
use serde_json::{Value, json};

use crate::{
    routes::{
        client_auth::authenticate,
        form,
        reply::{self, Answer},
    },
    rules::{
        apps::{DEVICE_CODE, RESOURCE, TOKEN_EXCHANGE},
        customizer,
        errors::Failure,
        scopes::ORGANIZATIONS,
    },
    state::{State, Store, collection::Members, params::Params, tokens::AccessToken},
};

pub(crate) fn routes() -> Router<Store> {
    Router::new().route("/oidc/token", post(token))
}

async fn token(
    extract::State(store): extract::State<Store>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let form = form::read(&headers, &body, "/token")?;
    grant(&mut store.lock(), &headers, &form).map(|tokens| reply::ok(&tokens))
}

fn grant(state: &mut State, headers: &HeaderMap, form: &Params) -> Result<Value, Failure> {
    let app = authenticate(state, headers, form)?;
    let grant_type = parameter(form, "grant_type")?;
    let grant = match grant_type {
        "client_credentials" => machine::client_credentials,
        "authorization_code" => user::authorization_code,
        "refresh_token" => user::refresh_token,
        TOKEN_EXCHANGE => exchange::exchange,
        DEVICE_CODE => device::device_code,
        _ => return Err(bad("unsupported_grant_type", "unsupported grant_type requested")),
    };
    if !app.may_use(grant_type) {
        let description = "requested grant type is not allowed for this client";
        return Err(Failure::invalid_request(description));
    }
    grant(state, &app, form)
}

/// Gives out an access token: a JWT where it is for a resource or an organization, opaque where
/// it is for neither.
fn issue(state: &mut State, mut token: AccessToken) -> Result<String, Failure> {
    let now = state.now();
    token.issued_at = now;
    token.expires_at = now + 1000 * lifetime(state, token.audience.as_deref());
    let unique = state.ids.opaque();
    token.claims.extend(customizer::claims(state, &token, &unique)?);
    let text = match &token.audience {
        None => unique,
        Some(_) => state.keys.sign(Some("at+jwt"), &claims(state, &token, &unique)),
    };
    state.tokens.remember(&text, token);
    Ok(text)
}

fn claims(state: &State, token: &AccessToken, unique: &str) -> Value {
    let subject = token.user_id.as_ref().unwrap_or(&token.app_id);
    let mut claims = token.claims.clone();
    let own = json!({
        "jti": unique, "sub": subject, "client_id": token.app_id, "aud": token.audience,
        "iss": state.issuer(), "iat": token.issued_at / 1000, "exp": token.expires_at / 1000,
    });
    claims.extend(own.as_object().cloned().unwrap_or_default());
    claims.remove("scope");
    let is_organization =
        token.audience.as_ref().is_some_and(|own| own.starts_with("urn:logto:organization:"));
    if !token.scope.is_empty() || token.user_id.is_some() || is_organization {
        claims.insert("scope".into(), token.scope.as_str().into());
    }
    claims.into()
}

/// How long an access token is good for, in seconds: what a test has set, or the resource's own.
fn lifetime(state: &State, audience: Option<&str>) -> u64 {
    let set = state.tokens.lifetime.as_secs();
    let find = |indicator| state.tables.find_by("resources", "indicator", indicator);
    let own = audience.and_then(find);
    match own.and_then(|resource| resource.get("accessTokenTtl")?.as_u64()) {
        Some(seconds) if set == 3600 => seconds,
        _ => set,
    }
}

/// The resource that is asked for. An empty one is none.
fn resource<'a>(state: &State, form: &'a Params) -> Result<Option<&'a str>, Failure> {
    let target = |description| bad("invalid_target", description);
    let mut asked = form.all("resource").filter(|resource| !resource.is_empty());
    let Some(indicator) = asked.next() else { return Ok(None) };
    if !indicator.contains(':') {
        return Err(target("resource indicator must be an absolute URI"));
    }
    let known = [RESOURCE, ORGANIZATIONS].contains(&indicator)
        || state.tables.find_by("resources", "indicator", indicator).is_some();
    match known {
        false => Err(unknown_resource()),
        true if asked.next().is_some() => {
            Err(target("only a single resource indicator value is supported for this grant type"))
        }
        true => Ok(Some(indicator)),
    }
}

fn unknown_resource() -> Failure {
    bad("invalid_target", "resource indicator is missing, or unknown")
}

/// The audience of a token, and the claim that names the organization beside a resource.
fn audience(resource: Option<&str>, organization: Option<&str>) -> (Option<String>, Members) {
    match (resource, organization) {
        (Some(resource), Some(id)) => {
            (Some(resource.to_owned()), Members::from_iter([("organization_id".into(), id.into())]))
        }
        (None, Some(id)) => (Some(format!("urn:logto:organization:{id}")), Members::new()),
        (resource, None) => (resource.map(str::to_owned), Members::new()),
    }
}

/// The words of a scope that are allowed, in their order.
fn only(scope: &str, is_allowed: impl Fn(&str) -> bool) -> String {
    let words = scope.split(' ').filter(|word| !word.is_empty() && is_allowed(word));
    words.collect::<Vec<_>>().join(" ")
}

fn parameter<'a>(form: &'a Params, name: &str) -> Result<&'a str, Failure> {
    let value = form.get(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| Failure::missing_parameter(name))
}

fn bad(error: &str, description: &str) -> Failure {
    Failure::oidc(400u16, error, description)
}

fn denied(description: &str) -> Failure {
    Failure::oidc(403u16, "access_denied", description)
}
