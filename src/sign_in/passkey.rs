//! Signing in with a passkey.

use serde::Serialize;

use super::{NextStep, next_step::Step};
use crate::{Result, models::CredentialRequestOptions, web_authn};

/// A sign-in with a passkey, which the browser is asked for.
///
/// Pass [`options`](Self::options) to the page, and what the browser returns to
/// [`verify`](Self::verify):
///
/// ```js
/// const options = PublicKeyCredential.parseRequestOptionsFromJSON(optionsFromYourServer);
/// const credential = await navigator.credentials.get({ publicKey: options });
/// sendToYourServer(credential.toJSON());
/// ```
#[derive(Clone)]
#[must_use = "what the browser gives has to be verified"]
pub struct PasskeySignIn {
    step: Step,
    options: Option<CredentialRequestOptions>,
    verification_id: Option<String>,
}

impl PasskeySignIn {
    pub(super) fn new(
        step: Step,
        options: Option<CredentialRequestOptions>,
        verification_id: Option<String>,
    ) -> Self {
        Self { step, options, verification_id }
    }

    /// The `publicKey` argument of the browser's `navigator.credentials.get()`. `None` if an
    /// earlier request had it.
    pub fn options(&self) -> Option<&CredentialRequestOptions> {
        self.options.as_ref()
    }

    /// The id of the verification record, to continue in another request. A discoverable passkey
    /// has none.
    pub fn verification_id(&self) -> Option<&str> {
        self.verification_id.as_deref()
    }

    /// Verifies the credential that the browser returned, as JSON or as a type of `webauthn-rs`,
    /// and identifies the user.
    ///
    /// # Errors
    ///
    /// Before anything is sent: when it is not such a credential. From Logto: when it is not valid.
    pub async fn verify(&self, credential: impl Serialize) -> Result<NextStep> {
        let credential = web_authn::authentication_credential(&credential)?;
        let mut call = self.step.experience().verify_passkey_authentication(credential);
        if let Some(id) = &self.verification_id {
            call = call.verification_id(id);
        }
        let record = call.send().await?;
        self.step.identify(Some(record.verification_id)).await
    }
}

/// The verification of one of the user's own passkeys or security keys, as a second factor.
///
/// It is used like [`PasskeySignIn`].
#[derive(Clone)]
#[must_use = "what the browser gives has to be verified"]
pub struct WebAuthnChallenge {
    step: Step,
    options: Option<CredentialRequestOptions>,
    verification_id: String,
}

impl WebAuthnChallenge {
    pub(super) async fn start(step: Step) -> Result<Self> {
        let started = step.experience().create_web_authn_authentication().send().await?;
        let (options, id) = (started.authentication_options, started.verification_id);
        Ok(Self { step, options: Some(options), verification_id: id })
    }

    pub(super) fn of(step: Step, verification_id: String) -> Self {
        Self { step, options: None, verification_id }
    }

    /// The `publicKey` argument of the browser's `navigator.credentials.get()`. `None` if an
    /// earlier request had it.
    pub fn options(&self) -> Option<&CredentialRequestOptions> {
        self.options.as_ref()
    }

    /// The id of the verification record, to continue in another request.
    pub fn verification_id(&self) -> &str {
        &self.verification_id
    }

    /// Verifies the credential that the browser returned, as JSON or as a type of `webauthn-rs`.
    ///
    /// # Errors
    ///
    /// Before anything is sent: when it is not such a credential. From Logto: when it is not valid.
    pub async fn verify(&self, credential: impl Serialize) -> Result<NextStep> {
        let credential = web_authn::authentication_credential(&credential)?;
        let experience = self.step.experience();
        experience
            .verify_web_authn_authentication(&self.verification_id, credential)
            .send()
            .await?;
        Ok(self.step.identified())
    }
}

plain_debug!(PasskeySignIn, WebAuthnChallenge);
