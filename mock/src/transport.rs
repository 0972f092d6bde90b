//! Requests that come by no port.

use std::{
    convert::Infallible,
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{self, HeaderValue, Uri, header::HOST},
};
use logto_api::reqwest::{Body, Request, Response};
use tower_service::Service;

use crate::{routes::faults::Broken, server, state::Store};

/// Answers requests of a client in the same process: [`Mock::transport`](crate::Mock::transport).
///
/// Clones answer with the same state. It outlives the [`Mock`](crate::Mock) that it is of.
#[derive(Clone)]
pub struct Transport {
    routes: Router,
    store: Store,
}

impl Transport {
    pub(crate) fn new(store: Store) -> Self {
        Self { routes: server::routes(store.clone()), store }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}

impl Service<Request> for Transport {
    type Response = Response;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { mut routes, store } = self.clone();
        Box::pin(async move {
            if store.lock().faults.refuses {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let broken = Broken::default();
            let mut request = http::Request::<Body>::try_from(request).map_err(io::Error::other)?;
            as_received(&mut request)?;
            request.extensions_mut().insert(ConnectInfo(broken.clone()));
            let response =
                routes.call(request).await.unwrap_or_else(|never: Infallible| match never {});
            if broken.is_set() {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let (head, body) = response.into_parts();
            let body = Body::wrap_stream(body.into_data_stream());
            Ok(http::Response::from_parts(head, body).into())
        })
    }
}

/// Gives a request the form that a server reads it in: a path, and the host in a header.
fn as_received(request: &mut http::Request<Body>) -> io::Result<()> {
    let uri = request.uri();
    let host = uri.authority().map(|own| HeaderValue::from_str(own.as_str()));
    let path: Uri =
        uri.path_and_query().map_or("/", |own| own.as_str()).parse().map_err(io::Error::other)?;
    if let Some(Ok(host)) = host {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    *request.uri_mut() = path;
    Ok(())
}
