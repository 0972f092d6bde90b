//! What the server knows: one value behind one lock.

pub(crate) mod codes;
pub(crate) mod collection;
pub(crate) mod connectors;
pub(crate) mod deliveries;
pub(crate) mod experience;
pub(crate) mod factors;
pub(crate) mod ids;
pub(crate) mod interaction;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod params;
pub(crate) mod policy;
pub(crate) mod recorded;
pub(crate) mod tables;
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
    codes::Codes, connectors::Connectors, deliveries::Delivery, ids::Ids, interaction::Interaction,
    keys::Keys, links::AllLinks, policy::Policy, recorded::RecordedRequest, tables::Tables,
    tokens::Tokens, user::Users, verifications::Verifications,
};

pub(crate) struct State {
    pub(crate) endpoint: String,
    pub(crate) ids: Ids,
    pub(crate) keys: Keys,
    /// The id of the application that may use the Management API.
    pub(crate) manager: String,
    pub(crate) users: Users,
    /// All other entities.
    pub(crate) tables: Tables,
    pub(crate) links: AllLinks,
    /// Files by id, with their types; none where there is no storage.
    pub(crate) storage: Option<HashMap<String, (String, Vec<u8>)>>,
    /// Webhooks that are due.
    pub(crate) deliveries: Vec<Delivery>,
    /// Whether what cannot be told from the contract is refused.
    pub(crate) strict: bool,
    pub(crate) tokens: Tokens,
    pub(crate) policy: Policy,
    pub(crate) codes: Codes,
    /// Those of the Account API.
    pub(crate) verifications: Verifications,
    pub(crate) connectors: Connectors,
    /// Identifiers that have been tried too often.
    pub(crate) locked: HashSet<String>,
    pub(crate) interactions: HashMap<String, Interaction>,
    /// Where browsers go that are asked whether to sign out.
    pub(crate) sign_outs: HashMap<String, String>,
    /// The newest.
    pub(crate) requests: Vec<RecordedRequest>,
    pub(crate) token_requests: usize,
    /// What the next requests are answered with instead.
    pub(crate) failures: VecDeque<u16>,
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
    pub(crate) fn new(endpoint: &str) -> io::Result<Self> {
        let mut ids = Ids::new(endpoint);
        let keys = Keys::new(&ids.standard())?;
        Ok(Self(Arc::new(Mutex::new(State {
            endpoint: endpoint.to_owned(),
            ids,
            keys,
            manager: String::new(),
            users: Users::default(),
            tables: Tables::default(),
            links: AllLinks::default(),
            storage: None,
            deliveries: Vec::new(),
            strict: false,
            tokens: Tokens::default(),
            policy: Policy::default(),
            codes: Codes::default(),
            verifications: Verifications::default(),
            connectors: Connectors::default(),
            locked: HashSet::new(),
            interactions: HashMap::new(),
            sign_outs: HashMap::new(),
            requests: Vec::new(),
            token_requests: 0,
            failures: VecDeque::new(),
        }))))
    }

    /// No guard lives across an `await`, and a poisoned state is still a state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
