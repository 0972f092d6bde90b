//! The device authorization request.

use std::fmt;

use super::authorization_request::DEFAULT_SCOPE;
use crate::{
    Client, Error, Result,
    oidc::{App, DeviceAuthorization, DeviceParameters},
    setters::{IntoScope, IntoText},
};

/// A request for a sign-in on a device without a browser at hand (RFC 8628), made by
/// [`Client::device_sign_in`].
#[must_use = "a request does nothing until `begin` is called"]
pub struct DeviceAuthorizationRequest {
    client: Client,
    client_id: String,
    client_secret: Option<String>,
    wanted: DeviceParameters,
}

impl Client {
    /// Starts a sign-in on a device without a browser at hand: a command-line tool, a television, a
    /// server that is reached over SSH. The user confirms it in a browser on any device.
    ///
    /// The application has to be a native one that was created for the device flow
    /// (`isDeviceFlow`), which Logto has since 1.38.
    ///
    /// ```no_run
    /// # async fn run(logto: logto_api::Client) -> logto_api::Result<()> {
    /// let device = logto.device_sign_in("device-app-id").begin().await?;
    /// println!("Open {} and enter {}", device.verification_uri(), device.user_code());
    /// let tokens = device.tokens().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn device_sign_in(&self, client_id: impl IntoText) -> DeviceAuthorizationRequest {
        let wanted = DeviceParameters { scope: DEFAULT_SCOPE.to_owned(), resources: Vec::new() };
        DeviceAuthorizationRequest {
            client: self.clone(),
            client_id: client_id.into_text(),
            client_secret: None,
            wanted,
        }
    }
}

impl DeviceAuthorizationRequest {
    /// The scope to ask for, in place of `openid offline_access profile`: names with spaces between.
    /// Without `openid` there is no ID token, without `offline_access` no refresh token.
    pub fn scope<Kind>(mut self, scope: impl IntoScope<Kind>) -> Self {
        self.wanted.scope = scope.into_scope();
        self
    }

    /// An API resource whose tokens will be wanted, by its indicator. There may be several.
    pub fn resource(mut self, indicator: impl IntoText) -> Self {
        self.wanted.resources.push(indicator.into_text());
        self
    }

    /// The application's secret, if it has one. Logto's applications for the device flow have none.
    pub fn client_secret(mut self, secret: impl IntoText) -> Self {
        self.client_secret = Some(secret.into_text());
        self
    }

    /// Gets the codes. The user has ten minutes from then on.
    ///
    /// # Errors
    ///
    /// When the client id, the scope or a resource is empty; and when Logto gives no codes
    /// ([`Error::is_auth`]): it does not know the application, the application is not for the
    /// device flow, or this Logto is older than 1.38.
    pub async fn begin(self) -> Result<DeviceAuthorization> {
        let blank = |value: &String| value.trim().is_empty();
        if blank(&self.wanted.scope) || self.wanted.resources.iter().any(blank) {
            return Err(Error::config("the scope or a resource is empty"));
        }
        let app = App::new(self.client_id, self.client_secret)?;
        DeviceAuthorization::begin(&self.client.anonymous(), app, self.wanted).await
    }
}

impl fmt::Debug for DeviceAuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("scope", &self.wanted.scope)
            .field("resources", &self.wanted.resources)
            .finish_non_exhaustive()
    }
}
