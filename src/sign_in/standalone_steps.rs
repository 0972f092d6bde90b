//! Steps that are not the session's to do.

use serde_json::{Map, Value};

use super::{ConnectorSignIn, connector::Kind, next_step::Step};
use crate::{Error, Result, experience::Experience, setters::IntoText};

/// A record that was to tell who the user is has not been verified yet. Verify it, and
/// [identify](super::SignInFlow::identify) by it again.
#[derive(Clone)]
pub struct UnverifiedStep {
    pub(super) step: Step,
}

impl UnverifiedStep {
    /// The id of the record.
    pub fn verification_id(&self) -> Option<&str> {
        self.step.record.as_deref()
    }
}

/// An e-mail address that belongs to a company: go on [there](Self::sso).
#[derive(Clone)]
pub struct SsoStep {
    pub(super) step: Step,
}

impl SsoStep {
    /// The ids of the company's connectors.
    pub fn connector_ids(&self) -> Vec<String> {
        let connectors = self.step.data("ssoConnectors").and_then(Value::as_array);
        let ids = connectors.into_iter().flatten().map(|connector| connector.get("id"));
        ids.filter_map(|id| Some(id?.as_str()?.to_owned())).collect()
    }

    /// Starts at the company's identity provider, by one of its
    /// [connectors](Self::connector_ids), as [`SignInFlow::sso`](super::SignInFlow::sso) does.
    ///
    /// # Errors
    ///
    /// When there is no such connector.
    pub async fn sso(
        &self,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
    ) -> Result<ConnectorSignIn> {
        let step = self.step.clone();
        ConnectorSignIn::start(step, Kind::Sso, connector_id, redirect_uri, None).await
    }
}

/// A captcha is to be solved: begin the session anew with what its widget gives, by
/// [`SignInFlow::captcha`](super::SignInFlow::captcha).
#[derive(Clone)]
pub struct CaptchaStep {
    pub(super) step: Step,
}

/// Something that Logto wants and this version of the crate does not know.
#[derive(Clone)]
pub struct UnknownStep {
    pub(super) step: Step,
}

impl UnknownStep {
    /// Logto's code for it.
    pub fn code(&self) -> &str {
        self.reason().and_then(Error::code).unwrap_or_default()
    }

    /// What Logto says besides.
    pub fn data(&self) -> Option<&Map<String, Value>> {
        self.reason()?.data()?.as_object()
    }

    /// Logto's answer.
    pub fn reason(&self) -> Option<&Error> {
        self.step.reason.as_deref()
    }

    /// The step to go on from, once it is done by other means.
    pub fn proceed(&self) -> super::NextStep {
        self.step.identified()
    }

    /// All operations of the Experience API, with the cookies of the session: to do it by.
    pub fn experience(&self) -> Experience {
        self.step.experience()
    }
}

plain_debug!(UnverifiedStep, SsoStep, CaptchaStep, UnknownStep);
