//! A transport other than the HTTP client: a server in the same process, without a port, behind a
//! limit and a recorder of requests.
//!
//! ```sh
//! cargo run --example transport
//! ```
//!
//! Any `tower::Service` of requests works. With the HTTP client at its end, the same layers limit
//! and record the requests to a real server.

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Json, Router, extract::Path, http, routing};
use logto_api::{
    Client, Method, Result,
    reqwest::{Body, Request, Response},
};
use serde_json::{Value, json};
use tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};

type BoxError = Box<dyn Error + Send + Sync>;

/// The recorded requests, one per line.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

#[tokio::main]
async fn main() -> std::result::Result<(), BoxError> {
    let log = Log::default();
    let user = user(&client(&log)?, "alice").await?;
    println!("got {user}");
    for line in log.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("sent: {line}");
    }
    Ok(())
}

/// A client whose requests never leave the process.
pub(crate) fn client(log: &Log) -> Result<Client> {
    let log = log.clone();
    let transport = ServiceBuilder::new()
        .concurrency_limit(10)
        .map_request(move |request: Request| {
            let line = format!("{} {}", request.method(), request.url().path());
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            request
        })
        .service(in_process(routes()));
    Client::builder("http://localhost")
        .client_credentials("app", "secret")
        .transport(transport)
        .build()
}

pub(crate) async fn user(logto: &Client, id: &str) -> Result<Value> {
    logto.request(Method::GET, &format!("/api/users/{id}")).send().await?.json()
}

/// The part of Logto that this example needs.
fn routes() -> Router {
    let token = async || Json(json!({"access_token": "token", "expires_in": 3600}));
    let user = async |Path(id): Path<String>| Json(json!({ "id": id }));
    Router::new()
        .route("/oidc/token", routing::post(token))
        .route("/api/users/{id}", routing::get(user))
}

/// A service that responds by these routes.
pub(crate) fn in_process(
    routes: Router,
) -> impl Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send + 'static
{
    service_fn(move |request: Request| {
        let routes = routes.clone();
        async move {
            let request = http::Request::<Body>::try_from(request)?;
            let (head, body) = routes.oneshot(request).await?.into_parts();
            let body = Body::wrap_stream(body.into_data_stream());
            Ok::<_, BoxError>(Response::from(http::Response::from_parts(head, body)))
        }
    })
}
