//! Access tokens for services of tower.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response, header::CONTENT_TYPE};
use tower_layer::Layer;
use tower_service::Service;

use super::{BearerRejection, RequestHead, TokenVerifier};

/// A layer that passes only requests with a valid access token, for any [`tower_service::Service`]
/// of [`http::Request`]s: axum, tonic, hyper. Middleware of poem takes requests of another type: see
/// [`RequestHead::new`].
///
/// The claims are an extension of the request: `Extension<AccessTokenClaims>` in axum,
/// `request.extensions().get::<AccessTokenClaims>()` elsewhere.
///
/// CORS preflight requests pass without a token, since browsers send none with them: `OPTIONS` with
/// `Origin` and `Access-Control-Request-Method`. Anybody can send them. A service that ignores the
/// method, such as a proxy or a handler for any method, would execute them like any other: use
/// [`verify_preflight`](Self::verify_preflight) for it.
///
/// ```
/// use axum::{Extension, Router, routing::get};
/// use logto_api::verify::{AccessTokenClaims, BearerLayer, TokenVerifier};
///
/// async fn orders(Extension(claims): Extension<AccessTokenClaims>) -> String {
///     format!("orders of {}", claims.subject())
/// }
///
/// fn app(verifier: TokenVerifier) -> Router {
///     let layer = BearerLayer::new(verifier).scopes(["read:orders"]);
///     Router::new().route("/orders", get(orders)).layer(layer)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BearerLayer<R = JsonRejections> {
    verifier: TokenVerifier,
    scopes: Arc<[String]>,
    respond: R,
    passes_preflight: bool,
}

impl BearerLayer {
    /// A layer that passes requests with tokens that this verifier accepts.
    pub fn new(verifier: TokenVerifier) -> Self {
        Self { verifier, scopes: Arc::default(), respond: JsonRejections, passes_preflight: true }
    }
}

impl<R> BearerLayer<R> {
    /// Requires all of these scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Responds to rejected requests by this function, `|rejection: BearerRejection| ->
    /// Response<_>`, instead of a small JSON body; [`BearerRejection::response`] helps.
    pub fn on_rejection<F>(self, respond: F) -> BearerLayer<F> {
        let Self { verifier, scopes, passes_preflight, .. } = self;
        BearerLayer { verifier, scopes, respond, passes_preflight }
    }

    /// Also requires a token of CORS preflight requests. Browsers send none with them: add a CORS layer
    /// around this one that responds to them.
    #[must_use]
    pub fn verify_preflight(mut self) -> Self {
        self.passes_preflight = false;
        self
    }

    /// Responds to rejected requests as gRPC does, with a status in the headers: for tonic. Preflight
    /// requests do not pass, as tonic calls a method whatever the HTTP method is.
    pub fn grpc(self) -> BearerLayer<GrpcRejections> {
        self.verify_preflight().on_rejection(GrpcRejections)
    }
}

/// Makes the responses to rejected requests, with a body of type `B`. A function that takes a
/// [`BearerRejection`] does.
pub trait RejectWith<B> {
    /// The response.
    fn reject(&self, rejection: BearerRejection) -> Response<B>;
}

impl<B, F: Fn(BearerRejection) -> Response<B>> RejectWith<B> for F {
    fn reject(&self, rejection: BearerRejection) -> Response<B> {
        self(rejection)
    }
}

/// Responses by RFC 6750 with a small JSON body.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct JsonRejections;

impl<B: From<String>> RejectWith<B> for JsonRejections {
    fn reject(&self, rejection: BearerRejection) -> Response<B> {
        rejection.response(rejection.body())
    }
}

/// gRPC responses: status 200, with the error in `grpc-status` and `grpc-message`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GrpcRejections;

impl<B: Default> RejectWith<B> for GrpcRejections {
    fn reject(&self, rejection: BearerRejection) -> Response<B> {
        let status = match rejection {
            BearerRejection::InvalidRequest => "3",
            BearerRejection::InsufficientScope(_) => "7",
            BearerRejection::Unavailable => "14",
            BearerRejection::MissingToken | BearerRejection::InvalidToken => "16",
        };
        let mut response = Response::new(B::default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from_static(status));
        headers.insert("grpc-message", HeaderValue::from_static(rejection.code()));
        response
    }
}

impl<S, R: Clone> Layer<S> for BearerLayer<R> {
    type Service = BearerService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        BearerService { inner, layer: self.clone() }
    }
}

/// The service that a [`BearerLayer`] makes.
#[derive(Clone, Debug)]
pub struct BearerService<S, R = JsonRejections> {
    inner: S,
    layer: BearerLayer<R>,
}

impl<S, R, B, Out> Service<Request<B>> for BearerService<S, R>
where
    S: Service<Request<B>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    R: RejectWith<Out> + Clone + Send + Sync + 'static,
    B: Send + 'static,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that is ready is called, not its clone.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let layer = self.layer.clone();
        Box::pin(async move {
            let head = RequestHead::from(&request);
            if !(layer.passes_preflight && head.is_preflight()) {
                match layer.verifier.authenticate(head, &layer.scopes).await {
                    Ok(claims) => drop(request.extensions_mut().insert(claims)),
                    Err(rejection) => return Ok(layer.respond.reject(rejection)),
                }
            }
            inner.call(request).await
        })
    }
}
