//! A call that is being put together, and how the raw client writes its request.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use progenitor_client::{ByteStream, ClientHooks, OperationInfo, ResponseValue};
use reqwest::Request;

use crate::{
    Client, Error, Result, Upload,
    exchange::{Exchange, Payload, Reading},
    operation::Operation,
    options::Options,
    raw,
};

/// What every method of the raw client returns.
pub(crate) type RawAnswer = Result<ResponseValue<ByteStream>, progenitor_client::Error<ByteStream>>;

/// A call that is being put together. Every request struct has one, in its member `call`.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    pub(crate) options: Options,
    payload: Payload,
    started: Option<(Operation, Outbox)>,
    /// A page tells what it is made of, so that a stream notices one that comes again.
    pub(crate) fingerprint: bool,
}

#[allow(dead_code, reason = "which are used depends on the enabled features")]
impl Call {
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            options: Options::default(),
            payload: Payload::AsWritten,
            started: None,
            fingerprint: false,
        }
    }

    /// Sends no body and no content type.
    pub(crate) fn omit_body(&mut self) {
        self.payload = Payload::Omitted;
    }

    /// Sends a file as the form's field `file`, in place of the body that is handed to the raw
    /// client. To be called after [`start`](Self::start).
    pub(crate) fn multipart(&mut self, upload: Upload) -> Result<reqwest::Body> {
        upload.check().map_err(|error| error.during(self.operation()))?;
        self.payload = Payload::Upload(upload);
        Ok(reqwest::Body::default())
    }

    /// Checks the path parameters, and returns the raw client to write the request with.
    pub(crate) fn start(
        &mut self,
        operation: &Operation,
        path_parameters: &[(&str, &str)],
    ) -> Result<raw::Client> {
        for (name, value) in path_parameters {
            check_path_parameter(name, value).map_err(|error| error.during(operation.id))?;
        }
        let outbox = Outbox::default();
        self.started = Some((*operation, outbox.clone()));
        Ok(raw::Client {
            baseurl: self.client.target().base.clone(),
            client: self.client.http().clone(),
            inner: outbox,
        })
    }

    /// The call with the request that the raw client wrote, ready to be sent.
    pub(crate) fn written(
        self,
        answer: RawAnswer,
        reading: Reading,
    ) -> Result<(Exchange, Request)> {
        // The raw client always stops at the request; without one, it could not write it.
        drop(answer);
        let unwritten = || Error::request("the request cannot be built from the values given");
        let (operation, outbox) = self.started.ok_or_else(unwritten)?;
        let request = outbox.take().ok_or_else(|| unwritten().during(operation.id))?;
        let exchange = Exchange::new(self.client, operation, self.options, self.payload, reading)
            .map_err(|error| error.during(operation.id))?;
        Ok((exchange, request))
    }

    /// The call with a request that was written elsewhere.
    pub(crate) fn with(self, operation: Operation, reading: Reading) -> Result<Exchange> {
        Exchange::new(self.client, operation, self.options, self.payload, reading)
    }

    /// The id of the operation that was started.
    pub(crate) fn operation(&self) -> &'static str {
        self.started.as_ref().map_or("", |(operation, _)| operation.id)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.options.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Call")
            .field("endpoint", &self.client.target().base)
            .field("headers", &names)
            .field("timeout", &self.options.timeout)
            .field("token", &self.options.token.as_ref().map(|_| "[redacted]"))
            .finish()
    }
}

/// An empty parameter, or one that a URL takes for a step in the tree, would turn the request into
/// one for another route.
fn check_path_parameter(name: &str, value: &str) -> Result<()> {
    let problem = match value {
        "" => "is empty",
        "." | ".." => "is `.` or `..`, which no path can hold",
        // The raw client leaves it as it is, and a URL takes it for a slash.
        _ if value.contains('\\') => "has a backslash, which no path can hold",
        _ => return Ok(()),
    };
    Err(Error::request(format!("the parameter `{name}` {problem}")))
}

/// Where the raw client puts the request that it wrote. It is that client's inner type.
#[derive(Clone, Default)]
pub(crate) struct Outbox(Arc<Mutex<Option<Request>>>);

impl Outbox {
    fn put(&self, request: Request) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
    }

    fn take(&self) -> Option<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}

impl ClientHooks<Outbox> for raw::Client {
    /// The raw client writes a request; sending it is the runtime's, which must be able to tell
    /// more of what went wrong than this hook's errors can.
    async fn pre<E>(
        &self,
        request: &mut Request,
        _: &OperationInfo,
    ) -> Result<(), progenitor_client::Error<E>> {
        let blank = Request::new(request.method().clone(), request.url().clone());
        self.inner.put(std::mem::replace(request, blank));
        Err(progenitor_client::Error::Custom(String::new()))
    }
}
