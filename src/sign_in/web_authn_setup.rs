//! Setting up a passkey or security key.

use std::fmt;

use serde::Serialize;

use super::{NextStep, next_step::Step};
use crate::{
    Result,
    models::{CredentialCreationOptions, MfaFactor},
    web_authn,
};

/// What the credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    SecondFactor,
    Passkey,
}

/// A passkey or security key that is being set up.
///
/// Pass [`options`](Self::options) to the page, and what the browser returns to
/// [`verify`](Self::verify):
///
/// ```js
/// const options = PublicKeyCredential.parseCreationOptionsFromJSON(optionsFromYourServer);
/// const credential = await navigator.credentials.create({ publicKey: options });
/// sendToYourServer(credential.toJSON());
/// ```
#[derive(Clone)]
#[must_use = "what the browser gives has to be verified"]
pub struct WebAuthnSetup {
    step: Step,
    for_use: Use,
    options: Option<CredentialCreationOptions>,
    verification_id: String,
}

impl WebAuthnSetup {
    pub(super) async fn start(step: Step, for_use: Use) -> Result<Self> {
        let started = step.experience().create_web_authn_registration().send().await?;
        let (options, id) = (started.registration_options, started.verification_id);
        Ok(Self { step, for_use, options: Some(options), verification_id: id })
    }

    pub(super) fn of(step: Step, for_use: Use, verification_id: String) -> Self {
        Self { step, for_use, options: None, verification_id }
    }

    /// The `publicKey` argument of the browser's `navigator.credentials.create()`. `None` if an
    /// earlier request had it.
    pub fn options(&self) -> Option<&CredentialCreationOptions> {
        self.options.as_ref()
    }

    /// The id of the verification record, to continue in another request.
    pub fn verification_id(&self) -> &str {
        &self.verification_id
    }

    /// Verifies the credential that the browser returned, as JSON or as a type of `webauthn-rs`,
    /// and binds it to the account.
    ///
    /// # Errors
    ///
    /// Before anything is sent: when it is not such a credential. From Logto: when it is not valid.
    pub async fn verify(&self, credential: impl Serialize) -> Result<NextStep> {
        let credential = web_authn::registration_credential(&credential)?;
        let experience = self.step.experience();
        let call = experience.verify_web_authn_registration(&self.verification_id, credential);
        let id = call.send().await?.verification_id;
        let bound = match self.for_use {
            Use::SecondFactor => {
                experience.bind_mfa_verification(MfaFactor::WebAuthn, id).send().await
            }
            Use::Passkey => experience.bind_passkey(id).send().await,
        };
        self.step.changed(bound)
    }
}

impl fmt::Debug for WebAuthnSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebAuthnSetup").field("for_use", &self.for_use).finish_non_exhaustive()
    }
}

/// The user is asked whether to create a passkey.
#[derive(Clone)]
pub struct PasskeyPrompt {
    pub(super) step: Step,
}

impl PasskeyPrompt {
    /// Starts the setup of a passkey.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn create(&self) -> Result<WebAuthnSetup> {
        WebAuthnSetup::start(self.step.clone(), Use::Passkey).await
    }

    /// Skips the passkey, permanently.
    ///
    /// # Errors
    ///
    /// When the interaction has expired.
    pub async fn skip(&self) -> Result<NextStep> {
        super::Mfa::new(self.step.clone()).skip_passkey().await
    }
}

plain_debug!(PasskeyPrompt);
