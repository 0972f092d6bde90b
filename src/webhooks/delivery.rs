//! A delivery, as an extractor of web frameworks.

use super::Event;

/// The event of a webhook's delivery, as an extractor of axum (feature `axum`) and actix-web
/// (feature `actix`). The raw body is read once, up to the verifier's
/// [`max_size`](super::WebhookVerifier::max_size), and verified before it is parsed; the
/// framework's own limit for bodies does not apply.
///
/// With axum, the router's state must hold a [`WebhookVerifier`](super::WebhookVerifier), or be
/// one; with actix-web, it is the application's data (`App::app_data`).
#[cfg_attr(
    feature = "axum",
    doc = "
```
use axum::{Router, http::StatusCode, routing::post};
use logto_api::webhooks::{Delivery, WebhookVerifier};

async fn receive(Delivery(event): Delivery) -> StatusCode {
    println!(\"{}\", event.event_type());
    StatusCode::NO_CONTENT
}

fn app(verifier: WebhookVerifier) -> Router {
    Router::new().route(\"/webhooks/logto\", post(receive)).with_state(verifier)
}
```"
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery(pub Event);
