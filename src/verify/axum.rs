//! Access tokens in axum, by RFC 6750.

use axum_core::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
    request::Parts,
};

use super::{AccessTokenClaims, TokenVerifier};

/// The claims of a request's access token, as an extractor. The router's state has to hold a
/// [`TokenVerifier`], or be one.
///
/// ```
/// use axum::{Router, routing::get};
/// use logto_api::verify::{Authenticated, BearerRejection, TokenVerifier};
///
/// async fn orders(caller: Authenticated) -> Result<String, BearerRejection> {
///     let claims = caller.require(&["read:orders"])?;
///     Ok(format!("orders of {}", claims.subject()))
/// }
///
/// fn app(verifier: TokenVerifier) -> Router {
///     Router::new().route("/orders", get(orders)).with_state(verifier)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Authenticated(pub AccessTokenClaims);

impl Authenticated {
    /// The claims, if all of these scopes were granted.
    ///
    /// # Errors
    ///
    /// A rejection with status 403 that names the scopes.
    pub fn require(&self, scopes: &[&str]) -> Result<&AccessTokenClaims, BearerRejection> {
        match self.0.has_all_scopes(scopes.iter().copied()) {
            true => Ok(&self.0),
            false => Err(BearerRejection::InsufficientScope(scopes.join(" "))),
        }
    }
}

impl<S> FromRequestParts<S> for Authenticated
where
    TokenVerifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = BearerRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let token = token(&parts.headers)?;
        match TokenVerifier::from_ref(state).verify(token).await {
            Ok(claims) => Ok(Self(claims)),
            Err(error) if error.is_invalid_token() => Err(BearerRejection::InvalidToken),
            Err(_) => Err(BearerRejection::Unavailable),
        }
    }
}

/// Why a request is rejected. As a response it says what RFC 6750 wants, and no more. Map it to have
/// another body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerRejection {
    /// 401: there is no bearer token.
    MissingToken,
    /// 400: there is more than one header `Authorization`.
    InvalidRequest,
    /// 401: the token is not good.
    InvalidToken,
    /// 403: the token lacks one of these scopes, with spaces between them.
    InsufficientScope(String),
    /// 503: Logto's keys cannot be fetched.
    Unavailable,
}

impl BearerRejection {
    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MissingToken | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The header `WWW-Authenticate` of the response. A scope that no header can hold is left out.
    pub fn challenge(&self) -> Option<HeaderValue> {
        let insufficient = r#"Bearer error="insufficient_scope""#;
        Some(HeaderValue::from_static(match self {
            Self::MissingToken => "Bearer",
            Self::InvalidRequest => r#"Bearer error="invalid_request""#,
            Self::InvalidToken => r#"Bearer error="invalid_token""#,
            Self::InsufficientScope(scope) => {
                let is_plain = !scope.contains(['"', '\\']);
                let whole = HeaderValue::try_from(format!(r#"{insufficient}, scope="{scope}""#));
                return match whole {
                    Ok(whole) if is_plain => Some(whole),
                    _ => Some(HeaderValue::from_static(insufficient)),
                };
            }
            Self::Unavailable => return None,
        }))
    }

    fn body(&self) -> &'static str {
        match self {
            Self::MissingToken => r#"{"error":"missing_token"}"#,
            Self::InvalidRequest => r#"{"error":"invalid_request"}"#,
            Self::InvalidToken => r#"{"error":"invalid_token"}"#,
            Self::InsufficientScope(_) => r#"{"error":"insufficient_scope"}"#,
            Self::Unavailable => r#"{"error":"temporarily_unavailable"}"#,
        }
    }
}

impl IntoResponse for BearerRejection {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.body()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The token of the only header `Authorization`, whose scheme is written in any case.
fn token(headers: &HeaderMap) -> Result<&str, BearerRejection> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerRejection::MissingToken)?;
    if values.next().is_some() {
        return Err(BearerRejection::InvalidRequest);
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or(BearerRejection::MissingToken)?;
    match scheme.eq_ignore_ascii_case("Bearer") {
        true => Ok(token.trim_start_matches(' ')),
        false => Err(BearerRejection::MissingToken),
    }
}
