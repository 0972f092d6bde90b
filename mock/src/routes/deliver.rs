//! Sends webhooks, and tells applications of logouts.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{Request, Uri, header::HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    rules::{errors::Failure, events},
    state::{Store, deliveries::Delivery},
};

/// How long a server waits for the headers of an answer.
const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT: usize = 1024 * 1024;

/// Sends what is due, without anybody waiting for it. Nothing is sent a second time.
pub(crate) fn send_due(store: &Store) {
    let due = std::mem::take(&mut store.lock().deliveries);
    for delivery in due {
        let store = store.clone();
        tokio::spawn(async move {
            let outcome = send(&delivery).await;
            if delivery.is_logged {
                events::log(&mut store.lock(), &delivery, &outcome);
            }
        });
    }
}

/// Sends requests that somebody waits for, and refuses as Logto does what is not received.
pub(crate) async fn try_out(deliveries: Vec<Delivery>) -> Result<(), Failure> {
    for delivery in deliveries {
        match send(&delivery).await {
            Ok((200..=399, _)) => {}
            Ok((status, body)) => {
                let data = json!({ "responseStatus": status, "responseBody": body });
                return Err(Failure::new(422, "hook.endpoint_responded_with_error").data(data));
            }
            Err(error) => {
                let message = format!("Failed to send test payload: {error}");
                return Err(Failure::with_message(422, "hook.send_test_payload_failed", &message));
            }
        }
    }
    Ok(())
}

async fn send(delivery: &Delivery) -> Result<(u16, String), String> {
    let uri: Uri = delivery.url.parse().map_err(|_| "Invalid URL".to_owned())?;
    let authority = uri.authority().ok_or("Invalid URL")?;
    if uri.scheme_str() != Some("http") {
        return Err("logto-mock delivers to http only".to_owned());
    }
    let address = (authority.host().trim_matches(['[', ']']), authority.port_u16().unwrap_or(80));
    let request = request(delivery, &uri, authority.as_str())?;
    let exchange = async {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(|error| error.to_string())
    };
    let response = timeout(PATIENCE, exchange).await.map_err(|_| "TimeoutError".to_owned())??;
    let status = response.status().as_u16();
    let body = to_bytes(Body::new(response.into_body()), LIMIT).await.unwrap_or_default();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn request(delivery: &Delivery, uri: &Uri, host: &str) -> Result<Request<Body>, String> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(HOST, host)
        .header("user-agent", "Logto (https://logto.io/)")
        .header("content-type", delivery.content_type)
        .header("content-length", delivery.body.len());
    for (name, value) in &delivery.headers {
        request = request.header(name.to_lowercase(), value);
    }
    if !delivery.signature.is_empty() {
        request = request.header("logto-signature-sha-256", &delivery.signature);
    }
    request.body(Body::from(delivery.body.clone())).map_err(|error| error.to_string())
}
