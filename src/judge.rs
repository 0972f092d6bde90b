//! Judges what came back: a success becomes a value, anything else an [`Error`].

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use progenitor_client::{ByteStream, ResponseValue};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, LOCATION},
};
use serde::de::DeserializeOwned;

use crate::{
    BrowserAnswer, Error, Page, Result,
    call::{Call, RawAnswer},
};

/// As much of an error's body as is read: no error of Logto's comes near.
const ERROR_BODY_LIMIT: usize = 1 << 20;

/// An answer that has arrived as a whole.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[allow(dead_code, reason = "which are used depends on the enabled features")]
impl Call {
    /// A JSON body.
    pub(crate) async fn json<T: DeserializeOwned>(self, answer: RawAnswer) -> Result<T> {
        let received = self.receive(answer, StatusCode::is_success).await?;
        self.decode(&received)
    }

    /// A JSON body, or none: 204, an empty body, `null`, or an acknowledgement in plain text.
    pub(crate) async fn optional_json<T: DeserializeOwned>(
        self,
        answer: RawAnswer,
    ) -> Result<Option<T>> {
        let received = self.receive(answer, StatusCode::is_success).await?;
        if received.is_empty() || received.is_text() {
            return Ok(None);
        }
        self.decode(&received).map(Some)
    }

    /// A JSON array; no body is an empty one.
    pub(crate) async fn list<T: DeserializeOwned>(self, answer: RawAnswer) -> Result<Vec<T>> {
        let received = self.receive(answer, StatusCode::is_success).await?;
        if received.is_empty() {
            return Ok(Vec::new());
        }
        self.decode(&received)
    }

    /// A JSON array that is one page of many; `page` and `page_size` are what was asked for.
    pub(crate) async fn page<T: DeserializeOwned>(
        self,
        answer: RawAnswer,
        page: Option<i64>,
        page_size: Option<i64>,
    ) -> Result<Page<T>> {
        let received = self.receive(answer, StatusCode::is_success).await?;
        let items = match received.is_empty() {
            true => Vec::new(),
            false => self.decode(&received)?,
        };
        Ok(Page::new(items, &received.headers, page, page_size))
    }

    /// Nothing of interest: the status says it all.
    pub(crate) async fn empty(self, answer: RawAnswer) -> Result<()> {
        self.receive(answer, is_accepted).await.map(drop)
    }

    /// Text of any kind.
    pub(crate) async fn text(self, answer: RawAnswer) -> Result<String> {
        let received = self.receive(answer, StatusCode::is_success).await?;
        received.text().map_err(|error| error.during(self.operation()))
    }

    /// A page or a redirect for a browser.
    pub(crate) async fn browser(self, answer: RawAnswer) -> Result<BrowserAnswer> {
        let received = self.receive(answer, is_accepted).await?;
        let body = received.text().map_err(|error| error.during(self.operation()))?;
        Ok(BrowserAnswer {
            status: received.status,
            location: received.header(LOCATION.as_str()),
            content_type: received.header(CONTENT_TYPE.as_str()),
            body,
        })
    }

    async fn receive(
        &self,
        answer: RawAnswer,
        accept: fn(&StatusCode) -> bool,
    ) -> Result<Received> {
        let outcome = match self.failure() {
            Some(failure) => Err(failure),
            None => receive(answer, accept).await,
        };
        outcome.map_err(|error| error.during(self.operation()))
    }

    fn decode<T: DeserializeOwned>(&self, received: &Received) -> Result<T> {
        serde_json::from_slice(&received.body)
            .map_err(|error| received.undecodable(&error).during(self.operation()))
    }
}

impl Received {
    fn is_empty(&self) -> bool {
        let body = self.body.trim_ascii();
        self.status == StatusCode::NO_CONTENT || body.is_empty() || body == b"null"
    }

    fn is_text(&self) -> bool {
        self.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("text/plain"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    }

    pub(crate) fn text(&self) -> Result<String> {
        String::from_utf8(self.body.to_vec())
            .map_err(|_| Error::unreadable("it is not UTF-8 text", self.status, &self.headers))
    }

    pub(crate) fn undecodable(&self, error: &serde_json::Error) -> Error {
        match self.body.is_empty() {
            true => Error::unreadable("it is empty", self.status, &self.headers),
            false => Error::decode(error, self.status, &self.headers, &self.body),
        }
    }
}

/// Redirects are answers, not detours: a session's next step, or a page to show.
pub(crate) fn is_accepted(status: &StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

/// Reads an answer whole if its status is accepted, and makes an error of it otherwise.
async fn receive(answer: RawAnswer, accept: fn(&StatusCode) -> bool) -> Result<Received> {
    use progenitor_client::Error as Raw;
    match answer {
        Ok(answer) | Err(Raw::ErrorResponse(answer)) => read(answer, accept).await,
        Err(Raw::UnexpectedResponse(response)) => {
            read(ResponseValue::stream(response), accept).await
        }
        Err(
            Raw::CommunicationError(error)
            | Raw::ResponseBodyError(error)
            | Raw::InvalidUpgrade(error),
        ) => Err(Error::transport(error)),
        Err(Raw::InvalidRequest(_) | Raw::Custom(_) | Raw::InvalidResponsePayload(..)) => {
            Err(Error::request("the request cannot be built from the values given"))
        }
    }
}

/// The same, for any answer.
pub(crate) async fn read(
    answer: ResponseValue<ByteStream>,
    accept: fn(&StatusCode) -> bool,
) -> Result<Received> {
    let status = answer.status();
    let headers = answer.headers().clone();
    if !accept(&status) {
        // What cannot be read of an error's body is no reason to hide the error.
        let (body, _) = collect(answer, ERROR_BODY_LIMIT).await;
        return Err(Error::answer(status, &headers, &body));
    }
    match collect(answer, usize::MAX).await {
        (body, None) => Ok(Received { status, headers, body }),
        (_, Some(error)) => Err(Error::cut_off(error, status, &headers)),
    }
}

/// The body up to where it ends, breaks off or exceeds the limit.
async fn collect(
    answer: ResponseValue<ByteStream>,
    limit: usize,
) -> (Bytes, Option<reqwest::Error>) {
    let mut stream = answer.into_inner_stream();
    let mut body = match stream.next().await {
        None => return (Bytes::new(), None),
        Some(Err(error)) => return (Bytes::new(), Some(error)),
        Some(Ok(first)) => Collected::One(first),
    };
    while body.len() < limit {
        match stream.next().await {
            None => break,
            Some(Err(error)) => return (body.into_bytes(), Some(error)),
            Some(Ok(chunk)) => body = body.with(&chunk),
        }
    }
    (body.into_bytes(), None)
}

/// A body that is copied together only if it came in more than one piece.
enum Collected {
    One(Bytes),
    Many(BytesMut),
}

impl Collected {
    fn len(&self) -> usize {
        match self {
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn with(self, chunk: &[u8]) -> Self {
        let mut bytes = match self {
            Self::One(first) => BytesMut::from(&first[..]),
            Self::Many(bytes) => bytes,
        };
        bytes.extend_from_slice(chunk);
        Self::Many(bytes)
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}
