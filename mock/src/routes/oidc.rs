//! What OpenID Connect asks of a provider beside tokens: its description, its keys, what it
//! knows of a user, and taking tokens back.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    routes::{
        auth::authorization,
        client_auth::{authenticate, check_origin},
        form,
        reply::{self, Answer},
    },
    rules::{
        apps::{App, DEVICE_CODE, TOKEN_EXCHANGE},
        claims,
        errors::Failure,
        releases::knows,
        scopes,
    },
    state::{self, Store, params::Params},
};

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/oidc/.well-known/openid-configuration", get(discovery))
        .route("/oidc/.well-known/oauth-authorization-server", get(discovery))
        .route("/oidc/jwks", get(jwks))
        .route("/oidc/me", get(userinfo).post(userinfo))
        .route("/oidc/token/introspection", post(introspect))
        .route("/oidc/token/revocation", post(revoke))
        .route("/.well-known/oauth-authorization-server", get(discovery))
}

async fn discovery(State(store): State<Store>) -> Response {
    let state = store.lock();
    let (issuer, algorithms) = (state.issuer(), state.keys.algorithms());
    let at = |path: &str| format!("{issuer}{path}");
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/auth"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/me"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/session/end"),
        "introspection_endpoint": at("/token/introspection"),
        "revocation_endpoint": at("/token/revocation"),
        "pushed_authorization_request_endpoint": at("/request"),
        "scopes_supported": scopes::OIDC,
        "response_types_supported": ["code id_token", "code", "id_token", "none"],
        "response_modes_supported": ["form_post", "fragment", "query"],
        "grant_types_supported": [
            "implicit", "authorization_code", "refresh_token", "client_credentials", TOKEN_EXCHANGE,
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_jwt", "client_secret_post", "private_key_jwt",
            "none",
        ],
        "token_endpoint_auth_signing_alg_values_supported": [
            "HS256", "RS256", "PS256", "ES256", "Ed25519", "EdDSA",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "claim_types_supported": ["normal"],
        "claims_supported": claims_supported(),
    });
    if knows(&state, "1.38") {
        document["device_authorization_endpoint"] = at("/device/auth").into();
        let grants = document["grant_types_supported"].as_array_mut();
        grants.into_iter().for_each(|grants| grants.push(DEVICE_CODE.into()));
    }
    if !knows(&state, "1.42") {
        document["request_parameter_supported"] = false.into();
    }
    reply::ok(&document)
}

fn claims_supported() -> Vec<&'static str> {
    let mut claims = vec!["sub", "name", "picture", "updated_at", "username", "created_at"];
    claims.extend(claims::PROFILE.map(|(claim, _)| claim));
    claims.extend([
        "email",
        "email_verified",
        "phone_number",
        "phone_number_verified",
        "custom_data",
        "identities",
        "sso_identities",
        "roles",
        "organizations",
        "organization_data",
        "organization_roles",
        "sid",
        "auth_time",
        "iss",
    ]);
    claims
}

async fn jwks(State(store): State<Store>) -> Response {
    let keys = store.lock().keys.to_jwks();
    let mut response = reply::ok(&keys);
    let headers = response.headers_mut();
    let kind = "application/jwk-set+json; charset=utf-8";
    headers.insert("content-type", axum::http::HeaderValue::from_static(kind));
    response
}

async fn userinfo(
    State(store): State<Store>,
    headers: HeaderMap,
    query: Params,
    body: Bytes,
) -> Answer {
    let form = Params::parse(&body);
    tell(&store.lock(), &headers, &query, &form).map(|claims| reply::ok(&claims))
}

fn tell(
    state: &state::State,
    headers: &HeaderMap,
    query: &Params,
    form: &Params,
) -> Result<Value, Failure> {
    let text = presented(state, headers, query, form)?;
    let unknown = || refused(state, 401, "invalid_token", "invalid token provided");
    let token = state.tokens.access(text, state.now());
    let token = token.filter(|token| token.audience.is_none()).ok_or_else(unknown)?;
    let app = App::find(state, &token.app_id).ok_or_else(|| {
        let description = format!("invalid client {}", token.app_id);
        Failure::oidc(400u16, "invalid_client", &description)
    })?;
    check_origin(&app, headers, state)?;
    let user = token.user_id.as_deref().and_then(|id| state.users.find(id));
    let user = user.ok_or_else(unknown)?;
    if !token.has_scope("openid") {
        let description = "access token missing openid scope";
        return Err(refused(state, 403, "insufficient_scope", description).scope("openid"));
    }
    Ok(claims::of_userinfo(state, user, &token.scope).into())
}

/// The token that a request carries: in one place only, and not in the query.
fn presented<'a>(
    state: &state::State,
    headers: &'a HeaderMap,
    query: &Params,
    form: &'a Params,
) -> Result<&'a str, Failure> {
    let invalid = |description| refused(state, 400, "invalid_request", description);
    if query.get("access_token").is_some() {
        return Err(invalid("access tokens must not be provided via query parameter"));
    }
    let Some(header) = authorization(headers) else {
        return form.get("access_token").ok_or_else(|| {
            let (status, error) = match knows(state, "1.42") {
                true => (401u16, "invalid_token"),
                false => (400, "invalid_request"),
            };
            let failure = Failure::oidc(status, error, "no access token provided");
            failure.realm("Bearer", &state.issuer())
        });
    };
    if form.get("access_token").is_some() {
        return Err(invalid("access token must only be provided using one mechanism"));
    }
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty() => {
            Ok(token)
        }
        Some((scheme, _)) if !scheme.eq_ignore_ascii_case("Bearer") => {
            Err(invalid("authorization header scheme must be `Bearer`"))
        }
        _ => Err(invalid("invalid authorization header value format")),
    }
}

fn refused(state: &state::State, status: u16, error: &str, description: &str) -> Failure {
    Failure::oidc(status, error, description).challenge("Bearer", &state.issuer())
}

/// The token that a client asks about or takes back. A JWT cannot be looked up.
fn about<'a>(
    state: &state::State,
    headers: &HeaderMap,
    form: &'a Params,
    end: &str,
) -> Result<(App, &'a str), Failure> {
    let app = authenticate(state, headers, form)?;
    let token = form.get("token").ok_or_else(|| Failure::missing_parameter("token"))?;
    if token.matches('.').count() == 2 {
        let description = format!("Structured JWT Tokens cannot be {end}");
        return Err(Failure::oidc(400u16, "unsupported_token_type", &description));
    }
    Ok((app, token))
}

async fn introspect(State(store): State<Store>, headers: HeaderMap, body: Bytes) -> Answer {
    let state = store.lock();
    let form = form::read(&headers, &body, "/token/introspection")?;
    let end = "introspected via the introspection_endpoint";
    let (app, token) = about(&state, &headers, &form, end)?;
    Ok(reply::ok(&introspection(&state, &app, token)))
}

fn introspection(state: &state::State, app: &App, text: &str) -> Value {
    let now = state.now();
    let is_own = |id: &str| !app.is_public() || app.id == id;
    if let Some(token) = state.tokens.access(text, now).filter(|token| is_own(&token.app_id)) {
        let mut shown = token.claims.clone();
        let own = json!({
            "active": true, "sub": token.user_id, "client_id": token.app_id,
            "exp": token.expires_at / 1000, "iat": token.issued_at / 1000, "iss": state.issuer(),
            "scope": token.scope, "token_type": "Bearer",
        });
        shown.extend(own.as_object().cloned().unwrap_or_default());
        let sid = token.grant.as_deref().and_then(|grant| sid(state, &token.app_id, grant));
        shown.extend(sid.map(|sid| ("sid".to_owned(), sid.into())));
        return shown.into();
    }
    let refresh = state.tokens.refresh.get(text).filter(|own| own.expires_at > now);
    match refresh.filter(|own| is_own(&own.authorization.app_id)) {
        None => json!({ "active": false }),
        Some(token) => {
            let own = &token.authorization;
            let mut shown = json!({
                "active": true, "sub": own.user_id, "client_id": own.app_id,
                "exp": token.expires_at / 1000, "iat": token.issued_at / 1000,
                "iss": state.issuer(), "scope": own.scope,
            });
            if let Some(sid) = sid(state, &own.app_id, &own.grant) {
                shown["sid"] = sid.into();
            }
            shown
        }
    }
}

/// The session that a grant is of, where its application wants to know.
fn sid<'a>(state: &'a state::State, app_id: &str, grant: &str) -> Option<&'a str> {
    App::find(state, app_id).filter(App::wants_session)?;
    let mut apps = state.sessions.sessions.iter().flat_map(|session| session.apps.values());
    apps.find(|own| own.grant == grant).map(|own| own.sid.as_str())
}

/// A token that nobody has is as good as taken back.
async fn revoke(State(store): State<Store>, headers: HeaderMap, body: Bytes) -> Answer {
    let state = &mut *store.lock();
    let form = form::read(&headers, &body, "/token/revocation")?;
    let end = "revoked via the revocation_endpoint";
    let (app, token) = about(state, &headers, &form, end)?;
    let is_foreign = state.tokens.origin(token).is_some_and(|(id, _)| id != app.id);
    match (is_foreign, app.is_public()) {
        (true, false) => {
            let description = "client is not authorized to revoke the presented token";
            return Err(Failure::invalid_request(description));
        }
        (true, true) => {}
        (false, _) => state.tokens.revoke(token),
    }
    Ok(StatusCode::OK.into_response())
}
