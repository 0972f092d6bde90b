//! Steps that the flow itself cannot take.

use serde_json::{Map, Value};

use super::{ConnectorSignIn, connector::Kind, next_step::Step};
use crate::{Error, Result, experience::Experience, setters::IntoText};

/// The record to identify the user by has not been verified yet. Verify it, and
/// [identify](super::SignInFlow::identify) the user by it again.
#[derive(Clone)]
pub struct UnverifiedStep {
    pub(super) step: Step,
}

impl UnverifiedStep {
    /// The id of the verification record.
    pub fn verification_id(&self) -> Option<&str> {
        self.step.record.as_deref()
    }
}

/// The e-mail address belongs to an enterprise connector: continue with [`sso`](Self::sso).
#[derive(Clone)]
pub struct SsoStep {
    pub(super) step: Step,
}

impl SsoStep {
    /// The ids of the enterprise connectors.
    pub fn connector_ids(&self) -> Vec<String> {
        let connectors = self.step.data("ssoConnectors").and_then(Value::as_array);
        let ids = connectors.into_iter().flatten().map(|connector| connector.get("id"));
        ids.filter_map(|id| Some(id?.as_str()?.to_owned())).collect()
    }

    /// Starts a sign-in with the enterprise identity provider, by one of its
    /// [connectors](Self::connector_ids), like [`SignInFlow::sso`](super::SignInFlow::sso).
    ///
    /// # Errors
    ///
    /// When the connector does not exist.
    pub async fn sso(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        let step = self.step.clone();
        ConnectorSignIn::start(step, Kind::Sso, connector_id, redirect_uri, None).await
    }
}

/// A captcha has to be solved: restart the flow with the token of the captcha widget, by
/// [`SignInFlow::captcha`](super::SignInFlow::captcha).
#[derive(Clone)]
pub struct CaptchaStep {
    pub(super) step: Step,
}

/// A step that this version of the crate does not know.
#[derive(Clone)]
pub struct UnknownStep {
    pub(super) step: Step,
}

impl UnknownStep {
    /// Logto's error code for the step.
    pub fn code(&self) -> &str {
        self.reason().and_then(Error::code).unwrap_or_default()
    }

    /// The data of Logto's response.
    pub fn data(&self) -> Option<&Map<String, Value>> {
        self.reason()?.data()?.as_object()
    }

    /// Logto's response.
    pub fn reason(&self) -> Option<&Error> {
        self.step.reason.as_deref()
    }

    /// The step to continue with, once this one has been completed by other means.
    pub fn proceed(&self) -> super::NextStep {
        self.step.identified()
    }

    /// All operations of the Experience API, with the cookies of the flow, to complete the step.
    pub fn experience(&self) -> Experience {
        self.step.experience()
    }
}

plain_debug!(UnverifiedStep, SsoStep, CaptchaStep, UnknownStep);
