//! One call, from its options to its outcome: prepare, attempt, judge.
//!
//! Every request of this crate but the one for a token passes through [`Exchange::run`], whether
//! it comes from generated code or from [`Client::request`].

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use progenitor_client::{ByteStream, ClientHooks, OperationInfo, ResponseValue};
use reqwest::{
    Request, Response, StatusCode,
    header::{
        ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap,
        HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING, USER_AGENT,
    },
};

use crate::{
    Client, Error, Result, Upload,
    auth::{Bearer, CallToken},
    raw,
};

/// What every method of the raw client returns: an answer that is 2xx, or whatever else came.
pub(crate) type RawAnswer = Result<ResponseValue<ByteStream>, progenitor_client::Error<ByteStream>>;

const ACCEPTED: HeaderValue =
    HeaderValue::from_static("application/json, text/plain;q=0.9, */*;q=0.8");

/// What the runtime must know of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// The operationId of the contract; empty for a raw request.
    pub(crate) id: &'static str,
    pub(crate) api: Api,
    /// The path template of the contract; empty for a raw request.
    #[allow(dead_code)]
    pub(crate) path: &'static str,
    /// It takes no token.
    pub(crate) public: bool,
    #[allow(dead_code)]
    pub(crate) repeat: Repeat,
}

/// Whether a request may be repeated after a failure that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "which are used depends on the enabled features")]
pub(crate) enum Repeat {
    /// Its HTTP method says: GET, PUT and DELETE may, POST and PATCH only if nothing was done.
    ByMethod,
    /// It may, whatever its method.
    Always,
    /// It is sent once: it uses up what it is sent, such as a code.
    Never,
}

#[allow(dead_code, reason = "which are used depends on the enabled features")]
impl Operation {
    pub(crate) const fn new(id: &'static str, api: Api, path: &'static str) -> Self {
        Self { id, api, path, public: false, repeat: Repeat::ByMethod }
    }

    /// It takes no token.
    pub(crate) const fn public(mut self) -> Self {
        self.public = true;
        self
    }

    /// It may be repeated in other cases than its method tells.
    pub(crate) const fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }
}

/// Which of Logto's APIs an operation belongs to: they take different credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "which are used depends on the enabled features")]
pub(crate) enum Api {
    Management,
    Experience,
    Account,
    /// A path outside the three, reached by a raw request.
    Other,
}

impl Api {
    /// The API that a path belongs to.
    pub(crate) fn of_path(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let below = |root: &str| {
            path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if below("/api/experience") {
            Self::Experience
        } else if below("/api/my-account") || below("/api/verifications") {
            Self::Account
        } else if below("/api") {
            Self::Management
        } else {
            Self::Other
        }
    }
}

/// What the caller set for this call alone.
#[derive(Clone, Default)]
struct Options {
    headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Option<Duration>,
    token: Option<String>,
    /// The first option that cannot be used; reported when the request is sent.
    problem: Option<String>,
}

/// What happens to the body that progenitor wrote.
#[derive(Clone, Default)]
enum Body {
    #[default]
    AsWritten,
    Omitted,
    Multipart {
        content_type: HeaderValue,
        length: Option<HeaderValue>,
    },
}

/// A call that is being put together. Every request struct has one, in its member `call`.
#[derive(Clone)]
pub(crate) struct Call {
    client: Client,
    options: Options,
    body: Body,
    exchange: Option<Arc<Exchange>>,
}

impl Call {
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            options: Options::default(),
            body: Body::AsWritten,
            exchange: None,
        }
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match checked_header(name, value) {
            Ok(header) => self.options.headers.push(header),
            Err(problem) => self.problem(problem),
        }
    }

    pub(crate) fn timeout(&mut self, timeout: Duration) {
        self.options.timeout = Some(timeout);
    }

    pub(crate) fn token(&mut self, token: String) {
        self.options.token = Some(token);
    }

    /// Keeps the first thing that is wrong with the call, to report it when it is sent.
    pub(crate) fn problem(&mut self, problem: String) {
        self.options.problem.get_or_insert(problem);
    }

    /// Sends no body and no content type. To be called before [`start`](Self::start).
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) fn omit_body(&mut self) {
        self.body = Body::Omitted;
    }

    /// Turns an upload into the body to hand to the raw client, as the form's field `file`. To be
    /// called before [`start`](Self::start).
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) fn multipart(&mut self, upload: Upload) -> Result<reqwest::Body> {
        let form = reqwest::multipart::Form::new().part("file", upload.into_part()?);
        // Only a request builder knows the length of a form.
        let mut request = self
            .client
            .http()
            .post(&self.client.target().base)
            .multipart(form)
            .build()
            .map_err(Error::transport)?;
        let header = |name| request.headers().get(name).cloned();
        let (Some(content_type), length) = (header(CONTENT_TYPE), header(CONTENT_LENGTH)) else {
            return Err(Error::request("the upload cannot be made into a form"));
        };
        self.body = Body::Multipart { content_type, length };
        Ok(request.body_mut().take().unwrap_or_default())
    }

    /// Checks the path parameters, gets a token if the operation needs one, and returns the raw
    /// client to make the call with.
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) async fn start(
        &mut self,
        operation: &Operation,
        path_parameters: &[(&str, &str)],
    ) -> Result<raw::Client> {
        let exchange = self.prepare(operation, path_parameters).await?;
        Ok(raw::Client {
            baseurl: self.client.target().base.clone(),
            client: self.client.http().clone(),
            inner: Attempt(exchange),
        })
    }

    /// Everything that can go wrong before a request is sent goes wrong here.
    pub(crate) async fn prepare(
        &mut self,
        operation: &Operation,
        path_parameters: &[(&str, &str)],
    ) -> Result<Arc<Exchange>> {
        let failed = |error: Error| error.during(operation.id);
        for (name, value) in path_parameters {
            check_path_parameter(name, value).map_err(failed)?;
        }
        if let Some(problem) = self.options.problem.take() {
            return Err(failed(Error::request(problem)));
        }
        let token = match &self.options.token {
            Some(token) => {
                Bearer::new(token).map(|bearer| Some(CallToken { bearer, cached: false }))
            }
            None => {
                let credentials = self.client.credentials();
                credentials.token(operation, self.client.http()).await
            }
        };
        let exchange = Arc::new(Exchange {
            client: self.client.clone(),
            operation: *operation,
            options: std::mem::take(&mut self.options),
            body: std::mem::take(&mut self.body),
            token: token.map_err(failed)?,
            failure: Mutex::new(None),
        });
        self.exchange = Some(exchange.clone());
        Ok(exchange)
    }

    /// The operation that was started.
    pub(crate) fn operation(&self) -> &'static str {
        self.exchange.as_ref().map_or("", |exchange| exchange.operation.id)
    }

    /// What went wrong inside the raw client that its own error type cannot say.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.exchange.as_ref()?.failure()
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

fn checked_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name = HeaderName::try_from(name)
        .map_err(|_| "a header's name has characters that no header name has".to_owned())?;
    if name == AUTHORIZATION {
        return Err("the header `authorization` is the client's: use `token(…)`".to_owned());
    }
    if [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
        return Err(format!("the header `{name}` is the HTTP client's: leave it out"));
    }
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| format!("the value of the header `{name}` has a line break or the like"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// A call that is under way: all that an attempt at it needs.
pub(crate) struct Exchange {
    client: Client,
    operation: Operation,
    options: Options,
    body: Body,
    token: Option<CallToken>,
    failure: Mutex<Option<Error>>,
}

impl Exchange {
    /// Sends a request, and sends it once more if its token turns out to be no longer good.
    pub(crate) async fn run(&self, request: Request) -> reqwest::Result<Response> {
        let refreshable = self.token.as_ref().filter(|token| token.cached);
        let spare = refreshable.and_then(|_| request.try_clone());
        let bearer = self.token.as_ref().map(|token| &token.bearer);
        let response = self.attempt(request, bearer).await?;
        let (StatusCode::UNAUTHORIZED, Some(token)) = (response.status(), refreshable) else {
            return Ok(response);
        };
        let credentials = self.client.credentials();
        credentials.discard(&token.bearer);
        let Some(spare) = spare else {
            return Ok(response);
        };
        match credentials.token(&self.operation, self.client.http()).await {
            Ok(token) => {
                let bearer = token.as_ref().map(|token| &token.bearer);
                self.attempt(spare, bearer).await
            }
            Err(failure) => {
                self.fail(failure);
                Ok(response)
            }
        }
    }

    async fn attempt(
        &self,
        mut request: Request,
        bearer: Option<&Bearer>,
    ) -> reqwest::Result<Response> {
        self.dress(&mut request, bearer);
        self.client.http().execute(request).await
    }

    /// Gives a request its headers, its time limit and, where it differs, its body.
    fn dress(&self, request: &mut Request, bearer: Option<&Bearer>) {
        let timeout = self.options.timeout.unwrap_or(self.client.default_timeout());
        *request.timeout_mut() = Some(timeout);
        if matches!(self.body, Body::Omitted) {
            *request.body_mut() = None;
        }
        let headers = request.headers_mut();
        headers.remove("api-version");
        headers.insert(ACCEPT, ACCEPTED);
        headers.insert(USER_AGENT, self.client.user_agent().clone());
        if matches!(self.operation.api, Api::Experience | Api::Account) {
            headers.insert(ORIGIN, self.client.target().origin.clone());
        }
        if let Some(bearer) = bearer {
            headers.insert(AUTHORIZATION, bearer.0.clone());
        }
        self.dress_body(headers);
        for (name, value) in &self.options.headers {
            headers.insert(name, value.clone());
        }
    }

    fn dress_body(&self, headers: &mut HeaderMap) {
        match &self.body {
            Body::AsWritten => {}
            Body::Omitted => {
                headers.remove(CONTENT_TYPE);
            }
            Body::Multipart { content_type, length } => {
                headers.insert(CONTENT_TYPE, content_type.clone());
                if let Some(length) = length {
                    headers.insert(CONTENT_LENGTH, length.clone());
                }
            }
        }
    }

    fn fail(&self, error: Error) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The inner type of the raw client: the call that it makes.
#[derive(Clone)]
pub(crate) struct Attempt(Arc<Exchange>);

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attempt").field(&self.0.operation.id).finish()
    }
}

impl ClientHooks<Attempt> for raw::Client {
    async fn exec(&self, request: Request, _: &OperationInfo) -> reqwest::Result<Response> {
        self.inner.0.run(request).await
    }
}

#[allow(unused_macros, reason = "depends on the enabled features")]
/// Gives request structs, which hold a [`Call`] in `call`, the options of a single call.
macro_rules! call_options {
    ($($request:ident),+ $(,)?) => { $(
        impl $request {
            /// Sends this header along. A line break in it, or a header that is the client's own,
            /// is an error of `send`.
            pub fn header(mut self, name: &str, value: &str) -> Self {
                self.call.header(name, value);
                self
            }

            /// How long this call may take, in place of the client's own limit.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.call.timeout(timeout);
                self
            }

            /// Makes this call with another bearer token than the client's.
            pub fn token(mut self, token: impl Into<String>) -> Self {
                self.call.token(token.into());
                self
            }
        }
    )+ };
}
#[allow(unused_imports, reason = "depends on the enabled features")]
pub(crate) use call_options;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::{self, JoinHandle},
    };

    use futures_util::stream;

    use super::*;

    const UPLOAD: Operation = Operation::new("Upload", Api::Experience, "/x");

    /// A server for one request: it answers, and gives what it got.
    fn server() -> (Client, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let got = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut got = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&got) {
                let read = stream.read(&mut buffer).unwrap();
                assert_ne!(read, 0);
                got.extend_from_slice(&buffer[..read]);
            }
            let answer = "HTTP/1.1 201 X\r\nconnection: close\r\ncontent-length: 7\r\n\
                          content-type: text/plain\r\n\r\nCreated";
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(got).unwrap()
        });
        (Client::builder(endpoint).build().unwrap(), got)
    }

    /// Whether a form has arrived to its end.
    fn is_whole(got: &[u8]) -> bool {
        let text = String::from_utf8_lossy(got).to_lowercase();
        match text.contains("transfer-encoding: chunked") {
            true => text.ends_with("\r\n0\r\n\r\n"),
            false => text.ends_with("--\r\n"),
        }
    }

    /// What a method of the raw client does with an upload.
    async fn send(mut call: Call, body: Option<reqwest::Body>) -> Result<()> {
        let raw = call.start(&UPLOAD, &[]).await?;
        let mut request = raw.client.post(format!("{}/x", raw.baseurl));
        if let Some(body) = body {
            request = request.body(body);
        }
        let request = request
            .header("api-version", "1")
            .header(CONTENT_TYPE, "application/octet-stream")
            .build()
            .unwrap();
        let info = OperationInfo { operation_id: "Upload" };
        let response = raw.exec(request, &info).await.unwrap();
        call.empty(Ok(ResponseValue::stream(response))).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_upload_is_a_form() {
        let chunks = || stream::iter([Ok::<_, std::io::Error>("ab"), Ok("c")]);
        for (upload, known) in [
            (Upload::bytes("a \"b\".png", "image/png", "abc"), true),
            (Upload::stream("ab.png", "image/png", chunks(), Some(3)), true),
            (Upload::stream("ab.png", "image/png", chunks(), None), false),
        ] {
            let (client, got) = server();
            let mut call = Call::new(&client);
            let body = call.multipart(upload).unwrap();
            let sent = tokio::spawn(send(call, Some(body)));
            let got = got.join().unwrap();
            sent.await.unwrap().unwrap();
            let (head, form) = got.split_once("\r\n\r\n").unwrap();
            let head = head.to_lowercase();
            assert!(head.contains("\r\ncontent-type: multipart/form-data; boundary="));
            assert!(!head.contains("octet-stream") && !head.contains("api-version"));
            assert_eq!(head.contains("\r\ncontent-length: "), known, "{head}");
            assert!(form.contains("form-data; name=\"file\"; filename=\"a"), "{form}");
            assert!(form.contains("\r\nContent-Type: image/png\r\n\r\n"), "{form}");
        }
    }

    #[tokio::test]
    async fn a_content_type_that_is_none_is_refused() {
        let client = Client::builder("http://localhost:1").build().unwrap();
        let upload = Upload::bytes("a", "no type", "x");
        assert!(Call::new(&client).multipart(upload).unwrap_err().is_invalid_request());
    }

    #[test]
    fn a_body_can_be_omitted() {
        let client = Client::builder("http://localhost:1").build().unwrap();
        let exchange = Exchange {
            client: client.clone(),
            operation: UPLOAD,
            options: Options::default(),
            body: Body::Omitted,
            token: None,
            failure: Mutex::new(None),
        };
        let request = client.http().post("http://localhost:1/x").body("{}");
        let request = request.header(CONTENT_TYPE, "application/json");
        let mut request = request.build().unwrap();
        exchange.dress(&mut request, None);
        assert!(request.body().is_none());
        assert!(!request.headers().contains_key(CONTENT_TYPE));
        assert_eq!(request.headers()[ORIGIN], "http://localhost:1");
    }

    #[tokio::test]
    async fn a_path_parameter_never_changes_the_route() {
        let client = Client::builder("http://localhost:1").build().unwrap();
        for value in ["", ".", "..", "a\\..\\b"] {
            let mut call = Call::new(&client);
            let error = call.start(&UPLOAD, &[("userId", value)]).await.unwrap_err();
            assert!(error.is_invalid_request());
            assert!(error.to_string().starts_with("the parameter `userId` "), "{error}");
            assert_eq!(error.operation(), Some("Upload"));
        }
        for value in ["a/../b", "%2e%2e", "...", "é ?#"] {
            assert!(Call::new(&client).start(&UPLOAD, &[("userId", value)]).await.is_ok());
        }
    }

    #[test]
    fn a_call_does_not_show_secrets() {
        let client = Client::builder("http://localhost:1").build().unwrap();
        let mut call = Call::new(&client);
        call.token("hunter2".into());
        call.header("cookie", "hunter2");
        let shown = format!("{call:?}");
        assert!(shown.contains("cookie") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_path_belongs_to_an_api() {
        for (path, api) in [
            ("/api/experience", Api::Experience),
            ("/api/experience/submit?x=1", Api::Experience),
            ("/api/experiences", Api::Management),
            ("/api/my-account/mfa", Api::Account),
            ("/api/verifications/password", Api::Account),
            ("/api/users", Api::Management),
            ("/oidc/token", Api::Other),
        ] {
            assert_eq!(Api::of_path(path), api, "{path}");
        }
    }
}
