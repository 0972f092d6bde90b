//! What every operation on an interaction begins with.

use axum::{
    extract::{FromRequest, Request},
    http::HeaderMap,
};

use super::{Answer, Experience, Record, audit, sentinel, webhooks};
use crate::{
    routes::{auth::user_agent, authorization::interaction_of, body::JsonBody},
    rules::errors::Failure,
    state::{
        State, Store, collection::Members, factors::Challenge, interaction::Prompt, user::User,
    },
};

/// A request that goes on with an interaction.
pub(super) struct Step {
    store: Store,
    path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: JsonBody,
}

/// An interaction, for as long as an operation works on it.
pub(super) struct Flow<'a> {
    pub(super) uid: String,
    pub(super) state: &'a mut State,
    pub(super) experience: Experience,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a JsonBody,
    /// Whether there is nothing to go on with.
    pub(super) ended: bool,
    /// The records that stay, if they are not those that the log tells of.
    pub(super) saved: Option<Vec<Record>>,
}

impl FromRequest<Store> for Step {
    type Rejection = Failure;

    async fn from_request(request: Request, store: &Store) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let path = request.uri().path().to_owned();
        let body = JsonBody::from_request(request, store).await?;
        Ok(Self { store: store.clone(), path, headers, body })
    }
}

impl Step {
    /// One whose body is no JSON.
    pub(super) fn without_body(store: &Store, path: &str, headers: &HeaderMap) -> Self {
        let (path, headers) = (path.to_owned(), headers.clone());
        Self { store: store.clone(), path, headers, body: JsonBody::default() }
    }

    /// Carries out an operation, with what it knows of the body.
    pub(super) fn take(self, operation: impl FnOnce(&mut Flow<'_>, &Members) -> Answer) -> Answer {
        let mut state = self.store.lock();
        let (uid, experience) = under_way(&mut state, &self.headers)?;
        let (before, members) = (experience.clone(), self.body.check()?);
        let (headers, body) = (&self.headers, &self.body);
        let (state, experience) = (&mut *state, before.clone());
        let mut flow = Flow { uid, state, experience, headers, body, ended: false, saved: None };
        let event = flow.experience.event;
        let answer = operation(&mut flow, &members);
        let answer = sentinel::judge(&mut flow, &self.path, &before, answer);
        audit::note(&mut flow, event, &self.path, &answer);
        webhooks::tell(&mut flow, &self.path, &answer);
        // What an operation found out before it failed stays.
        let Flow { uid, mut experience, ended, saved, .. } = flow;
        experience.records = saved.unwrap_or(experience.records);
        if let Some(interaction) = state.interactions.get_mut(&uid) {
            interaction.prompt = Prompt::Login((!ended).then_some(experience));
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

    /// The user who has been identified.
    pub(super) fn user(&self) -> Result<User, Failure> {
        let user = self.state.users.find(&self.user_id()?).cloned();
        user.ok_or_else(|| Failure::new(404, "entity.not_found"))
    }

    /// What a page has asked all passkeys, before it knew whose.
    pub(super) fn passkey_challenge(&self) -> Option<Challenge> {
        self.state.interactions.get(&self.uid)?.passkey.clone()
    }

    pub(super) fn user_agent(&self) -> Option<&str> {
        user_agent(self.headers)
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
