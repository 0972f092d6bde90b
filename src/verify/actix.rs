//! Access tokens in actix-web.

use std::pin::Pin;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::Data,
};

use super::{
    Authenticated, BearerRejection, RequestHead, TokenClaims, TokenVerifier,
    head::{Found, Headers},
};

impl Headers for HeaderMap {
    fn find(&self, name: &str) -> Found<'_> {
        Found::only(self.get_all(name).map(|value| value.as_bytes()))
    }
}

impl<'a> From<&'a HttpRequest> for RequestHead<'a> {
    fn from(request: &'a HttpRequest) -> Self {
        let uri = request.uri();
        Self {
            method: request.method().as_str(),
            path: uri.path(),
            query: uri.query(),
            headers: request.headers(),
        }
    }
}

/// The application's data holds the verifier: `App::new().app_data(verifier)`, or in a `web::Data`.
impl<Claims: TokenClaims> FromRequest for Authenticated<Claims> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let shared = request.app_data::<Data<TokenVerifier>>().map(|data| &***data);
            let verifier = request.app_data::<TokenVerifier>().or(shared).ok_or_else(|| {
                actix_web::error::ErrorInternalServerError(
                    "the application's data has no `TokenVerifier`: add it with `App::app_data`",
                )
            })?;
            Ok(Self::of(verifier, (&request).into()).await?)
        })
    }
}

impl ResponseError for BearerRejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status().as_u16()).unwrap_or(StatusCode::UNAUTHORIZED)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(challenge) = self.challenge() {
            response.insert_header((header::WWW_AUTHENTICATE, challenge.as_bytes()));
        }
        response.content_type("application/json").body(self.body())
    }
}
