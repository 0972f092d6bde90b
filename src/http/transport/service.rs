//! A caller's service that responds to requests.

use std::{
    error::Error as StdError,
    future::poll_fn,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use reqwest::{Request, Response};

use crate::error::{SendFailure, connection::server_name};

type Failure = Box<dyn StdError + Send + Sync>;
type Sending = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send>>;

pub(super) struct Service(Box<dyn Fn(Request) -> Sending + Send + Sync>);

impl Service {
    pub(super) fn new<S>(service: S) -> Self
    where
        S: tower_service::Service<Request, Response = Response> + Clone + Send + 'static,
        S::Error: Into<Failure>,
        S::Future: Send,
    {
        let service = Mutex::new(service);
        Self(Box::new(move |request| {
            let mut service = service.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Box::pin(async move {
                poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
                service.call(request).await.map_err(Into::into)
            })
        }))
    }

    pub(super) async fn send(&self, request: Request) -> Result<Response, SendFailure> {
        let url = request.url().clone();
        let failed = |error| SendFailure::of_service(error, server_name(Some(&url)));
        self.0(request).await.map_err(failed)
    }
}
