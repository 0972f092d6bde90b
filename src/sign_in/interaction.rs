//! The interaction behind a flow: its cookies and its requests.

use std::sync::Arc;

use reqwest::StatusCode;

use super::{SignInFlow, event::Event};
use crate::{
    Client, Error, Result,
    auth::Credentials,
    experience::Experience,
    models,
    oidc::{App, PendingAuthorization},
};

/// What to do if this Logto cannot return the state of an interaction.
const RESUME_HINT: &str = "continue from what you know of the interaction, with \
                           `InteractionHandle::flow` or `identified`";

/// What the end of a flow needs to exchange the code.
pub(crate) struct Authorization {
    pub(crate) app: App,
    pub(crate) pending: PendingAuthorization,
}

/// A client with the interaction's cookies, shared by all steps of a flow.
#[derive(Clone)]
pub(crate) struct Interaction(Arc<Shared>);

struct Shared {
    client: Client,
    authorization: Option<Authorization>,
}

impl Interaction {
    pub(super) fn new(client: Client, authorization: Option<Authorization>) -> Self {
        // An application's own token has no business here.
        let client = client.with_credentials(Credentials::None);
        Self(Arc::new(Shared { client, authorization }))
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(super) fn authorization(&self) -> Option<&Authorization> {
        self.0.authorization.as_ref()
    }

    pub(super) fn pending(&self) -> Option<&PendingAuthorization> {
        self.authorization().map(|known| &known.pending)
    }

    pub(super) fn experience(&self) -> Experience {
        self.0.client.experience()
    }

    /// What Logto knows about the interaction so far.
    pub(super) async fn state(&self) -> Result<models::Interaction> {
        let state = self.experience().get_interaction().send().await;
        state.map_err(|error| match is_unknown_path(&error) {
            true => error.hinting(RESUME_HINT),
            false => error,
        })
    }

    /// Begins an interaction for this event; everything verified so far is discarded.
    pub(super) async fn start<E: Event>(
        &self,
        captcha_token: Option<String>,
    ) -> Result<SignInFlow<E>> {
        let mut call = self.experience().init_interaction(E::EVENT);
        if let Some(token) = captcha_token {
            call = call.captcha_token(token);
        }
        call.send().await?;
        Ok(SignInFlow::new(self.clone()))
    }

    /// Switches to this event and keeps the records that are verified.
    pub(super) async fn switch<E: Event>(&self) -> Result<SignInFlow<E>> {
        self.experience().update_interaction_event(E::EVENT).send().await?;
        Ok(SignInFlow::new(self.clone()))
    }
}

/// Whether the operation does not exist, rather than the resource: Logto sends no code then.
fn is_unknown_path(error: &Error) -> bool {
    error.status() == Some(StatusCode::NOT_FOUND) && error.code().is_none()
}
