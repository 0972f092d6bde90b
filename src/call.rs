//! A call that is being put together.

use std::fmt;

use reqwest::Request;

use crate::{
    Client, Error, Result, Upload,
    exchange::{Exchange, Payload, Reading},
    operation::Operation,
    options::Options,
};

/// What every function of the raw client returns: a request, which is not sent yet.
#[cfg(feature = "operations")]
pub(crate) type Written = Result<Request, progenitor_client::Error>;
/// Without operations there is none.
#[cfg(not(feature = "operations"))]
pub(crate) type Written = Result<Request, std::convert::Infallible>;

/// A call that is being put together. Every request struct has one, in its member `call`.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    pub(crate) options: Options,
    payload: Payload,
    operation: Option<Operation>,
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
            operation: None,
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
    #[cfg(feature = "operations")]
    pub(crate) fn start(
        &mut self,
        operation: &Operation,
        path_parameters: &[(&str, &str)],
    ) -> Result<crate::raw::Client> {
        for (name, value) in path_parameters {
            check_path_parameter(name, value).map_err(|error| error.during(operation.id))?;
        }
        self.operation = Some(*operation);
        Ok(crate::raw::Client {
            baseurl: self.client.target().base.clone(),
            client: self.client.http().clone(),
        })
    }

    /// The call that is to be made with the request, and that request.
    pub(crate) fn ready(self, written: Written, reading: Reading) -> Result<(Exchange, Request)> {
        let id = self.operation();
        let unwritten = || Error::request("the request cannot be built from the values given");
        let (Some(operation), Ok(request)) = (self.operation, written) else {
            return Err(unwritten().during(id));
        };
        let exchange = Exchange::new(self.client, operation, self.options, self.payload, reading)
            .map_err(|error| error.during(id))?;
        Ok((exchange, request))
    }

    /// The call of an operation that the contract does not know.
    pub(crate) fn with(self, operation: Operation, reading: Reading) -> Result<Exchange> {
        Exchange::new(self.client, operation, self.options, self.payload, reading)
    }

    /// The id of the operation that was started.
    pub(crate) fn operation(&self) -> &'static str {
        self.operation.as_ref().map_or("", |operation| operation.id)
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
#[cfg(feature = "operations")]
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
