//! JSON bodies of requests.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header::CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::{
    rules::{
        errors::Failure,
        guard::{self, Field},
    },
    state::collection::Members,
};

/// A JSON body that has not been checked yet. No body is an empty object.
pub(crate) struct JsonBody(Value);

impl JsonBody {
    /// The members that these fields name, or all complaints at once.
    pub(crate) fn check(&self, fields: &'static [Field]) -> Result<Members, Failure> {
        guard::check(&self.0, fields, "body")
    }
}

impl JsonBody {
    /// The body of a request with these headers.
    pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, Failure> {
        let content_type = headers.get(CONTENT_TYPE);
        let is_json = content_type.is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
        if !is_json || body.is_empty() {
            return Ok(Self(json!({})));
        }
        serde_json::from_slice(body).map(Self).map_err(|_| broken())
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}

/// A real server gives up on JSON that it cannot read.
fn broken() -> Failure {
    Failure::raw(500, json!({ "message": "Internal server error." }))
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await.map_err(|_| broken())?;
        Self::parse(&headers, &body)
    }
}
