//! What the server knows: one value behind one lock.

pub(crate) mod codes;
pub(crate) mod collection;
pub(crate) mod connectors;
pub(crate) mod experience;
pub(crate) mod factors;
pub(crate) mod ids;
pub(crate) mod interaction;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod one_time_tokens;
pub(crate) mod params;
pub(crate) mod policy;
pub(crate) mod recorded;
mod time;
pub(crate) mod tokens;
pub(crate) mod user;
pub(crate) mod verifications;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use self::time::{iso, now};
use crate::state::{
    codes::Codes,
    collection::{Collection, text},
    connectors::Connectors,
    ids::Ids,
    interaction::Interaction,
    keys::Keys,
    links::Links,
    one_time_tokens::OneTimeTokens,
    policy::Policy,
    recorded::RecordedRequest,
    tokens::Tokens,
    user::Users,
    verifications::Verifications,
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
    pub(crate) policy: Policy,
    pub(crate) codes: Codes,
    /// Those of the Account API.
    pub(crate) verifications: Verifications,
    pub(crate) connectors: Connectors,
    pub(crate) one_time_tokens: OneTimeTokens,
    /// Identifiers that have been tried too often.
    pub(crate) locked: HashSet<String>,
    pub(crate) interactions: HashMap<String, Interaction>,
    /// Where browsers go that are asked whether to sign out.
    pub(crate) sign_outs: HashMap<String, String>,
    pub(crate) requests: Vec<RecordedRequest>,
    /// What the next requests are answered with instead.
    pub(crate) failures: VecDeque<u16>,
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
            resources: Collection::default(),
            scopes: Collection::default(),
            hooks: Collection::default(),
            tokens: Tokens::default(),
            policy: Policy::default(),
            codes: Codes::default(),
            verifications: Verifications::default(),
            connectors: Connectors::default(),
            one_time_tokens: OneTimeTokens::default(),
            locked: HashSet::new(),
            interactions: HashMap::new(),
            sign_outs: HashMap::new(),
            requests: Vec::new(),
            failures: VecDeque::new(),
        }))))
    }

    /// No guard lives across an `await`, and a poisoned state is still a state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
