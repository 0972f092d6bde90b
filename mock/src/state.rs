//! What the server knows: one value behind one lock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    apps::Apps, authorization::Interaction, ids::Ids, recorder::RecordedRequest, tokens::Tokens,
    user::Users,
};

pub(crate) struct State {
    pub(crate) endpoint: String,
    pub(crate) ids: Ids,
    pub(crate) apps: Apps,
    pub(crate) users: Users,
    pub(crate) tokens: Tokens,
    pub(crate) interactions: HashMap<String, Interaction>,
    pub(crate) requests: Vec<RecordedRequest>,
}

impl State {
    pub(crate) fn issuer(&self) -> String {
        format!("{}/oidc", self.endpoint)
    }
}

/// A handle of the state, shared by the server's tasks and the test.
#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<State>>);

impl Store {
    pub(crate) fn new(endpoint: &str) -> Self {
        let mut ids = Ids::new(endpoint);
        Self(Arc::new(Mutex::new(State {
            endpoint: endpoint.to_owned(),
            apps: Apps::new(&mut ids),
            ids,
            users: Users::default(),
            tokens: Tokens::default(),
            interactions: HashMap::new(),
            requests: Vec::new(),
        })))
    }

    /// No guard lives across an `await`, and a poisoned state is still a state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since the epoch, as Logto counts time.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
