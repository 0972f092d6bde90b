//! Sending a model as JSON.

use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use serde::{Serialize, Serializer, ser::Error as _};

/// What the raw client writes bodies with: as [`RequestBuilder::json`], of which little is compiled
/// for each model.
pub(crate) trait WithJson {
    fn with_json<T: Serialize + ?Sized>(self, body: &T) -> Self;
}

impl WithJson for RequestBuilder {
    fn with_json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        with_bytes(self, serde_json::to_vec(body))
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
        Err(S::Error::custom("the body cannot be written as JSON"))
    }
}
