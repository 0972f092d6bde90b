//! Bodies of requests to the OIDC endpoints: forms, and JSON.

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{rules::errors::Failure, state::params::Params};

/// The parameters of a body. JSON that cannot be read is an empty body.
pub(crate) fn read(headers: &HeaderMap, body: &[u8], path: &str) -> Result<Params, Failure> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let params = match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => of_json(&serde_json::from_slice(body).unwrap_or_default()),
        "" | "application/x-www-form-urlencoded" => Params::parse(body),
        _ => {
            let description = format!(
                "only application/x-www-form-urlencoded content-type bodies are supported on POST {path}"
            );
            return Err(Failure::invalid_request(&description));
        }
    };
    if params.iter().any(|(_, value)| value.contains('\0')) {
        let description = "null bytes are not allowed in the request body";
        return Err(Failure::invalid_request(description));
    }
    let repeated = params
        .iter()
        .map(|(name, _)| name)
        .find(|name| !["resource", "audience"].contains(name) && params.all(name).count() > 1);
    match repeated {
        None => Ok(params),
        Some(name) => {
            let description = format!("'{name}' parameter must not be provided twice");
            Err(Failure::invalid_request(&description))
        }
    }
}

/// Arrays stand for parameters that repeat.
fn of_json(body: &Value) -> Params {
    let mut params = Params::default();
    for (name, value) in body.as_object().into_iter().flatten() {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        values.iter().filter_map(Value::as_str).for_each(|value| params.add(name, value));
    }
    params
}
