//! Deliveries in actix-web.

use std::pin::Pin;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    error::ErrorInternalServerError,
    http::StatusCode,
    web::{self, Data},
};

use super::{Delivery, SIGNATURE_HEADER, WebhookError, WebhookVerifier};

/// The application's data holds the verifier: `App::new().app_data(verifier)`, or in a `web::Data`.
impl FromRequest for Delivery {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload);
        Box::pin(async move {
            let shared = request.app_data::<Data<WebhookVerifier>>().map(|data| &***data);
            let verifier = request.app_data::<WebhookVerifier>().or(shared).ok_or_else(|| {
                ErrorInternalServerError(
                    "the application's data has no `WebhookVerifier`: add it with `App::app_data`",
                )
            })?;
            let signature = signature(&request)?;
            let body = payload.await?.to_bytes_limited(verifier.size_limit()).await;
            let body = body.map_err(|_| WebhookError::TooLarge)?;
            let body = body.map_err(|_| WebhookError::Interrupted)?;
            Ok(Self(verifier.verify_signature(signature, &body)?))
        })
    }
}

fn signature(request: &HttpRequest) -> Result<&str, WebhookError> {
    let mut signatures = request.headers().get_all(SIGNATURE_HEADER);
    let signature = signatures.next().ok_or(WebhookError::MissingSignature)?;
    match signatures.next() {
        None => signature.to_str().map_err(|_| WebhookError::InvalidSignature),
        Some(_) => Err(WebhookError::InvalidSignature),
    }
}

impl ResponseError for WebhookError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status().as_u16()).unwrap_or(StatusCode::BAD_REQUEST)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).body(self.to_string())
    }
}
