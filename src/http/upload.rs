//! Files to send.

use std::{
    error::Error as StdError,
    fmt, io, iter,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{
    Stream, StreamExt as _, TryStream, TryStreamExt as _,
    stream::{self, BoxStream},
};
use reqwest::{Body, multipart::Part};
use tokio_util::io::ReaderStream;

use crate::{Error, Result, error::UploadError, setters::IntoText};

/// How much of a file is passed to the connection at once.
const CHUNK_SIZE: usize = 64 << 10;

type Chunks = BoxStream<'static, Result<Bytes, Box<dyn StdError + Send + Sync>>>;
type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// A file to send: its name, its content type, and its content.
///
/// ```
/// use logto_api::Upload;
///
/// let avatar = Upload::bytes("me.png", "image/png", &b"\x89PNG"[..]);
/// let logo = Upload::file("assets/logo.svg", "image/svg+xml")
///     .on_progress(|sent, total| println!("{sent} of {total:?} bytes"));
/// ```
///
/// Cloning is cheap. A stream can be read only once: the first clone that is sent uses it, and
/// sending another one is an error.
///
/// The timeout of the call includes the whole upload: give a large file more time with the
/// request's `timeout`. Logto's limits are far below [`MAX_LENGTH`](Self::MAX_LENGTH); for user
/// assets, the field `max_upload_file_size` of the service status has the limit.
#[derive(Clone)]
pub struct Upload {
    file_name: String,
    content_type: String,
    content: Content,
    progress: Option<Progress>,
}

#[derive(Clone)]
enum Content {
    Bytes(Bytes),
    File(PathBuf),
    Stream { chunks: Arc<Mutex<Option<Chunks>>>, length: Option<u64> },
}

#[allow(dead_code, reason = "depends on the enabled features")]
impl Upload {
    /// The maximum length: 1 GiB. A longer file is rejected before anything is sent, a longer
    /// stream is aborted.
    pub const MAX_LENGTH: u64 = 1 << 30;

    /// A file in memory.
    pub fn bytes(
        file_name: impl IntoText,
        content_type: impl IntoText,
        content: impl Into<Bytes>,
    ) -> Self {
        Self::new(file_name.into_text(), content_type, Content::Bytes(content.into()))
    }

    /// A file on disk, sent under its own name. It is opened when it is sent, and read while it is
    /// sent; it must not change in the meantime.
    pub fn file(path: impl Into<PathBuf>, content_type: impl IntoText) -> Self {
        let path = path.into();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self::new(file_name, content_type, Content::File(path))
    }

    /// A file that is read from a stream. Pass its `length` in bytes if you know it: the server
    /// then learns it in advance, and a stream with another length is an error.
    pub fn stream<S>(
        file_name: impl IntoText,
        content_type: impl IntoText,
        content: S,
        length: Option<u64>,
    ) -> Self
    where
        S: TryStream + Send + 'static,
        S::Error: Into<Box<dyn StdError + Send + Sync>>,
        Bytes: From<S::Ok>,
    {
        let chunks = content.map_ok(Bytes::from).map_err(Into::into).into_stream().boxed();
        let chunks = Arc::new(Mutex::new(Some(chunks)));
        Self::new(file_name.into_text(), content_type, Content::Stream { chunks, length })
    }

    fn new(file_name: String, content_type: impl IntoText, content: Content) -> Self {
        Self { file_name, content_type: content_type.into_text(), content, progress: None }
    }

    /// Calls `report` with each chunk that is passed to the connection: the number of bytes so far,
    /// and the total, if known. A retry starts from zero again.
    pub fn on_progress(
        mut self,
        report: impl Fn(u64, Option<u64>) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// The file name that is sent.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The content type, such as `image/png`.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Rejects what cannot be sent, before anything is sent.
    pub(crate) fn check(&self) -> Result<()> {
        // The HTTP client would write a line break as it is, and so begin a header of its own.
        if self.file_name.is_empty() || self.file_name.contains(char::is_control) {
            return Err(Error::request(
                "the upload's file name is empty, or contains a control character, such as a line \
                 break",
            ));
        }
        self.described(Part::bytes(&[][..]))?;
        match self.content.length()? {
            Some(length) if length > Self::MAX_LENGTH => Err(Error::request(format!(
                "the upload is {length} bytes long, more than the limit of {} (1 GiB)",
                Self::MAX_LENGTH
            ))),
            _ => Ok(()),
        }
    }

    /// The part of a form that holds this file, for one attempt at sending it.
    pub(crate) async fn part(&self) -> Result<Part> {
        self.check()?;
        let (chunks, length) = self.content.open().await?;
        let body = MeteredStream { chunks, sent: 0, length, progress: self.progress.clone() };
        let body = Body::wrap_stream(body);
        self.described(match length {
            Some(length) => Part::stream_with_length(body, length),
            None => Part::stream(body),
        })
    }

    /// Whether it can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self.content, Content::Stream { .. })
    }

    fn described(&self, part: Part) -> Result<Part> {
        part.file_name(self.file_name.clone()).mime_str(&self.content_type).map_err(|_| {
            Error::request(
                "the upload's content type is not valid: it has to look like `image/png` or \
                 `application/zip`",
            )
        })
    }
}

impl Content {
    /// How many bytes there are, if there is something to send at all.
    fn length(&self) -> Result<Option<u64>> {
        match self {
            Self::Bytes(bytes) => Ok(Some(bytes.len() as u64)),
            Self::File(path) => {
                let metadata = path.metadata().map_err(|error| unreadable(path, &error))?;
                // A pipe or a device could hold up whoever opens it.
                match metadata.is_file() {
                    true => Ok(Some(metadata.len())),
                    false => Err(Error::request(format!("`{}` is not a file", path.display()))),
                }
            }
            Self::Stream { chunks, length } => match &*locked(chunks) {
                Some(_) => Ok(*length),
                None => Err(sent_already()),
            },
        }
    }

    async fn open(&self) -> Result<(Chunks, Option<u64>)> {
        match self {
            Self::Bytes(bytes) => {
                let chunks = split(bytes.clone()).map(Ok);
                Ok((stream::iter(chunks).boxed(), Some(bytes.len() as u64)))
            }
            Self::File(path) => open(path).await,
            Self::Stream { chunks, length } => {
                let chunks = locked(chunks).take().ok_or_else(sent_already)?;
                Ok((chunks, *length))
            }
        }
    }
}

fn locked(chunks: &Mutex<Option<Chunks>>) -> std::sync::MutexGuard<'_, Option<Chunks>> {
    chunks.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sent_already() -> Error {
    Error::request("the upload's stream was sent already: create a new upload")
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::request(format!("the file `{}` cannot be read: {error}", path.display()))
}

fn split(mut rest: Bytes) -> impl Iterator<Item = Bytes> {
    iter::from_fn(move || {
        let chunk = rest.split_to(rest.len().min(CHUNK_SIZE));
        (!chunk.is_empty()).then_some(chunk)
    })
}

async fn open(path: &Path) -> Result<(Chunks, Option<u64>)> {
    let failed = |error: io::Error| unreadable(path, &error);
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let length = file.metadata().await.map_err(failed)?.len();
    let path = path.to_owned();
    let chunks = ReaderStream::with_capacity(file, CHUNK_SIZE).map_err(move |error| {
        UploadError(format!("the file `{}` cannot be read to its end: {error}", path.display()))
    });
    Ok((chunks.map_err(Into::into).boxed(), Some(length)))
}

/// A file on its way: counted, reported, and broken off if it is not of the length that it is said
/// to be.
struct MeteredStream {
    chunks: Chunks,
    sent: u64,
    length: Option<u64>,
    progress: Option<Progress>,
}

impl MeteredStream {
    fn report(&mut self, chunk: &Bytes) -> Result<(), UploadError> {
        self.sent += chunk.len() as u64;
        if self.sent > self.length.unwrap_or(Upload::MAX_LENGTH) {
            return Err(UploadError(match self.length {
                Some(length) => {
                    format!("the upload has more than the announced {length} bytes")
                }
                None => format!(
                    "the upload has more than the limit of {} bytes (1 GiB)",
                    Upload::MAX_LENGTH
                ),
            }));
        }
        if let Some(progress) = &self.progress {
            progress(self.sent, self.length);
        }
        Ok(())
    }

    fn end(&self) -> Result<(), UploadError> {
        match self.length {
            Some(length) if self.sent < length => Err(UploadError(format!(
                "the upload ended after {} of the announced {length} bytes",
                self.sent
            ))),
            _ => Ok(()),
        }
    }
}

impl Stream for MeteredStream {
    type Item = Result<Bytes, Box<dyn StdError + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.chunks.poll_next_unpin(cx)) {
            Some(Ok(chunk)) => Some(self.report(&chunk).map(|()| chunk).map_err(Into::into)),
            Some(Err(error)) => Some(Err(error)),
            None => self.end().err().map(|error| Err(error.into())),
        })
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("file_name", &self.file_name)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn bytes_can_be_sent_again_and_a_stream_once() {
        let upload = Upload::bytes("a", "text/plain", "hunter2");
        assert!(upload.part().await.is_ok() && upload.part().await.is_ok());
        assert!(upload.is_repeatable());
        assert!(!format!("{upload:?}").contains("hunter2"));

        let content = stream::iter([Ok::<_, io::Error>("a")]);
        let upload = Upload::stream("a", "text/plain", content, None);
        assert!(!upload.is_repeatable());
        assert!(upload.clone().part().await.is_ok());
        assert!(upload.check().unwrap_err().is_invalid_request());
        assert!(upload.part().await.unwrap_err().is_invalid_request());
    }

    #[tokio::test]
    async fn a_stream_of_unknown_length_ends_at_the_limit() {
        let chunk = Bytes::from(vec![0; 64 << 20]);
        let endless = stream::repeat_with(move || Ok::<_, io::Error>(chunk.clone()));
        let upload = Upload::stream("a", "text/plain", endless, None);
        let (chunks, length) = upload.content.open().await.unwrap();
        let mut measured = MeteredStream { chunks, sent: 0, length, progress: None };
        let mut sent = 0;
        let error = loop {
            match measured.next().await.unwrap() {
                Ok(chunk) => sent += chunk.len() as u64,
                Err(error) => break error,
            }
        };
        assert_eq!(sent, Upload::MAX_LENGTH);
        assert!(error.to_string().contains("1073741824"), "{error}");
    }
}
