//! A service that receives webhooks: it verifies each delivery, accepts it once, responds at once
//! and processes it afterwards.
//!
//! ```sh
//! cargo run --example webhooks --features axum,webhooks
//! ```
//!
//! Without these variables a mock of Logto sends a delivery. For your own server, set
//! `LOGTO_SIGNING_KEY` to the signing key of a webhook whose URL leads to
//! `http://localhost:3000/webhooks/logto`.

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use std::{
    collections::HashMap,
    env,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::post,
};
use logto_api::{
    Client,
    models::HookEvent,
    webhooks::{Delivery, Event, WebhookError, WebhookVerifier},
};
use tokio::{net::TcpListener, sync::mpsc};

/// How long deliveries are stored for replay checks, and how old they may be.
const MAX_AGE: Duration = Duration::from_secs(300);

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Clone)]
struct App {
    verifier: WebhookVerifier,
    work: mpsc::UnboundedSender<Event>,
}

impl FromRef<App> for WebhookVerifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", 3000)).await?;
    let (work, mut events) = mpsc::unbounded_channel();
    if let Ok(key) = env::var("LOGTO_SIGNING_KEY") {
        tokio::spawn(axum::serve(listener, routes(WebhookVerifier::new(key), work)).into_future());
    } else {
        let mock = logto_mock::Mock::start().await?;
        let logto = Client::builder(mock.endpoint());
        let logto = logto.client_credentials(mock.app_id(), mock.app_secret()).build()?;
        let verifier = subscribe(&logto, "http://127.0.0.1:3000/webhooks/logto").await?;
        tokio::spawn(axum::serve(listener, routes(verifier, work)).into_future());
        logto.users().create().username("alice").send().await?;
        if let Some(event) = events.recv().await {
            println!("{}", act(&event));
        }
        return Ok(());
    }
    println!("waiting for deliveries at http://localhost:3000/webhooks/logto");
    while let Some(event) = events.recv().await {
        println!("{}", act(&event));
    }
    Ok(())
}

/// A webhook for the events that this service processes.
pub(crate) async fn subscribe(logto: &Client, url: &str) -> Outcome<WebhookVerifier> {
    let events = [HookEvent::UserCreated, HookEvent::UserDeleted, HookEvent::PostSignIn];
    Ok(logto.hooks().subscribe("example", url, events).await?.verifier())
}

/// Deliveries are put into `work`. A real service puts them into a queue that outlives it.
pub(crate) fn routes(verifier: WebhookVerifier, work: mpsc::UnboundedSender<Event>) -> Router {
    let verifier = once(verifier.max_age(MAX_AGE));
    Router::new().route("/webhooks/logto", post(receive)).with_state(App { verifier, work })
}

/// Accepts each delivery once. Several processes would store seen deliveries in a database.
fn once(verifier: WebhookVerifier) -> WebhookVerifier {
    let seen = Mutex::new(HashMap::new());
    verifier.replay_check(move |event, signature| {
        let now = Instant::now();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        // The time of a delivery may be as far in the future as in the past.
        seen.retain(|_, at| now.duration_since(*at) < 2 * MAX_AGE);
        seen.insert((event.hook_id().map(str::to_owned), signature.to_owned()), now).is_some()
    })
}

async fn receive(
    State(app): State<App>,
    delivery: Result<Delivery, WebhookError>,
) -> Result<StatusCode, WebhookError> {
    match delivery {
        // Logto does not retry: the response is sent as soon as the event is stored.
        Ok(Delivery(event)) => match app.work.send(event) {
            Ok(()) => Ok(StatusCode::NO_CONTENT),
            Err(_) => Ok(StatusCode::SERVICE_UNAVAILABLE),
        },
        Err(WebhookError::Replayed) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error),
    }
}

/// Processes an event.
pub(crate) fn act(event: &Event) -> String {
    match event {
        Event::UserCreated(change) => {
            let user = change.user().and_then(|user| user.username);
            format!("welcome, {}", user.unwrap_or_default())
        }
        Event::UserDeleted(change) => format!("goodbye, {:?}", change.param("userId")),
        Event::PostSignIn(sign_in) => format!("{:?} signed in", sign_in.user_id),
        other => format!("nothing to do about {}", other.event_type()),
    }
}
