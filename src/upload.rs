//! Files to send.

use std::{
    error::Error as StdError,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures_util::TryStream;
use reqwest::{Body, multipart::Part};

use crate::{Error, Result};

/// A file to send: its name, its content type, and its content.
///
/// ```
/// use logto_api::Upload;
///
/// let avatar = Upload::bytes("me.png", "image/png", &b"\x89PNG"[..]);
/// ```
///
/// Cloning is cheap. A stream can be read once only: of all clones, the first that is sent gets it,
/// and sending another is an error.
#[derive(Clone)]
pub struct Upload {
    file_name: String,
    content_type: String,
    length: Option<u64>,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Bytes(Bytes),
    Stream(Arc<Mutex<Option<Body>>>),
}

impl Upload {
    /// A file that is in memory.
    pub fn bytes(
        file_name: impl Into<String>,
        content_type: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Self {
        let content = content.into();
        Self {
            file_name: file_name.into(),
            content_type: content_type.into(),
            length: Some(content.len() as u64),
            content: Content::Bytes(content),
        }
    }

    /// A file that is sent as it is read. Give its `length` in bytes if you know it: then the
    /// server learns it up front.
    pub fn stream<S>(
        file_name: impl Into<String>,
        content_type: impl Into<String>,
        content: S,
        length: Option<u64>,
    ) -> Self
    where
        S: TryStream + Send + 'static,
        S::Error: Into<Box<dyn StdError + Send + Sync>>,
        Bytes: From<S::Ok>,
    {
        Self {
            file_name: file_name.into(),
            content_type: content_type.into(),
            length,
            content: Content::Stream(Arc::new(Mutex::new(Some(Body::wrap_stream(content))))),
        }
    }

    /// The name that the file is sent under.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// What the file is, such as `image/png`.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    pub(crate) fn check(&self) -> Result<()> {
        Ok(())
    }

    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self.content, Content::Bytes(_))
    }

    pub(crate) async fn part(&self) -> Result<Part> {
        self.clone().into_part()
    }

    pub(crate) fn into_part(self) -> Result<Part> {
        let content = self.content.into_body()?;
        let part = match self.length {
            Some(length) => Part::stream_with_length(content, length),
            None => Part::stream(content),
        };
        part.file_name(self.file_name).mime_str(&self.content_type).map_err(|_| {
            Error::request(
                "the upload's content type is none: give it like `image/png` or \
                     `application/zip`",
            )
        })
    }
}

impl Content {
    fn into_body(self) -> Result<Body> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.into()),
            Self::Stream(stream) => {
                let body = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
                body.ok_or_else(|| {
                    Error::request("the upload's stream was sent already: make a new upload")
                })
            }
        }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("file_name", &self.file_name)
            .field("content_type", &self.content_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures_util::stream;

    use super::*;

    #[test]
    fn bytes_can_be_sent_again_and_a_stream_once() {
        let upload = Upload::bytes("a", "text/plain", "hunter2");
        assert!(upload.clone().into_part().is_ok() && upload.clone().into_part().is_ok());
        assert!(!format!("{upload:?}").contains("hunter2"));

        let content = stream::iter([Ok::<_, std::io::Error>("a")]);
        let upload = Upload::stream("a", "text/plain", content, None);
        assert!(upload.clone().into_part().is_ok());
        assert!(upload.into_part().unwrap_err().is_invalid_request());
    }
}
