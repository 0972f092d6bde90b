//! Calls of operations, from the request that a group writes to the value that is handed over.
//!
//! Uses `client` and what is below it; the generated groups, `drift`, `oidc` and `sign_in` use it.

pub(crate) mod browser;
pub(crate) mod download;
mod history;
pub(crate) mod options;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod response_future;
mod send;

use std::fmt;

use reqwest::Request;
use serde_json::{Map, Value};

use crate::{
    Client, Error, Result, Upload,
    call::{
        options::Options,
        send::{BodyMode, Execution, Payload},
    },
    http::operation::Operation,
    setters::{IntoNullableObject, IntoObject, NotAnObject},
};

/// A request, which is not sent yet.
pub(crate) type EncodedRequest = Result<Request>;

/// A call that is being built. Every request struct has one, in its field `call`.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    pub(crate) options: Options,
    payload: Payload,
    operation: Option<Operation>,
    pub(crate) paging: Paging,
}

/// What is asked for of a list in pages.
#[derive(Clone, Copy, Default)]
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct Paging {
    pub(crate) page: Option<i64>,
    pub(crate) page_size: Option<i64>,
    /// A page tells what it is made of, so that a stream notices one that comes again.
    pub(crate) fingerprint: bool,
}

#[allow(dead_code, reason = "which are used depends on the enabled features")]
impl Call {
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            options: Options::default(),
            payload: Payload::AsEncoded,
            operation: None,
            paging: Paging::default(),
        }
    }

    /// The body for the raw client. Where there is none, no body and no content type are sent.
    pub(crate) fn take_body<T: Default>(&mut self, body: &mut Option<T>) -> T {
        body.take().unwrap_or_else(|| {
            self.payload = Payload::Omitted;
            T::default()
        })
    }

    /// Sends a file as the form's field `file`, in place of the body that is handed to the raw
    /// client. To be called after [`start`](Self::start).
    pub(crate) fn multipart(&mut self, upload: &Upload) -> Result<reqwest::Body> {
        upload.check().map_err(|error| error.with_operation(self.operation()))?;
        self.payload = Payload::Upload(upload.clone());
        Ok(reqwest::Body::default())
    }

    /// Asks for this page.
    pub(crate) fn page(&mut self, page: Option<i64>, page_size: Option<i64>) {
        self.paging = Paging { page, page_size, ..self.paging };
    }

    /// The object that an argument or setter of this name is given. Anything else is reported when
    /// the request is sent.
    pub(crate) fn object<Kind>(
        &mut self,
        name: &str,
        value: impl IntoObject<Kind>,
    ) -> Map<String, Value> {
        self.checked(name, value.into_object())
    }

    /// The same where null is one.
    pub(crate) fn nullable_object<Kind>(
        &mut self,
        name: &str,
        value: impl IntoNullableObject<Kind>,
    ) -> Option<Map<String, Value>> {
        self.checked(name, value.into_nullable())
    }

    fn checked<T: Default>(&mut self, name: &str, value: Result<T, NotAnObject>) -> T {
        value.unwrap_or_else(|problem| {
            self.options.problem(format!("`{name}`: {problem}"));
            T::default()
        })
    }

    /// Checks the path parameters, and returns the raw client to write the request with.
    #[cfg(feature = "operations")]
    pub(crate) fn start(
        &mut self,
        operation: &Operation,
        path_parameters: &[(&str, &str)],
    ) -> Result<crate::raw::Client> {
        self.operation = Some(*operation);
        for (name, value) in path_parameters {
            check_path_parameter(name, value)?;
        }
        Ok(crate::raw::Client {
            baseurl: self.client.target().base.clone(),
            client: self.client.http().clone(),
        })
    }

    /// The call that is to be made with the request, and that request.
    pub(crate) fn ready(
        self,
        encoded: EncodedRequest,
        body_mode: BodyMode,
    ) -> Result<(Execution, Request)> {
        let id = self.operation();
        let request = encoded.map_err(|error| error.with_operation(id))?;
        let operation = self.operation.ok_or_else(invalid)?;
        let execution =
            Execution::new(self.client, operation, self.options, self.payload, body_mode)
                .map_err(|error| error.with_operation(id))?;
        Ok((execution, request))
    }

    /// The call of an operation that the contract does not know.
    pub(crate) fn with(self, operation: Operation, body_mode: BodyMode) -> Result<Execution> {
        Execution::new(self.client, operation, self.options, self.payload, body_mode)
    }

    /// The id of the operation that was started.
    pub(crate) fn operation(&self) -> &'static str {
        self.operation.as_ref().map_or("", |operation| operation.id)
    }
}

/// What the raw client returns, as an error of this crate's where it has none to send.
#[cfg(feature = "operations")]
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) fn encoded<E>(request: Result<Request, E>) -> EncodedRequest {
    request.map_err(|_| invalid())
}

fn invalid() -> Error {
    Error::request("the request cannot be built from these values")
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
        "." | ".." => "is `.` or `..`, which a path cannot contain",
        // The raw client leaves it as it is, and a URL takes it for a slash.
        _ if value.contains('\\') => "has a backslash, which a path cannot contain",
        _ => return Ok(()),
    };
    Err(Error::request(format!("the parameter `{name}` {problem}")))
}

/// Gives a request struct, which has a [`Call`] in `call`, what writes and sends it: the operation,
/// its path parameters with their fields, and the call of the raw client.
///
/// ```ignore
/// sends! { Get -> crate::models::Role as Json;
///     Management("GetRole", "/api/roles/{id}")
///     ["id" = id] |request, raw| raw.get_role(&request.id)
/// }
/// ```
///
/// All of that is `#[inline]`: what a program does not call is compiled for no program, neither the
/// readers and writers of its models.
#[allow(unused_macros, reason = "depends on the enabled features")]
macro_rules! sends {
    (
        $name:ident -> $response:ty as $reader:ident;
        $api:ident($id:literal, $path:literal)$(.$option:ident($($value:tt)*))*
        [$($parameter:literal = $field:ident),*]
        |$request:ident, $raw:ident| $written:expr
    ) => {
        impl $name {
            #[inline]
            fn write(&mut self) -> $crate::call::EncodedRequest {
                const OPERATION: $crate::http::operation::Operation =
                    $crate::http::operation::Operation::new(
                        $id,
                        $crate::http::operation::Api::$api,
                        $path,
                    )$(.$option($($value)*))*;
                let $request = self;
                let parameters: &[(&str, &str)] = &[$(($parameter, $request.$field.as_str())),*];
                let $raw = $request.call.start(&OPERATION, parameters)?;
                $crate::call::encoded($written)
            }

            /// Sends the request; an [`Error`](crate::Error) says why it failed.
            #[inline]
            pub fn send(mut self) -> $crate::ResponseFuture<$response> {
                let encoded = self.write();
                $crate::ResponseFuture::new::<$crate::call::response::$reader>(self.call, encoded)
            }

            /// Sends the request, and returns the status and the headers together with the value.
            #[inline]
            pub fn send_with_response(
                mut self,
            ) -> $crate::ResponseFuture<$crate::WithResponse<$response>> {
                let encoded = self.write();
                $crate::ResponseFuture::with_response::<$crate::call::response::$reader>(
                    self.call, encoded,
                )
            }
        }

        impl ::std::future::IntoFuture for $name {
            type Output = $crate::Result<$response>;
            type IntoFuture = $crate::ResponseFuture<$response>;

            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                self.send()
            }
        }
    };
}
#[allow(unused_imports, reason = "depends on the enabled features")]
pub(crate) use sends;
