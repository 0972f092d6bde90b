//! The page that a request comes from.

use axum::http::{HeaderMap, header::ORIGIN};

use crate::rules::{
    errors::Failure,
    web_authn::{Origin, failed},
};

impl Origin {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        origin.map(|origin| Self(origin.to_owned())).ok_or_else(failed)
    }
}
