//! What the server knows: one value behind one lock.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    authorization::Interaction,
    collection::{Collection, text},
    ids::Ids,
    keys::Keys,
    links::Links,
    recorder::RecordedRequest,
    resources,
    tokens::Tokens,
    user::Users,
};

pub(crate) struct State {
    pub(crate) endpoint: String,
    pub(crate) ids: Ids,
    pub(crate) keys: Keys,
    /// The id of the application that may use the Management API.
    pub(crate) manager: String,
    pub(crate) users: Users,
    pub(crate) applications: Collection,
    /// Of all applications.
    pub(crate) secrets: Collection,
    pub(crate) roles: Collection,
    /// Users and their roles.
    pub(crate) user_roles: Links,
    pub(crate) organizations: Collection,
    /// Organizations and the users in them.
    pub(crate) members: Links,
    pub(crate) resources: Collection,
    /// Of all resources.
    pub(crate) scopes: Collection,
    pub(crate) hooks: Collection,
    pub(crate) tokens: Tokens,
    pub(crate) interactions: HashMap<String, Interaction>,
    /// Where browsers go that are asked whether to sign out.
    pub(crate) sign_outs: HashMap<String, String>,
    pub(crate) requests: Vec<RecordedRequest>,
}

impl State {
    pub(crate) fn issuer(&self) -> String {
        format!("{}/oidc", self.endpoint)
    }

    /// Removes what hangs on something that is gone.
    pub(crate) fn forget(&mut self, id: &str) {
        self.user_roles.forget(id);
        self.members.forget(id);
        self.secrets.remove(|secret| text(secret, "applicationId") == Some(id));
        self.scopes.remove(|scope| text(scope, "resourceId") == Some(id));
    }
}

/// A handle of the state, shared by the server's tasks and the test.
#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<State>>);

impl Store {
    pub(crate) fn new(endpoint: &str) -> io::Result<Self> {
        let mut ids = Ids::new(endpoint);
        let keys = Keys::new(&ids.standard())?;
        let mut resources = Collection::default();
        resources.add(resources::management());
        Ok(Self(Arc::new(Mutex::new(State {
            endpoint: endpoint.to_owned(),
            ids,
            keys,
            manager: String::new(),
            users: Users::default(),
            applications: Collection::default(),
            secrets: Collection::default(),
            roles: Collection::default(),
            user_roles: Links::default(),
            organizations: Collection::default(),
            members: Links::default(),
            resources,
            scopes: Collection::default(),
            hooks: Collection::default(),
            tokens: Tokens::default(),
            interactions: HashMap::new(),
            sign_outs: HashMap::new(),
            requests: Vec::new(),
        }))))
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
