//! Bodies of requests, as Logto reads them.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, Method, header::CONTENT_TYPE},
};
use serde_json::{Map, Value, json};

use crate::{
    rules::{
        contract::{Contract, Found},
        errors::Failure,
    },
    state::{
        Store,
        collection::{Members, object},
        params::Params,
    },
};

/// The largest body that is read at all, an upload's.
pub(crate) const LARGEST: usize = 16 * 1024 * 1024;
const LARGEST_JSON: usize = 1024 * 1024;
const LARGEST_TEXT: usize = 56 * 1024;

const JSON_TYPES: [&str; 6] = [
    "application/json",
    "application/json-patch+json",
    "application/vnd.api+json",
    "application/csp-report",
    "application/reports+json",
    "application/scim+json",
];

/// What a body is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Form,
    Text,
    /// What is not read: an upload, or what has no type that Logto knows.
    Other,
}

impl Kind {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
        match kind.trim().to_ascii_lowercase().as_str() {
            kind if JSON_TYPES.contains(&kind) => Self::Json,
            "application/x-www-form-urlencoded" => Self::Form,
            kind if kind.starts_with("text/") => Self::Text,
            _ => Self::Other,
        }
    }

    /// How many bytes it may have.
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Json => LARGEST_JSON,
            Self::Form | Self::Text => LARGEST_TEXT,
            Self::Other => LARGEST,
        }
    }
}

/// The body of a request with these headers. What is not read is an empty object.
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
    match Kind::of(headers) {
        Kind::Json if !body.is_empty() => of_json(body),
        Kind::Form => Ok(of_form(body)),
        Kind::Text => Ok(String::from_utf8_lossy(body).into()),
        Kind::Json | Kind::Other => Ok(json!({})),
    }
}

/// A body that has not been checked yet, of a request to this path.
#[derive(Default)]
pub(crate) struct JsonBody {
    pub(crate) value: Value,
    method: Method,
    path: String,
    release: Option<String>,
}

impl JsonBody {
    /// The members that the operation knows in the release that is played, or all complaints at
    /// once.
    pub(crate) fn check(&self) -> Result<Members, Failure> {
        let (contract, release) = (Contract::get(), self.release.as_deref());
        let Found::Operation(at, path) = contract.find(self.method.as_str(), &self.path, release)
        else {
            return Ok(Members::new());
        };
        let known = contract.guarded(&contract.operations[at], release, &path, &self.value);
        Ok(object(known.transpose()?.unwrap_or_default()))
    }
}

fn of_json(body: &[u8]) -> Result<Value, Failure> {
    let refused = |why: &str| Failure::raw(400, json!({ "message": why }));
    let value = serde_json::from_slice(body).map_err(|error| refused(&error.to_string()))?;
    match value {
        Value::Object(_) | Value::Array(_) => Ok(value),
        _ => Err(refused("invalid JSON, only supports object and array")),
    }
}

/// The object that a form stands for: `a[b]=1` is a member of a member, `a[]=1` an item of a list.
fn of_form(body: &[u8]) -> Value {
    let mut members = Map::new();
    for (name, value) in Params::parse(body).iter() {
        let mut parts = name.split('[').map(|part| part.trim_end_matches(']'));
        let first = parts.next().unwrap_or_default().to_owned();
        let mut place = members.entry(first).or_insert(Value::Null);
        for part in parts {
            if part.is_empty() {
                break;
            }
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[part];
        }
        *place = match place.take() {
            Value::Null if name.ends_with("[]") => json!([value]),
            Value::Null => value.into(),
            Value::Array(mut items) => {
                items.push(value.into());
                items.into()
            }
            before => json!([before, value]),
        };
    }
    members.into()
}

impl FromRequest<Store> for JsonBody {
    type Rejection = Failure;

    async fn from_request(request: Request, store: &Store) -> Result<Self, Failure> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, store).await.unwrap_or_default();
        let release = store.lock().release.clone();
        Ok(Self { value: read(&headers, &body)?, method, path, release })
    }
}
