//! What carries requests to the server: reqwest, an HTTP client of the caller's own, or any service
//! that responds to requests.

mod custom;
mod http;
mod pools;
mod service;

use std::{any::Any, pin::Pin, sync::Arc, time::Duration};

use reqwest::{Request, Response, Url};

pub(crate) use self::http::HttpSettings;
use self::{custom::CustomClient, pools::Pools, service::Service};
use crate::{
    Error, Result,
    error::{SendFailure, TimeLimit},
};

/// How the requests of a client are sent. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Transport {
    backend: Backend,
    /// Writes requests, whoever sends them.
    writer: reqwest::Client,
}

#[derive(Clone)]
enum Backend {
    Pools(Arc<Pools>),
    Custom(CustomClient),
    Service(Arc<Service>),
}

impl Transport {
    /// reqwest, with connections that stay on the runtime that they were made on.
    pub(crate) fn reqwest(settings: HttpSettings) -> Result<Self> {
        let writer = settings.client()?;
        let pools = Pools::new(settings, writer.clone());
        Ok(Self { backend: Backend::Pools(Arc::new(pools)), writer })
    }

    /// An HTTP client of the caller's.
    pub(crate) fn custom(client: reqwest::Client) -> Self {
        Self { writer: client.clone(), backend: Backend::Custom(CustomClient::new(client)) }
    }

    /// A service of the caller's. Of an HTTP client that is one, more is known.
    pub(crate) fn service<S>(service: S) -> Result<Self>
    where
        S: tower_service::Service<Request, Response = Response> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send,
    {
        if let Some(client) = (&service as &dyn Any).downcast_ref::<reqwest::Client>() {
            return Ok(Self::custom(client.clone()));
        }
        let writer = HttpSettings::default().client()?;
        Ok(Self { backend: Backend::Service(Arc::new(Service::new(service))), writer })
    }

    /// What requests are written with. It sends none.
    pub(crate) fn writer(&self) -> &reqwest::Client {
        &self.writer
    }

    /// Sends a request, and gives the head of its response.
    ///
    /// Only reqwest goes by the request's time limit: for others there is [`in_time`](Self::in_time).
    pub(crate) async fn send(&self, request: Request) -> Result<Response, SendFailure> {
        match &self.backend {
            Backend::Pools(pools) => pools.send(request).await,
            Backend::Custom(client) => client.send(request).await.map_err(SendFailure::Http),
            Backend::Service(service) => service.send(request).await,
        }
    }

    /// Does the work of an attempt within its time.
    pub(crate) async fn in_time<T, E>(
        &self,
        limit: Option<Duration>,
        work: Pin<&mut impl Future<Output = Result<T, E>>>,
        late: impl FnOnce() -> E,
    ) -> Result<T, E> {
        match limit.filter(|_| self.is_service()) {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late())),
        }
    }

    /// Whether the time that a body takes is for the caller to watch.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self.backend, Backend::Service(_))
    }

    /// The URL that a request is for, where its response may not tell it.
    pub(crate) fn requested_url(&self, request: &Request) -> Option<Url> {
        self.is_service().then(|| request.url().clone())
    }

    /// Whether a request with headers of the caller's own may be sent: reqwest would hand them to
    /// whatever server it is redirected to.
    pub(crate) fn check_own_headers(&self) -> Result<()> {
        match &self.backend {
            Backend::Custom(client) if client.may_follow_redirects() => Err(Error::request(
                "the HTTP client may follow redirects, and would send the headers of this call to \
                 another server: build it with `redirect(redirect::Policy::none())`",
            )),
            _ => Ok(()),
        }
    }

    /// How long a connection may take to be made, where that is known.
    pub(crate) fn connect_limit(&self) -> Option<TimeLimit> {
        match &self.backend {
            Backend::Pools(pools) => {
                Some(TimeLimit { option: "connect_timeout", time: pools.connect_timeout() })
            }
            Backend::Custom(_) | Backend::Service(_) => None,
        }
    }

    /// Whether it goes by the proxies that the environment names.
    pub(crate) fn uses_system_proxies(&self) -> bool {
        match &self.backend {
            Backend::Pools(pools) => pools.use_system_proxies(),
            Backend::Custom(_) | Backend::Service(_) => false,
        }
    }
}

/// The URL that a response is from.
pub(crate) fn origin_of<'a>(response: &'a Response, asked: Option<&'a Url>) -> &'a Url {
    /// What reqwest says of a response that was put together without one.
    const NO_URL: &str = "http://no.url.provided.local/";

    match asked {
        Some(asked) if response.url().as_str() == NO_URL => asked,
        _ => response.url(),
    }
}
