//! Answers, with the content types Logto gives them.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{routes::cors::Foreign, rules::errors::Failure};

pub(crate) type Answer = Result<Response, Failure>;

pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    let content_type = [(CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, content_type, body.to_string()).into_response()
}

pub(crate) fn ok(body: &Value) -> Response {
    json(StatusCode::OK, body)
}

pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(crate) fn text(status: StatusCode, body: &str) -> Response {
    let content_type = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, content_type, body.to_owned()).into_response()
}

pub(crate) fn html(body: &str) -> Response {
    let content_type = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (content_type, body.to_owned()).into_response()
}

pub(crate) fn redirect(status: StatusCode, location: &str) -> Response {
    let mut response = text(status, &format!("Redirecting to {location}."));
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json(status, &self.body);
        let challenge = self.challenge.map(|c| HeaderValue::from_str(&c));
        if let Some(Ok(challenge)) = challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if self.is_foreign {
            response.extensions_mut().insert(Foreign);
        }
        response
    }
}
