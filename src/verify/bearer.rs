//! Bearer tokens in requests, and rejections by RFC 6750.

use std::fmt;

use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, WWW_AUTHENTICATE},
};

use super::head::{Found, RequestHead};

/// Why a request is rejected. As a response it contains what RFC 6750 specifies, and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BearerRejection {
    /// 401: there is no bearer token.
    MissingToken,
    /// 400: there are several `Authorization` headers, or the request does not name its
    /// organization.
    InvalidRequest,
    /// 401: the token is invalid.
    InvalidToken,
    /// 403: the token lacks one of these scopes, which are separated by spaces.
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

    /// The value of `error` in the response's body: RFC 6750's error code, if it has one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingToken => "missing_token",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope(_) => "insufficient_scope",
            Self::Unavailable => "temporarily_unavailable",
        }
    }

    /// The header `WWW-Authenticate` of the response. Scopes that are invalid in a header are
    /// omitted.
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

    /// The body of the response: JSON with the [`code`](Self::code) as `error`.
    pub fn body(&self) -> String {
        format!(r#"{{"error":"{}"}}"#, self.code())
    }

    /// The response with your own JSON body instead of [`body`](Self::body).
    pub fn response<B>(&self, body: impl Into<B>) -> Response<B> {
        let mut response = Response::new(body.into());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl fmt::Display for BearerRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingToken => "the request has no bearer token",
            Self::InvalidRequest => {
                "the request has several access tokens, or does not name its organization"
            }
            Self::InvalidToken => "the access token is not valid",
            Self::InsufficientScope(_) => "the access token lacks a scope",
            Self::Unavailable => "the access token cannot be verified at the moment",
        })
    }
}

impl std::error::Error for BearerRejection {}

/// The token of the only header `Authorization`, whose scheme is written in any case.
pub(super) fn token<'a>(head: &RequestHead<'a>) -> Result<&'a str, BearerRejection> {
    let value = match head.find("authorization") {
        Found::One(value) => value,
        Found::None => return Err(BearerRejection::MissingToken),
        Found::Many => return Err(BearerRejection::InvalidRequest),
    };
    let (scheme, token) = std::str::from_utf8(value)
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or(BearerRejection::MissingToken)?;
    match scheme.eq_ignore_ascii_case("Bearer") {
        true => Ok(token.trim_start_matches(' ')),
        false => Err(BearerRejection::MissingToken),
    }
}
