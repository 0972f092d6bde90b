//! Decodes responses: a success becomes a value, anything else an [`Error`].

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use serde::de::DeserializeOwned;

use crate::{
    BrowserResponse, Error, Page, Result,
    call::{
        Call, EncodedRequest, Paging,
        history::History,
        send::{BodyMode, RawResponse},
    },
    error::REQUEST_ID,
    models::json_path::without_bom,
};

/// A response that has been read completely.
pub(crate) struct BufferedResponse {
    history: History,
    #[allow(dead_code, reason = "depends on the enabled features")]
    paging: Paging,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Which responses are no errors.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) enum Accepted {
    /// Those that are 2xx.
    Success,
    /// Those that are 2xx, and 404 where a lost attempt at a DELETE is the reason.
    Done,
    /// Those that are 2xx or 3xx. Redirects are responses, not detours: a session's next step, or a
    /// page to show.
    Redirects,
}

/// A way to read a response.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) trait Reader<T> {
    const ACCEPT_VALUE: Accepted = Accepted::Success;

    fn read(response: &BufferedResponse) -> Result<T>;
}

/// Nothing of interest: the status says it all.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct Nothing;

impl Reader<()> for Nothing {
    const ACCEPT_VALUE: Accepted = Accepted::Done;

    fn read(_: &BufferedResponse) -> Result<()> {
        Ok(())
    }
}

/// A JSON body.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct Json;

impl<T: DeserializeOwned> Reader<T> for Json {
    fn read(response: &BufferedResponse) -> Result<T> {
        response.json()
    }
}

/// A JSON body, or none: 204, an empty body, `null`, or an acknowledgement in plain text.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct OptionalJson;

impl<T: DeserializeOwned> Reader<Option<T>> for OptionalJson {
    fn read(response: &BufferedResponse) -> Result<Option<T>> {
        match response.is_empty() || response.is_text() {
            true => Ok(None),
            false => response.json().map(Some),
        }
    }
}

/// A JSON array; no body is an empty one.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct List;

impl<T: DeserializeOwned> Reader<Vec<T>> for List {
    fn read(response: &BufferedResponse) -> Result<Vec<T>> {
        response.list()
    }
}

/// A JSON array that is one page of many.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct Paged;

impl<T: DeserializeOwned> Reader<Page<T>> for Paged {
    fn read(response: &BufferedResponse) -> Result<Page<T>> {
        let Paging { page, page_size, fingerprint } = response.paging;
        let page = Page::new(response.list()?, &response.headers, page, page_size);
        Ok(match fingerprint {
            true => page.of_body(response.history.operation, &response.body),
            false => page,
        })
    }
}

/// Text of any kind.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct Text;

impl Reader<String> for Text {
    fn read(response: &BufferedResponse) -> Result<String> {
        response.text()
    }
}

/// A page or a redirect for a browser.
#[allow(dead_code, reason = "depends on the enabled features")]
pub(crate) struct Browser;

impl Reader<BrowserResponse> for Browser {
    const ACCEPT_VALUE: Accepted = Accepted::Redirects;

    fn read(response: &BufferedResponse) -> Result<BrowserResponse> {
        Ok(BrowserResponse {
            status: response.status,
            location: response.header(LOCATION.as_str()),
            content_type: response.header(CONTENT_TYPE.as_str()),
            body: response.text()?,
        })
    }
}

#[allow(dead_code, reason = "depends on the enabled features")]
impl Call {
    /// A response with status 2xx or 3xx. Redirects are not followed: they are the next step of a
    /// sign-in, or meant for a browser.
    pub(crate) async fn receive(
        self,
        encoded: EncodedRequest,
        accepted: Accepted,
    ) -> Result<BufferedResponse> {
        let paging = self.paging;
        let (execution, request) = self.ready(encoded, BodyMode::Buffered)?;
        let deletes = *request.method() == Method::DELETE;
        let response = match execution.run(request).await {
            Ok(raw) => BufferedResponse { paging, ..BufferedResponse::new(raw) },
            Err(error) if deletes && accepted == Accepted::Done && error.is_gone() => {
                return Ok(BufferedResponse::gone(&error));
            }
            Err(error) => return Err(error),
        };
        if accepted == Accepted::Redirects || response.status.is_success() {
            return Ok(response);
        }
        let error = Error::api(response.status, &response.headers, &response.body);
        Err(response.with_context(error))
    }
}

impl BufferedResponse {
    pub(crate) fn new(mut raw: RawResponse) -> Self {
        Self {
            history: raw.history,
            paging: Paging::default(),
            status: raw.response.status(),
            headers: std::mem::take(raw.response.headers_mut()),
            body: raw.body,
        }
    }

    /// The response to a DELETE that does not find what an earlier attempt has deleted.
    fn gone(error: &Error) -> Self {
        let id = error.request_id().and_then(|id| HeaderValue::from_str(id).ok());
        Self {
            history: History::new("", &Method::DELETE),
            paging: Paging::default(),
            status: error.status().unwrap_or(StatusCode::NOT_FOUND),
            headers: id.map(|id| (HeaderName::from_static(REQUEST_ID), id)).into_iter().collect(),
            body: Bytes::new(),
        }
    }

    /// A JSON array; an empty body is an empty array.
    fn list<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        if self.is_empty() { Ok(Vec::new()) } else { self.json() }
    }

    /// A JSON body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.status.is_redirection() {
            return Err(self.with_context(Error::api(self.status, &self.headers, &self.body)));
        }
        // Checked for UTF-8 once as a whole; from a slice, each string would be checked by itself.
        // Trying a slice as well would compile every model's decoder twice.
        let text = std::str::from_utf8(without_bom(&self.body)).map_err(|_| self.not_utf8())?;
        serde_json::from_str(text).map_err(|error| self.with_context(self.decode_error(&error)))
    }

    /// The same, where an empty body is decoded like `null`.
    pub(crate) fn json_or_nothing<T: DeserializeOwned>(&self) -> Result<T> {
        match self.is_empty() && !self.status.is_redirection() {
            true => serde_json::from_str("null")
                .map_err(|error| self.with_context(self.decode_error(&error))),
            false => self.json(),
        }
    }

    /// A string body.
    pub(crate) fn text(&self) -> Result<String> {
        String::from_utf8(self.body.to_vec()).map_err(|_| self.not_utf8())
    }

    fn not_utf8(&self) -> Error {
        self.with_context(Error::unreadable("it is not UTF-8 text", self.status, &self.headers))
    }

    fn decode_error(&self, error: &serde_json::Error) -> Error {
        match without_bom(&self.body).trim_ascii().is_empty() {
            true => Error::unreadable("it is empty", self.status, &self.headers),
            false => Error::decode(error, self.status, &self.headers, without_bom(&self.body)),
        }
    }

    /// Adds the context of the call to an error of its response.
    pub(crate) fn with_context(&self, error: Error) -> Error {
        self.history.annotate(error)
    }

    fn is_empty(&self) -> bool {
        let body = without_bom(&self.body).trim_ascii();
        self.status == StatusCode::NO_CONTENT || body.is_empty() || body == b"null"
    }

    fn is_text(&self) -> bool {
        self.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("text/plain"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    }
}
