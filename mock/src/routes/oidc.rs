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
        auth::{authorization, bearer},
        client_auth::authenticate,
        reply,
    },
    rules::{claims, errors::Failure},
    state::{self, Store, params::Params},
};

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/oidc/.well-known/openid-configuration", get(discovery))
        .route("/oidc/jwks", get(jwks))
        .route("/oidc/me", get(userinfo).post(userinfo))
        .route("/oidc/token/revocation", post(revoke))
}

async fn discovery(State(store): State<Store>) -> Response {
    let issuer = store.lock().issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/auth"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/me"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/session/end"),
        "revocation_endpoint": at("/token/revocation"),
        "scopes_supported": [
            "openid", "offline_access", "profile", "email", "phone", "address", "custom_data",
            "identities", "roles", "urn:logto:scope:organizations",
            "urn:logto:scope:organization_roles", "urn:logto:scope:sessions",
        ],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES384"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "none",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "claims_supported": [
            "sub", "name", "picture", "username", "email", "email_verified", "phone_number",
            "phone_number_verified", "sid", "auth_time", "iss",
        ],
    });
    reply::open_to_browsers(reply::ok(&document))
}

async fn jwks(State(store): State<Store>) -> Response {
    let keys = store.lock().keys.to_jwks();
    let mut response = reply::ok(&keys);
    let headers = response.headers_mut();
    let kind = "application/jwk-set+json; charset=utf-8";
    headers.insert("content-type", axum::http::HeaderValue::from_static(kind));
    reply::open_to_browsers(response)
}

async fn userinfo(State(store): State<Store>, headers: HeaderMap) -> Response {
    let told = tell(&store.lock(), &headers);
    reply::open_to_browsers(told.map(|claims| reply::ok(&claims)))
}

fn tell(state: &state::State, headers: &HeaderMap) -> Result<Value, Failure> {
    let header = authorization(headers);
    let header = header.ok_or_else(|| Failure::invalid_request("no access token provided"))?;
    let refused = |status, error, description| {
        Failure::oidc(status, error, description).challenge("Bearer", &state.issuer())
    };
    let unknown = || refused(StatusCode::UNAUTHORIZED, "invalid_token", "invalid token provided");
    let token = bearer(header).and_then(|token| state.tokens.access(token));
    let token = token.filter(|token| token.audience.is_none()).ok_or_else(unknown)?;
    let user = token.user_id.as_deref().and_then(|id| state.users.find(id));
    let user = user.ok_or_else(unknown)?;
    if !token.has_scope("openid") {
        let description = "access token missing openid scope";
        return Err(refused(StatusCode::FORBIDDEN, "insufficient_scope", description));
    }
    Ok(claims::of_userinfo(state, user, &token.scope).into())
}

/// A token that nobody has, or that is another application's, is as good as taken back.
async fn revoke(State(store): State<Store>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Params::parse(&body);
    let mut state = store.lock();
    let answer = authenticate(&state, &headers, &form).and_then(|app| {
        let token = form.get("token").ok_or_else(|| Failure::missing_parameter("token"))?;
        state.tokens.revoke(token, &app.id);
        Ok(StatusCode::OK.into_response())
    });
    reply::open_to_browsers(answer)
}
