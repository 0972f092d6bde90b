//! Judges what came back: a success becomes a value, anything else an [`Error`].

use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, LOCATION},
};
use serde::de::DeserializeOwned;

use crate::{
    BrowserAnswer, Error, Page, Result,
    body::without_bom,
    call::{Call, Written},
    exchange::{Arrived, Reading},
    history::History,
};

/// An answer that has arrived as a whole.
pub(crate) struct Received {
    history: History,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[allow(dead_code, reason = "which are used depends on the enabled features")]
impl Call {
    /// A JSON body.
    pub(crate) async fn json<T: DeserializeOwned>(self, written: Written) -> Result<T> {
        self.success(written).await?.json()
    }

    /// A JSON body, or none: 204, an empty body, `null`, or an acknowledgement in plain text.
    pub(crate) async fn optional_json<T: DeserializeOwned>(
        self,
        written: Written,
    ) -> Result<Option<T>> {
        let received = self.success(written).await?;
        if received.is_empty() || received.is_text() {
            return Ok(None);
        }
        received.json().map(Some)
    }

    /// A JSON array; no body is an empty one.
    pub(crate) async fn list<T: DeserializeOwned>(self, written: Written) -> Result<Vec<T>> {
        self.success(written).await?.list()
    }

    /// A JSON array that is one page of many; `page` and `page_size` are what was asked for.
    pub(crate) async fn page<T: DeserializeOwned>(
        self,
        written: Written,
        page: Option<i64>,
        page_size: Option<i64>,
    ) -> Result<Page<T>> {
        let fingerprint = self.fingerprint;
        let received = self.success(written).await?;
        let page = Page::new(received.list()?, &received.headers, page, page_size);
        Ok(if fingerprint {
            page.of_body(received.history.operation, &received.body)
        } else {
            page
        })
    }

    /// Nothing of interest: the status says it all. What a DELETE does not find after an attempt
    /// whose answer was lost, that attempt has deleted.
    pub(crate) async fn empty(self, written: Written) -> Result<()> {
        let deletes = written.as_ref().is_ok_and(|request| *request.method() == Method::DELETE);
        match self.success(written).await {
            Err(error) if deletes && error.is_gone() => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Text of any kind.
    pub(crate) async fn text(self, written: Written) -> Result<String> {
        self.success(written).await?.text()
    }

    /// A page or a redirect for a browser.
    pub(crate) async fn browser(self, written: Written) -> Result<BrowserAnswer> {
        let received = self.receive(written).await?;
        Ok(BrowserAnswer {
            status: received.status,
            location: received.header(LOCATION.as_str()),
            content_type: received.header(CONTENT_TYPE.as_str()),
            body: received.text()?,
        })
    }

    /// An answer that is 2xx.
    pub(crate) async fn success(self, written: Written) -> Result<Received> {
        let received = self.receive(written).await?;
        if received.status.is_success() {
            return Ok(received);
        }
        let error = Error::answer(received.status, &received.headers, &received.body);
        Err(received.placed(error))
    }

    /// An answer that is 2xx or 3xx. Redirects are answers, not detours: a session's next step, or
    /// a page to show.
    async fn receive(self, written: Written) -> Result<Received> {
        let (exchange, request) = self.ready(written, Reading::Whole)?;
        // Boxed, so that the futures of generated code stay small.
        let arrived = Box::pin(exchange.run(request)).await?;
        Ok(Received::new(arrived))
    }
}

impl Received {
    pub(crate) fn new(mut arrived: Arrived) -> Self {
        Self {
            history: arrived.history,
            status: arrived.response.status(),
            headers: std::mem::take(arrived.response.headers_mut()),
            body: arrived.body,
        }
    }

    fn list<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        if self.is_empty() { Ok(Vec::new()) } else { self.json() }
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.status.is_redirection() {
            return Err(self.placed(Error::answer(self.status, &self.headers, &self.body)));
        }
        // Checked for UTF-8 once as a whole; from a slice, each string would be checked by itself.
        // Trying a slice as well would compile every model's decoder twice.
        let text = std::str::from_utf8(without_bom(&self.body)).map_err(|_| self.no_text())?;
        serde_json::from_str(text).map_err(|error| self.placed(self.undecodable(&error)))
    }

    /// The same where nothing is what `()` and `Option` are read from.
    pub(crate) fn json_or_nothing<T: DeserializeOwned>(&self) -> Result<T> {
        match self.is_empty() && !self.status.is_redirection() {
            true => {
                serde_json::from_str("null").map_err(|error| self.placed(self.undecodable(&error)))
            }
            false => self.json(),
        }
    }

    pub(crate) fn text(&self) -> Result<String> {
        String::from_utf8(self.body.to_vec()).map_err(|_| self.no_text())
    }

    fn no_text(&self) -> Error {
        self.placed(Error::unreadable("it is not UTF-8 text", self.status, &self.headers))
    }

    fn undecodable(&self, error: &serde_json::Error) -> Error {
        match without_bom(&self.body).trim_ascii().is_empty() {
            true => Error::unreadable("it is empty", self.status, &self.headers),
            false => Error::decode(error, self.status, &self.headers, without_bom(&self.body)),
        }
    }

    /// An error that this answer makes, with the call that it answers.
    pub(crate) fn placed(&self, error: Error) -> Error {
        self.history.place(error)
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
