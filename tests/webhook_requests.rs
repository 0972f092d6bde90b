//! Deliveries are taken from requests: their body is read once, and only as far as it may be long.

#![cfg(all(feature = "webhooks", feature = "axum"))]
#![allow(clippy::unwrap_used)]

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::Request,
    routing::post,
};
use http_body::{Body as _, Frame, SizeHint};
use logto_api::webhooks::{Delivery, Event, SIGNATURE_HEADER, WebhookError, WebhookVerifier};
use tower::ServiceExt;

const LIMIT: usize = 300;

fn verifier() -> WebhookVerifier {
    WebhookVerifier::new("signing-key").max_size(LIMIT)
}

/// A delivery of this many bytes.
fn delivery(size: usize) -> String {
    let body = r#"{"event":"Role.Deleted","hookId":"h1","params":{"id":"r1"},"x":""}"#;
    let (start, end) = body.split_at(body.len() - 2);
    format!("{start}{}{end}", "x".repeat(size - body.len()))
}

fn request<B>(signatures: &[&str], body: B) -> Request<B> {
    let mut request = Request::post("/");
    for signature in signatures {
        request = request.header(SIGNATURE_HEADER, *signature);
    }
    request.body(body).unwrap()
}

async fn receive(Delivery(event): Delivery) -> String {
    event.event_type().to_string()
}

/// Statuses for deliveries, and what they are answered.
fn cases() -> Vec<(Vec<String>, String, u16)> {
    let (good, large) = (delivery(LIMIT), delivery(LIMIT + 1));
    let sign = |body: &str| verifier().sign(body.as_bytes());
    let nothing = "{}".to_owned();
    vec![
        (vec![sign(&good)], good.clone(), 200),
        (vec![], good.clone(), 401),
        (vec!["0".repeat(64)], good.clone(), 401),
        (vec![sign(&good), sign(&good)], good.clone(), 401),
        (vec![sign(&good)], delivery(LIMIT - 1), 401),
        (vec![sign(&large)], large, 413),
        (vec![sign(&nothing)], nothing, 400),
    ]
}

#[tokio::test]
async fn axum_takes_the_event_of_a_delivery() {
    let app = Router::new().route("/", post(receive)).with_state(verifier());
    for (signatures, body, status) in cases() {
        let signatures: Vec<_> = signatures.iter().map(String::as_str).collect();
        let response = app.clone().oneshot(request(&signatures, Body::from(body))).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(text == "Role.Deleted", status == 200);
    }
}

#[tokio::test]
async fn a_duplicate_is_a_conflict_that_a_handler_may_take_for_success() {
    async fn lenient(delivery: Result<Delivery, WebhookError>) -> Result<(), WebhookError> {
        match delivery {
            Err(WebhookError::Replayed) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    let again = verifier().replay_check(|_, _| true);
    for (app, status) in [
        (Router::new().route("/", post(receive)).with_state(again.clone()), 409),
        (Router::new().route("/", post(lenient)).with_state(again), 200),
    ] {
        let body = delivery(100);
        let signature = verifier().sign(body.as_bytes());
        let response = app.oneshot(request(&[&signature], Body::from(body))).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
    }
}

/// A body that comes byte by byte, and may break off.
struct Drops {
    bytes: Bytes,
    at: Arc<AtomicUsize>,
    breaks_at: usize,
    told: u64,
}

impl Drops {
    fn of(bytes: &str) -> Self {
        let bytes = Bytes::copy_from_slice(bytes.as_bytes());
        Self { bytes, at: Arc::default(), breaks_at: usize::MAX, told: 0 }
    }
}

impl http_body::Body for Drops {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let at = self.at.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(match at < self.bytes.len() {
            _ if at == self.breaks_at => Some(Err("broken")),
            true => Some(Ok(Frame::data(self.bytes.slice(at..=at)))),
            false => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.told);
        hint
    }
}

#[tokio::test]
async fn a_body_is_read_no_further_than_it_has_to_be() {
    let good = delivery(100);
    let signature = verifier().sign(good.as_bytes());
    let read = async |signatures: &[&str], body: Drops| {
        let at = body.at.clone();
        let outcome = verifier().receive(request(signatures, body)).await;
        (outcome, at.load(Ordering::SeqCst))
    };
    let (event, _) = read(&[&signature], Drops::of(&good)).await;
    assert!(
        matches!(event.unwrap(), Event::RoleDeleted(change) if change.param("id") == Some("r1"))
    );
    let (outcome, at) = read(&[], Drops::of(&good)).await;
    assert_eq!((outcome, at), (Err(WebhookError::MissingSignature), 0));
    let (outcome, at) = read(&[&signature], Drops::of(&delivery(10_000))).await;
    assert_eq!((outcome, at), (Err(WebhookError::TooLarge), LIMIT + 1));
    let told = Drops { told: 1 << 40, ..Drops::of(&good) };
    assert_eq!(read(&[&signature], told).await, (Err(WebhookError::TooLarge), 0));
    let broken = Drops { breaks_at: 50, ..Drops::of(&good) };
    assert_eq!(read(&[&signature], broken).await, (Err(WebhookError::Interrupted), 51));
    assert!(!Drops::of("").is_end_stream());
}

#[cfg(feature = "actix")]
#[test]
fn actix_takes_the_event_of_a_delivery() {
    use actix_web::{
        App,
        test::{TestRequest, call_service, init_service},
        web::{self, Data},
    };

    actix_web::rt::System::new().block_on(async {
        let apps = [
            App::new().app_data(verifier()),
            App::new().app_data(Data::new(verifier())),
            App::new(),
        ];
        for (number, app) in apps.into_iter().enumerate() {
            // A limit that does not apply.
            let app = app.app_data(web::PayloadConfig::new(10));
            let app = init_service(app.route("/", web::post().to(receive))).await;
            for (signatures, body, status) in cases() {
                let mut request = TestRequest::post().uri("/").set_payload(body);
                for signature in &signatures {
                    request = request.append_header((SIGNATURE_HEADER, signature.as_str()));
                }
                let response = call_service(&app, request.to_request()).await;
                let expected = if number == 2 { 500 } else { status };
                assert_eq!(response.status().as_u16(), expected);
            }
        }
    });
}
