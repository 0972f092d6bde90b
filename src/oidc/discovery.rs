//! OpenID Connect Discovery.

use reqwest::{Method, StatusCode};
use serde::Deserialize;

use crate::{Client, Error, Result, error::AuthFailure};

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Whether the server identifies itself in all authorization responses (RFC 9207, section 3). A
/// server without metadata does not; a server that cannot be reached is not trusted.
pub(super) async fn names_issuer_in_callbacks(client: &Client) -> Result<bool> {
    let request = client.request(Method::GET, "/oidc/.well-known/openid-configuration");
    let metadata = match request.unauthenticated().send().await {
        Ok(response) => response.json::<Metadata>().unwrap_or_default(),
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Metadata::default(),
        Err(error) => {
            let problem = "cannot find out whether the callback may omit `iss`";
            return Err(Error::auth(AuthFailure::of_call(problem, error)));
        }
    };
    Ok(metadata.authorization_response_iss_parameter_supported)
}
