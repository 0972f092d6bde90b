//! The examples of services do what they are there to show.

#![cfg(all(feature = "axum", feature = "management", feature = "verify", feature = "webhooks"))]
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../examples/protected_api.rs"]
mod protected_api;
#[allow(dead_code)]
#[path = "../examples/webhooks.rs"]
mod webhooks;

use axum::Router;
use logto_api::{
    Client,
    reqwest::{self, Method},
    webhooks::{Event, SIGNATURE_HEADER, WebhookVerifier},
};
use logto_mock::Mock;
use protected_api::{AUDIENCE, Caller};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

fn manager(mock: &Mock) -> Client {
    let logto = Client::builder(mock.endpoint());
    logto.client_credentials(mock.app_id(), mock.app_secret()).build().unwrap()
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = format!("http://{}", listener.local_addr().unwrap());
    (listener, home)
}

fn serve(listener: TcpListener, app: Router) {
    tokio::spawn(axum::serve(listener, app).into_future());
}

#[tokio::test]
async fn an_api_is_served_to_those_whom_logto_lets() {
    let mock = Mock::start().await.unwrap();
    let caller = Caller::seed(&manager(&mock)).await.unwrap();
    let (listener, home) = listen().await;
    serve(listener, protected_api::routes(mock.endpoint(), AUDIENCE).unwrap());
    let http = reqwest::Client::new();
    let ask = async |method: Method, path: &str, token: &str| {
        let request = http.request(method, format!("{home}{path}"));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let response = request.send().await.unwrap();
        let challenge = response.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, challenge.unwrap_or_default(), response.json::<Value>().await.unwrap())
    };
    let (token, own) = (caller.token().await.unwrap(), caller.organization_token().await.unwrap());
    let projects = format!("/organizations/{}/projects", caller.organization);
    let subject = ask(Method::GET, "/orders", &token).await.2["orders_of"].clone();
    assert!(subject.is_string());
    let (status, _, body) = ask(Method::GET, &projects, &own).await;
    assert_eq!((status, &body["for"]), (200, &subject));

    let invalid = r#"Bearer error="invalid_token""#;
    for (method, path, token, status, challenge, code) in [
        (Method::GET, "/orders", "", 401, "Bearer", "missing_token"),
        (Method::GET, "/orders", "opaque", 401, invalid, "invalid_token"),
        (Method::GET, "/orders", &*own, 401, invalid, "invalid_token"),
        (
            Method::POST,
            "/orders",
            &*token,
            403,
            r#"Bearer error="insufficient_scope", scope="write:orders""#,
            "insufficient_scope",
        ),
        (Method::GET, &*projects, &*token, 401, invalid, "invalid_token"),
        (Method::GET, "/organizations/other/projects", &*own, 401, invalid, "invalid_token"),
        (Method::GET, &*projects, "", 401, "Bearer", "missing_token"),
    ] {
        let (found, told, body) = ask(method, path, token).await;
        assert_eq!(
            (found, told.as_str(), &body["code"]),
            (status, challenge, &json!(code)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_webhook_is_verified_taken_once_and_acted_on() {
    let mock = Mock::start().await.unwrap();
    let logto = manager(&mock);
    let (listener, home) = listen().await;
    let url = format!("{home}/webhooks/logto");
    let verifier = webhooks::subscribe(&logto, &url).await.unwrap();
    let (work, mut events) = mpsc::unbounded_channel();
    serve(listener, webhooks::routes(verifier.clone(), work));

    logto.users().create().username("alice").send().await.unwrap();
    let event = events.recv().await.unwrap();
    assert_eq!(webhooks::act(&event), "welcome, alice");

    let body = serde_json::to_string(&event).unwrap();
    let send = async |key: &WebhookVerifier, body: &str| {
        let request = reqwest::Client::new().post(&url).body(body.to_owned());
        let request = request.header(SIGNATURE_HEADER, key.sign(body.as_bytes()));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(&WebhookVerifier::new("forged"), &body).await, 401);
    // The same in other bytes is another delivery; the same bytes are not.
    assert_eq!(send(&verifier, &format!("{body} ")).await, 204);
    assert!(matches!(events.recv().await.unwrap(), Event::UserCreated(_)));
    assert_eq!(send(&verifier, &format!("{body} ")).await, 204);
    let old = body.replace("\"createdAt\":\"20", "\"createdAt\":\"19");
    assert_eq!(send(&verifier, &old).await, 400);
    assert!(events.try_recv().is_err());
}
