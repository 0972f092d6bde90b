//! The interaction under a session: its cookies, its steps, and what they are answered with.

use std::sync::Arc;

use super::{NextStep, next_step::Step};
use crate::{
    Client, Result,
    auth::Credentials,
    experience::Experience,
    models::InteractionEvent,
    oidc::{App, PendingAuthorization},
};

/// What the end of a session needs to get tokens.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) app: App,
    pub(crate) pending: PendingAuthorization,
}

/// A client with the interaction's cookies, shared by all steps of a session.
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

    pub(super) async fn start(
        &self,
        event: InteractionEvent,
        captcha_token: Option<String>,
    ) -> Result<()> {
        let mut call = self.experience().init_interaction(event);
        if let Some(token) = captcha_token {
            call = call.captcha_token(token);
        }
        call.send().await
    }

    pub(super) async fn switch(&self, event: InteractionEvent) -> Result<()> {
        self.experience().update_interaction_event(event).send().await
    }

    /// What comes after the user is known.
    pub(super) fn identified(&self, event: InteractionEvent) -> NextStep {
        Step::new(self, event).identified()
    }

    /// Tells Logto who the user is, by a record, or by what a registration has collected.
    pub(super) async fn identify(
        &self,
        event: InteractionEvent,
        record: Option<String>,
        link: bool,
    ) -> Result<NextStep> {
        let mut call = self.experience().identify();
        if let Some(id) = &record {
            call = call.verification_id(id);
        }
        if link {
            call = call.link_social_identity(true);
        }
        match call.send().await {
            Ok(()) => Ok(self.identified(event)),
            Err(error) => NextStep::asked_by(error, Step { record, ..Step::new(self, event) }),
        }
    }
}
