//! Conversion of WebAuthn credentials and options between Logto and browsers or WebAuthn libraries.
//!
//! Logto's response to the start of a registration or authentication is the argument of a browser's
//! `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON`, and
//! WebAuthn libraries read `{"publicKey": options}`:
//!
//! ```no_run
//! # #[cfg(feature = "experience")]
//! # async fn run(logto: logto_api::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let registration = logto.experience().create_web_authn_registration().send().await?;
//! let for_the_browser = serde_json::to_string(&registration.registration_options)?;
//! let for_a_library = serde_json::json!({ "publicKey": registration.registration_options });
//! # Ok(())
//! # }
//! ```
//!
//! Credentials have several JSON formats. [`registration_credential`] and
//! `authentication_credential` convert them to Logto's.
//!
//! Logto validates the origin of the page by the `Origin` header of the request. The client sends
//! the origin of its endpoint; if your page has another, set it with
//! `.header("origin", "https://acme.com")`.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::models::{AuthenticatorAttachment, AuthenticatorTransport, RegistrationCredential};
use crate::{Error, Result, models::json_path};

/// Logto's `type` of a credential, which is `public-key` everywhere else.
const TYPE: &str = "WebAuthn";

/// Converts the credential that a browser created, for Logto.
///
/// It accepts the browser's `PublicKeyCredential.toJSON()` as a JSON value or string, a
/// `RegisterPublicKeyCredential` of webauthn-rs, and the model itself. Fields that Logto does not
/// know, such as results of further extensions, are dropped.
///
/// ```
/// # fn main() -> logto_api::Result<()> {
/// let posted = serde_json::json!({
///     "type": "public-key", "id": "AQID", "rawId": "AQID",
///     "authenticatorAttachment": null, "clientExtensionResults": { "prf": { "enabled": true } },
///     "response": { "clientDataJSON": "e30", "attestationObject": "oA", "transports": ["usb"] },
/// });
/// let credential = logto_api::web_authn::registration_credential(&posted)?;
/// assert_eq!(credential.id, "AQID");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When it is something else. The error says what is wrong, without quoting it.
pub fn registration_credential<T>(credential: &T) -> Result<RegistrationCredential>
where
    T: Serialize + ?Sized,
{
    let mut read: RegistrationCredential = read(credential, "create")?;
    known(&mut read.authenticator_attachment);
    // They are hints, and Logto would refuse the credential for one that it does not know.
    if let Some(transports) = &mut read.response.transports {
        transports.retain(|transport| !matches!(transport, AuthenticatorTransport::Unknown(_)));
    }
    Ok(read)
}

/// Converts the credential with which a browser authenticated, for Logto.
///
/// It accepts the browser's `PublicKeyCredential.toJSON()` as a JSON value or string, a
/// `PublicKeyCredential` of webauthn-rs, and the model itself. Fields that Logto does not know,
/// such as results of further extensions, are dropped.
///
/// # Errors
///
/// When it is something else. The error says what is wrong, without quoting it.
#[cfg(feature = "experience")]
pub fn authentication_credential<T>(
    credential: &T,
) -> Result<crate::models::AuthenticationCredential>
where
    T: Serialize + ?Sized,
{
    let mut read: crate::models::AuthenticationCredential = read(credential, "get")?;
    known(&mut read.authenticator_attachment);
    Ok(read)
}

/// Like a transport, it is a hint.
fn known(attachment: &mut Option<AuthenticatorAttachment>) {
    attachment.take_if(|attachment| matches!(attachment, AuthenticatorAttachment::Unknown(_)));
}

/// Reads a model from what is called a credential of the browser's `navigator.credentials.{call}()`.
fn read<C: DeserializeOwned>(credential: &(impl Serialize + ?Sized), call: &str) -> Result<C> {
    normalized(credential).and_then(|value| model(&value)).map_err(|problem| {
        let what = "this is not a credential that the browser's";
        Error::request(format!("{what} `navigator.credentials.{call}()` created: {problem}"))
    })
}

/// The credential's JSON, spelled as Logto spells it.
fn normalized(credential: &(impl Serialize + ?Sized)) -> Result<Value, String> {
    let mut value = serde_json::to_value(credential).map_err(|_| "it cannot be encoded as JSON")?;
    if let Value::String(text) = &value {
        value = serde_json::from_str(text).map_err(|error| json_path::problem(&error))?;
    }
    let members = value.as_object_mut().ok_or("it is not a JSON object")?;
    match members.get("type").and_then(Value::as_str) {
        Some("public-key" | TYPE) => members.insert("type".into(), TYPE.into()),
        _ => return Err("its `type` is not `public-key`".into()),
    };
    // As webauthn-rs calls them; some leave out what is empty.
    let extensions = members.remove("extensions").filter(|results| !results.is_null());
    let results = members.entry("clientExtensionResults").or_insert(Value::Null);
    if results.is_null() {
        *results = extensions.unwrap_or_else(|| Map::new().into());
    }
    Ok(value)
}

fn model<C: DeserializeOwned>(value: &Value) -> Result<C, String> {
    // Of a text, serde_json tells where it is wrong.
    let text = value.to_string();
    serde_json::from_str(&text).map_err(|error| {
        let place = json_path::locate(text.as_bytes(), &error);
        format!("at `{place}`, {}", json_path::problem(&error))
    })
}
