//! The head of a request of any framework.

use http::{HeaderMap, Request, Uri, request::Parts};

/// The head of a request that an access token is verified for. It is made from a reference to an
/// [`http::Request`], to [`http::request::Parts`] or, with the feature `actix`, to actix-web's
/// `HttpRequest`.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a (dyn Headers + Sync),
}

/// A header of a request.
pub(super) enum Found<'a> {
    None,
    One(&'a [u8]),
    Many,
}

impl<'a> Found<'a> {
    pub(super) fn only(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(value), None) => Self::One(value),
            (Some(_), Some(_)) => Self::Many,
        }
    }
}

/// The headers of a request.
pub(super) trait Headers {
    /// The header of this name, in lower case.
    fn find(&self, name: &str) -> Found<'_>;
}

impl Headers for HeaderMap {
    fn find(&self, name: &str) -> Found<'_> {
        Found::only(self.get_all(name).iter().map(|value| value.as_bytes()))
    }
}

impl<'a> RequestHead<'a> {
    /// The head of a request of a framework that is built on `http` but has a request type of its
    /// own, such as poem.
    ///
    /// ```
    /// use http::{HeaderMap, Method, Uri};
    /// use logto_api::verify::{AccessTokenClaims, BearerRejection, RequestHead, TokenVerifier};
    ///
    /// async fn caller(
    ///     verifier: &TokenVerifier,
    ///     (method, uri, headers): (&Method, &Uri, &HeaderMap),
    /// ) -> Result<AccessTokenClaims, BearerRejection> {
    ///     let head = RequestHead::new(method, uri, headers);
    ///     verifier.authenticate(head, &["read:orders"]).await
    /// }
    /// ```
    pub fn new(method: &'a http::Method, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self { method: method.as_str(), path: uri.path(), query: uri.query(), headers }
    }

    /// The method, such as `GET`.
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// The path as it was sent, percent-encoded. A prefix that a router strips may be missing.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// What follows `?`, as it was sent.
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// The value of a header. `None` also if it was sent several times, or is not a string.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        match self.find(&name.to_ascii_lowercase()) {
            Found::One(value) => std::str::from_utf8(value).ok(),
            Found::None | Found::Many => None,
        }
    }

    /// Whether a browser asks by this request what the page may send (CORS). It never has a token.
    pub fn is_preflight(&self) -> bool {
        let has = |name| !matches!(self.find(name), Found::None);
        self.method == "OPTIONS" && has("origin") && has("access-control-request-method")
    }

    pub(super) fn find(&self, name: &str) -> Found<'a> {
        self.headers.find(name)
    }
}

impl<'a, B> From<&'a Request<B>> for RequestHead<'a> {
    fn from(request: &'a Request<B>) -> Self {
        Self::new(request.method(), request.uri(), request.headers())
    }
}

impl<'a> From<&'a Parts> for RequestHead<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers)
    }
}
