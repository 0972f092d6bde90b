//! Responses that are streamed.

use std::{
    fmt, fs as blocking_fs, io,
    path::{Path, PathBuf},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream::BoxStream};
use reqwest::{
    StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap},
};
use tokio::{fs, io::AsyncWriteExt as _, time::Sleep};

use crate::{
    Error, Result,
    call::{
        Call, EncodedRequest,
        history::History,
        send::{BodyMode, RawResponse},
    },
    error::{NO_RUNTIME, SendFailure, TimeLimit, request_id},
    http::runtimes,
};

/// A response whose body is streamed: as a [`Stream`] of chunks, to a file, or into memory.
///
/// ```no_run
/// # #[cfg(feature = "saml-applications")]
/// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
/// let metadata = logto.saml_applications().get_metadata("app-id").download().await?;
/// metadata.save_to("metadata.xml").await?;
/// # Ok(())
/// # }
/// ```
///
/// The timeout of the call includes reading the body. A body that breaks off is an error with the
/// response's [`status`](Error::status) and [`request_id`](Error::request_id), never a truncated
/// body.
#[must_use = "the body is not read yet"]
pub struct Download {
    history: History,
    status: StatusCode,
    headers: HeaderMap,
    /// `None` after the end, however it ended.
    body: Option<BoxStream<'static, reqwest::Result<Bytes>>>,
    /// The timeout of the body, if the HTTP client does not enforce it.
    time: Option<Pin<Box<Sleep>>>,
    /// How long that is.
    patience: Option<TimeLimit>,
    /// As much of the body as may be held in memory, in bytes.
    limit: usize,
}

impl Download {
    #[allow(dead_code, reason = "depends on the enabled features")]
    pub(crate) fn new(raw: RawResponse) -> Self {
        let RawResponse { response, history, limit, time: patience, until, .. } = raw;
        let (status, headers) = (response.status(), response.headers().clone());
        let time = until.map(|until| Box::pin(tokio::time::sleep_until(until)));
        let body = Some(response.bytes_stream().boxed());
        Self { history, status, headers, body, time, patience, limit }
    }

    /// The HTTP status: 2xx, or 3xx for a [`Request`](crate::Request).
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The content type, such as `text/xml`, as sent by the server.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The length in bytes, if the server sends it.
    pub fn content_length(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// The file name sent by the server, if it is a plain name without path separators.
    pub fn file_name(&self) -> Option<&str> {
        let disposition = self.headers.get(CONTENT_DISPOSITION)?.to_str().ok()?;
        plain_file_name(disposition)
    }

    /// The id under which the server logged this request.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    /// The next chunk of the body, or `None` at its end.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        StreamExt::next(self).await
    }

    /// Reads the rest of the body into memory.
    ///
    /// # Errors
    ///
    /// When it breaks off, and when it is larger than the limit of the call or the client
    /// ([`is_response_too_large`](Error::is_response_too_large)).
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.next().await {
            body.extend_from_slice(&chunk?);
            if body.len() > self.limit {
                let error = Error::too_large(self.limit, self.status, &self.headers);
                return Err(self.with_context(error));
            }
        }
        Ok(body.freeze())
    }

    /// Writes the rest of the body to this file, and returns its length in bytes.
    ///
    /// An existing file is replaced, but only by a complete one: the body is first written to a
    /// file next to it whose name ends in `.part`, which is removed on failure.
    ///
    /// # Errors
    ///
    /// When the body breaks off, and when the file cannot be written; the latter
    /// [`is_invalid_request`](Error::is_invalid_request).
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<u64> {
        let saved = pin!(self.save(path.as_ref()));
        runtimes::within(saved, || Error::request(NO_RUNTIME)).await
    }

    async fn save(mut self, path: &Path) -> Result<u64> {
        let history = self.history;
        let unwritable = |error: io::Error| {
            let problem = format!("the file `{}` cannot be written: {error}", path.display());
            history.annotate(Error::request(problem))
        };
        let mut partial = PartialFile::beside(path);
        let mut file = fs::File::create(&partial.path).await.map_err(unwritable)?;
        partial.exists = true;
        let mut length = 0;
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            file.write_all(&chunk).await.map_err(unwritable)?;
            length += chunk.len() as u64;
        }
        file.flush().await.map_err(unwritable)?;
        file.sync_all().await.map_err(unwritable)?;
        drop(file);
        fs::rename(&partial.path, path).await.map_err(unwritable)?;
        partial.exists = false;
        Ok(length)
    }

    fn broke_off(&self, error: reqwest::Error) -> Error {
        self.with_context(Error::cut_off(error, self.status, &self.headers))
    }

    /// Adds the context of the call to an error of its response.
    fn with_context(&self, error: Error) -> Error {
        self.history.annotate(error.within(self.patience))
    }
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.body.is_none() {
            return Poll::Ready(None);
        }
        let late = |time: &mut Pin<Box<Sleep>>| time.as_mut().poll(cx).is_ready();
        if self.time.as_mut().is_some_and(late) {
            self.body = None;
            return Poll::Ready(Some(Err(
                self.with_context(Error::send_failed(SendFailure::timed_out(None)))
            )));
        }
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let chunk = ready!(body.poll_next_unpin(cx));
        if !matches!(chunk, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(chunk.map(|chunk| chunk.map_err(|error| self.broke_off(error))))
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("operation", &self.history.operation)
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}

#[allow(dead_code, reason = "depends on the enabled features")]
impl Call {
    /// A body of any kind, which the caller reads.
    pub(crate) async fn download(self, encoded: EncodedRequest) -> Result<Download> {
        let (execution, request) = self.ready(encoded, BodyMode::Streamed)?;
        let download = Download::new(Box::pin(execution.run(request)).await?);
        match download.status.is_success() {
            true => Ok(download),
            false => {
                Err(download.with_context(Error::api(download.status, &download.headers, b"")))
            }
        }
    }
}

/// An incomplete file, which is removed when dropped.
struct PartialFile {
    path: PathBuf,
    exists: bool,
}

impl PartialFile {
    fn beside(path: &Path) -> Self {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".part");
        Self { path: partial.into(), exists: false }
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if self.exists {
            // There is nobody to tell, and its name says that it is not whole.
            let _ = blocking_fs::remove_file(&self.path);
        }
    }
}

/// The parameter `filename` of a `Content-Disposition` header.
fn plain_file_name(disposition: &str) -> Option<&str> {
    let (_, parameters) = disposition.split_once(';')?;
    let name = match parameters.split_once("filename=\"") {
        Some((_, quoted)) => quoted.split_once('"')?.0,
        None => parameters.split_once("filename=")?.1.split(';').next()?.trim(),
    };
    // On Windows, a colon ends the name of a drive, or begins that of a stream within the file.
    let leads = |c: char| matches!(c, '/' | '\\' | ':' | '"') || c.is_control();
    let plain = !name.contains(leads) && !["", ".", ".."].contains(&name);
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_plain_or_none() {
        for (disposition, name) in [
            ("attachment; filename=\"meta data;1.xml\"; size=1", Some("meta data;1.xml")),
            ("attachment; size=1; filename=metadata.xml ; x=y", Some("metadata.xml")),
            ("attachment; filename*=UTF-8''a.xml", None),
            ("attachment; filename=\"../../etc/passwd\"", None),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=\"C:\\\\a\"", None),
            ("attachment; filename=C:a", None),
            ("attachment; filename=\"a:b\"", None),
            ("attachment; filename=\"a\tb\"", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"open", None),
            ("attachment", None),
        ] {
            assert_eq!(plain_file_name(disposition), name, "{disposition}");
        }
    }
}
