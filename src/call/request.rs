//! Requests to endpoints that the contract does not know.

use std::{fmt, pin::Pin};

use bytes::Bytes;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Client, Download, Error, Result,
    call::{
        Call,
        options::call_options,
        response::BufferedResponse,
        send::{BodyMode, Execution},
    },
    error::request_id,
    http::operation::{Api, Operation},
};

impl Client {
    /// A request to any path of the server, with the token, the headers and the errors of every
    /// other call: for what the contract does not know.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// use logto_api::Method;
    ///
    /// let response = logto.request(Method::GET, "/api/users").query(&[("page", 2)]).send().await?;
    /// let users: serde_json::Value = response.json()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self, method, path)
    }
}

/// A request to any path, made by [`Client::request`].
///
/// Paths below `/api` belong to the Management API and are sent with its token; those of the
/// Experience API are sent without one, those of the Account API with a user's token. Paths outside
/// `/api` are only sent with a token that is set with [`token`](Self::token).
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    call: Call,
    method: Method,
    path: String,
    builder: RequestBuilder,
    unauthenticated: bool,
}

impl Request {
    pub(crate) fn new(client: &Client, method: Method, path: &str) -> Self {
        let mut call = Call::new(client);
        let builder = match client.target().join(path) {
            Ok(url) => client.http().request(method.clone(), url),
            Err(error) => {
                call.options.problem(error.to_string());
                client.http().request(method.clone(), client.endpoint())
            }
        };
        Self { call, method, path: path.to_owned(), builder, unauthenticated: false }
    }

    /// Adds query parameters: pairs, a map or a struct.
    pub fn query<T: Serialize + ?Sized>(mut self, parameters: &T) -> Self {
        self.builder = self.builder.query(parameters);
        self
    }

    /// Sets the body to this value as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// Sets the body to these fields as a form.
    pub fn form<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        self.builder = self.builder.form(body);
        self
    }

    /// Sets the body to these bytes. Set the header `content-type` as well.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.builder = self.builder.body(body.into());
        self
    }

    /// Sends the request without a token.
    pub fn unauthenticated(mut self) -> Self {
        self.unauthenticated = true;
        self
    }

    /// Sends the request and reads the response. Redirects are returned, not followed.
    ///
    /// # Errors
    ///
    /// When the request cannot be sent, and when the status is neither 2xx nor 3xx.
    pub async fn send(self) -> Result<Response> {
        let (execution, request) = self.encoded(BodyMode::Buffered)?;
        let raw = Box::pin(execution.run(request)).await?;
        Ok(Response(BufferedResponse::new(raw)))
    }

    /// Sends the request and streams the body of the response, for files.
    ///
    /// # Errors
    ///
    /// The same as [`send`](Self::send).
    pub async fn download(self) -> Result<Download> {
        let (execution, request) = self.encoded(BodyMode::Streamed)?;
        let raw = Box::pin(execution.run(request)).await?;
        Ok(Download::new(raw))
    }

    fn encoded(self, body_mode: BodyMode) -> Result<(Execution, reqwest::Request)> {
        let operation = Operation::new("", Api::of_path(&self.path), "");
        let operation = if self.unauthenticated { operation.unauthenticated() } else { operation };
        let execution = self.call.with(operation, body_mode)?;
        let request = self.builder.build().map_err(Error::transport)?;
        Ok((execution, request))
    }
}

call_options!(Request);

impl IntoFuture for Request {
    type Output = Result<Response>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path.split('?').next().unwrap_or_default())
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// The response to a [`Request`], read completely. `Debug` shows only its status and request id.
pub struct Response(BufferedResponse);

impl Response {
    /// The HTTP status: 2xx or 3xx.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The id under which the server logged this request.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.0.headers)
    }

    /// Decodes the body as JSON. An empty body, as of a 204, is decoded like `null`: into `()` or
    /// an `Option`.
    ///
    /// # Errors
    ///
    /// When it is not JSON, or does not match the type; [`Error::json_path`] has the position.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.0.json_or_nothing()
    }

    /// The body as a string.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8.
    pub fn text(&self) -> Result<String> {
        self.0.text()
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.0.body
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.0.status)
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}
