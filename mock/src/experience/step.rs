//! What every operation on an interaction begins with.

use axum::{
    extract::{FromRequest, Request},
    http::HeaderMap,
};

use super::{Answer, Experience};
use crate::{
    authorization::{Prompt, interaction_of},
    collection::Members,
    errors::Failure,
    guard::{Field, JsonBody},
    state::{State, Store},
};

/// A request that goes on with an interaction.
pub(super) struct Step {
    store: Store,
    headers: HeaderMap,
    body: JsonBody,
}

/// An interaction, for as long as an operation works on it.
pub(super) struct Flow<'a> {
    pub(super) uid: String,
    pub(super) state: &'a mut State,
    pub(super) experience: Experience,
}

impl FromRequest<Store> for Step {
    type Rejection = Failure;

    async fn from_request(request: Request, store: &Store) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let body = JsonBody::from_request(request, store).await?;
        Ok(Self { store: store.clone(), headers, body })
    }
}

impl Step {
    /// Carries out an operation, with what these fields name of the body.
    pub(super) fn take(
        self,
        fields: &'static [Field],
        operation: impl FnOnce(&mut Flow<'_>, &Members) -> Answer,
    ) -> Answer {
        let mut state = self.store.lock();
        let (uid, experience) = under_way(&mut state, &self.headers)?;
        let (experience, members) = (experience.clone(), self.body.check(fields)?);
        let mut flow = Flow { uid, state: &mut state, experience };
        let answer = operation(&mut flow, &members);
        // What an operation found out before it failed stays.
        let Flow { uid, experience, .. } = flow;
        if let Some(interaction) = state.interactions.get_mut(&uid) {
            interaction.prompt = Prompt::Login(Some(experience));
        }
        answer
    }
}

impl Flow<'_> {
    /// The id of the user who has been identified.
    pub(super) fn user_id(&self) -> Result<String, Failure> {
        let id = self.experience.user_id.clone();
        id.ok_or_else(|| Failure::new(404, "session.identifier_not_found"))
    }
}

/// The interaction that was started; most operations need one.
fn under_way<'a>(
    state: &'a mut State,
    headers: &HeaderMap,
) -> Result<(String, &'a mut Experience), Failure> {
    let (uid, interaction) = interaction_of(state, headers)?;
    match &mut interaction.prompt {
        Prompt::Login(Some(experience)) => Ok((uid, experience)),
        _ => Err(Failure::new(404, "session.interaction_not_found")),
    }
}
