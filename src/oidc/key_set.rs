//! The endpoint where a Logto publishes its keys.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::{Client, Error, Result, RetryPolicy};

/// How long is waited for keys where there are some to go on with.
const STALE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a key set may be, in bytes. Logto's has a few keys of less than a thousand bytes.
const MAX_SIZE: usize = 1024 * 1024;

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Asks for the keys; only for a moment and once where there are some to go on with.
pub(super) async fn fetch(client: &Client, has_stale: bool) -> Result<Vec<Value>> {
    let mut request = client.request(Method::GET, "/oidc/jwks").unauthenticated();
    if has_stale {
        request = request.timeout(STALE_TIMEOUT).retry(RetryPolicy::never());
    }
    let response = request.max_response_size(MAX_SIZE).send().await.map_err(|error| match error
        .is_response_too_large()
    {
        true => Error::invalid_token(
            "the key set is longer than 1 MiB: check that the endpoint's address is Logto's",
        ),
        false => error,
    })?;
    Ok(response.json::<KeySet>()?.keys)
}
