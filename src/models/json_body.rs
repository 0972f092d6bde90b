//! Sending a model as JSON.

#![allow(clippy::result_large_err, reason = "the error is progenitor's")]

use progenitor_client::{Error, QueryParam};
use reqwest::{Request, RequestBuilder, header::CONTENT_TYPE};
use serde::{Serialize, Serializer, ser::Error as _};

/// What the functions of the raw client return.
pub(crate) type Built = Result<Request, Error>;

/// What the raw client writes bodies with: as [`RequestBuilder::json`], of which little is compiled
/// for each model; and query parameters.
pub(crate) trait WithJson {
    fn with_json<T: Serialize + ?Sized>(self, body: &T) -> Self;

    /// Adds a query parameter, as progenitor writes them.
    fn with_query<T: Serialize>(self, name: &str, value: &T) -> Self;

    /// The request.
    fn built(self) -> Built;
}

impl WithJson for RequestBuilder {
    fn with_json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        with_bytes(self, serde_json::to_vec(body))
    }

    fn with_query<T: Serialize>(self, name: &str, value: &T) -> Self {
        self.query(&QueryParam::new(name, value))
    }

    fn built(self) -> Built {
        Ok(self.build()?)
    }
}

fn with_bytes(builder: RequestBuilder, body: serde_json::Result<Vec<u8>>) -> RequestBuilder {
    match body {
        Ok(body) => builder.header(CONTENT_TYPE, "application/json").body(body),
        Err(_) => builder.json(&Unwritable),
    }
}

/// A builder keeps the error of its body until the request is built.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("the body cannot be encoded as JSON"))
    }
}
