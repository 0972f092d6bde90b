//! Stub.
use crate::{Error, Result, models};
use serde::Serialize;
pub(crate) fn registration_credential(
    credential: &impl Serialize,
) -> Result<models::RegistrationCredential> {
    serde_json::to_value(credential)
        .and_then(serde_json::from_value)
        .map_err(|_| Error::request("stub"))
}
pub(crate) fn authentication_credential(
    credential: &impl Serialize,
) -> Result<models::AuthenticationCredential> {
    serde_json::to_value(credential)
        .and_then(serde_json::from_value)
        .map_err(|_| Error::request("stub"))
}
