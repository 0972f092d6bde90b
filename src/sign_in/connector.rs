//! Sign-in with social and enterprise identity providers.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{NextStep, code::Purpose, next_step::Step};
use crate::{
    Error, Result,
    models::{AddUserProfile, AddUserProfileSocial},
    oidc,
    reqwest::Url,
    setters::{IntoObject, IntoText},
};

/// The kind of connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Social,
    Sso,
}

/// A sign-in with a social or enterprise identity provider, to which the user is sent.
///
/// ```no_run
/// # async fn run(flow: logto_api::sign_in::SignInFlow) -> logto_api::Result<()> {
/// let github = flow.social("connector-id", "https://acme.com/callback/github").await?;
/// println!("{}", github.authorization_uri());
/// // The provider has sent the user back:
/// let step = github.verify_callback("https://acme.com/callback/github?code=…&state=…").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "what the user comes back with has to be verified"]
pub struct ConnectorSignIn {
    step: Step,
    state: ConnectorState,
    purpose: Purpose,
}

/// The serializable state of a [`ConnectorSignIn`], to store until the user returns. It is a
/// secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct ConnectorState {
    kind: Kind,
    connector_id: String,
    redirect_uri: String,
    state: String,
    verification_id: String,
    authorization_uri: String,
}

impl ConnectorSignIn {
    pub(super) async fn start(
        step: Step,
        kind: Kind,
        connector_id: impl IntoText,
        redirect_uri: impl IntoText,
        state: Option<String>,
    ) -> Result<Self> {
        let (connector_id, redirect_uri) = (connector_id.into_text(), redirect_uri.into_text());
        let state = match state {
            Some(state) => state,
            None => oidc::random_text()?,
        };
        let api = step.experience();
        let (id, uri) = (&connector_id, &redirect_uri);
        let (authorization_uri, verification_id) = match kind {
            Kind::Social => {
                let begun = api.create_social_verification(id, &state, uri).send().await?;
                (begun.authorization_uri, begun.verification_id)
            }
            Kind::Sso => {
                let begun = api.create_enterprise_sso_verification(id, &state, uri).send().await?;
                (begun.authorization_uri, begun.verification_id)
            }
        };
        let state = ConnectorState {
            kind,
            connector_id,
            redirect_uri,
            state,
            verification_id,
            authorization_uri,
        };
        Ok(Self::of(step, state))
    }

    pub(super) fn of(step: Step, state: ConnectorState) -> Self {
        Self { step, state, purpose: Purpose::Identify }
    }

    /// The same, to add the social account to an identified user.
    pub(super) fn for_profile(self) -> Self {
        Self { purpose: Purpose::Profile, ..self }
    }

    /// Where to send the user.
    pub fn authorization_uri(&self) -> &str {
        &self.state.authorization_uri
    }

    /// The id of the verification record.
    pub fn verification_id(&self) -> &str {
        &self.state.verification_id
    }

    /// The state to store until the user returns, to continue with
    /// [`SignInFlow::connector_sign_in`](super::SignInFlow::connector_sign_in).
    pub fn state(&self) -> &ConnectorState {
        &self.state
    }

    /// Verifies the URL that the provider has redirected the user to, and continues like
    /// [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// The same as [`verify`](Self::verify), and when the URL is not the redirect URI.
    pub async fn verify_callback(&self, url: &str) -> Result<NextStep> {
        let url = Url::parse(url).ok();
        let expected = Url::parse(&self.state.redirect_uri).ok();
        let place = |url: &Url| (url.origin().ascii_serialization(), url.path().to_owned());
        let url = url.filter(|url| expected.is_some_and(|uri| place(&uri) == place(url)));
        let Some(url) = url else {
            return Err(Error::callback(
                "the user returned to a URL that is not the redirect URI of this connector",
            ));
        };
        self.verify(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())))
            .await
    }

    /// Verifies what the provider has sent, such as the query parameters of the URL or the fields
    /// of a form. This identifies the user, or adds the social account to the user.
    ///
    /// # Errors
    ///
    /// Before anything is sent: when `state` is missing or different. From Logto: what the provider
    /// reports.
    pub async fn verify<K>(&self, data: impl IntoObject<K>) -> Result<NextStep> {
        let mut data = data.into_object().map_err(|problem| Error::request(problem.to_string()))?;
        if data.get("state").and_then(Value::as_str) != Some(&self.state.state) {
            return Err(Error::callback(
                "the callback's `state` does not match the one that this connector was started \
                 with: it belongs to another sign-in, or was not requested",
            ));
        }
        data.entry("redirectUri").or_insert_with(|| self.state.redirect_uri.clone().into());
        let api = self.step.experience();
        let (connector, record) = (&self.state.connector_id, &self.state.verification_id);
        let verified = match self.state.kind {
            Kind::Social => {
                api.verify_social(connector, data).verification_id(record).send().await?
            }
            Kind::Sso => api.verify_enterprise_sso(connector, data, record).send().await?,
        };
        let id = verified.verification_id;
        match self.purpose {
            Purpose::Identify => self.step.identify(Some(id)).await,
            Purpose::Profile | Purpose::Factor => {
                let part = AddUserProfile::Social(AddUserProfileSocial::new(&id));
                super::profile::add(&self.step, part, Some(id)).await
            }
        }
    }
}

impl fmt::Debug for ConnectorSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectorSignIn").field(&self.state).finish()
    }
}

impl fmt::Debug for ConnectorState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorState")
            .field("kind", &self.kind)
            .field("connector_id", &self.connector_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}
