//! What the server knows: one value behind one lock.

pub(crate) mod attempts;
pub(crate) mod codes;
pub(crate) mod collection;
pub(crate) mod connectors;
pub(crate) mod custom_claims;
pub(crate) mod deliveries;
pub(crate) mod device;
pub(crate) mod experience;
pub(crate) mod factors;
pub(crate) mod faults;
pub(crate) mod ids;
pub(crate) mod interaction;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod params;
pub(crate) mod policy;
pub(crate) mod recorded;
pub(crate) mod sessions;
pub(crate) mod tables;
mod time;
pub(crate) mod tokens;
pub(crate) mod user;
pub(crate) mod verifications;

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

pub(crate) use self::time::{iso, now};
use crate::state::{
    attempts::Attempts,
    codes::Codes,
    connectors::Connectors,
    custom_claims::Customizer,
    deliveries::Delivery,
    faults::Faults,
    ids::Ids,
    interaction::Interaction,
    keys::Keys,
    links::AllLinks,
    policy::Policy,
    recorded::RecordedRequest,
    sessions::{Sessions, SignOut},
    tables::Tables,
    tokens::Tokens,
    user::Users,
    verifications::Verifications,
};

/// Is told something of each request.
pub(crate) type Observer = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Clone)]
pub(crate) struct State {
    pub(crate) endpoint: String,
    /// How far its clock is ahead of the machine's, in milliseconds.
    pub(crate) ahead: u64,
    pub(crate) ids: Ids,
    pub(crate) keys: Keys,
    /// The ids of the keys for cookies, the newest first. Nothing is signed with them.
    pub(crate) cookie_keys: Vec<String>,
    /// The id of the application that may use the Management API.
    pub(crate) manager: String,
    pub(crate) users: Users,
    /// All other entities.
    pub(crate) tables: Tables,
    pub(crate) links: AllLinks,
    /// Files by id, with their types; none where there is no storage.
    pub(crate) storage: Option<HashMap<String, (String, Vec<u8>)>>,
    /// Whether there is a provider for custom domains.
    pub(crate) custom_domains: bool,
    /// Below which domain protected applications are found; none where there are no such.
    pub(crate) protected_domain: Option<String>,
    /// Webhooks that are due.
    pub(crate) deliveries: Vec<Delivery>,
    /// Whether tests control it by requests, too.
    pub(crate) has_control: bool,
    /// Whether what cannot be told from the contract is refused.
    pub(crate) strict: bool,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    /// What stands in for the scripts of custom claims.
    pub(crate) custom_claims: Option<Customizer>,
    pub(crate) policy: Policy,
    pub(crate) codes: Codes,
    /// Those of the Account API.
    pub(crate) verifications: Verifications,
    pub(crate) connectors: Connectors,
    pub(crate) attempts: Attempts,
    pub(crate) interactions: HashMap<String, Interaction>,
    /// What the pages for device codes were given to be sent with.
    pub(crate) device_pages: HashSet<String>,
    /// Where browsers go that are asked whether to sign out.
    pub(crate) sign_outs: HashMap<String, SignOut>,
    /// The newest.
    pub(crate) requests: Vec<RecordedRequest>,
    pub(crate) token_requests: usize,
    /// What goes wrong on demand.
    pub(crate) faults: Faults,
    /// Is told of each request that was answered.
    pub(crate) observer: Option<Observer>,
    /// The release whose answers are given, where it is not the newest.
    pub(crate) release: Option<String>,
}

/// How far a clock is put forward at most, in milliseconds: a thousand years.
pub(crate) const FARTHEST: u64 = 1000 * 365 * 24 * 60 * 60 * 1000;

impl State {
    /// Puts the clock forward.
    pub(crate) fn advance(&mut self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.ahead = self.ahead.saturating_add(millis).min(FARTHEST);
    }

    /// Milliseconds since the epoch, by the mock's own clock.
    #[allow(clippy::unused_self, reason = "a locked state is what sets the clock")]
    pub(crate) fn now(&self) -> u64 {
        now()
    }

    /// Ends what a user could go on with after being suspended or deleted.
    pub(crate) fn sign_out(&mut self, user_id: &str) {
        self.tokens.sign_out(user_id);
        self.sessions.forget_user(user_id);
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/oidc", self.endpoint)
    }
}

/// A handle of the state, shared by the server's tasks and the test.
#[derive(Clone)]
pub(crate) struct Store(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// What was known at the start.
    first: OnceLock<State>,
    /// What is kept to go back to, by the names that requests gave it.
    kept: Mutex<HashMap<String, State>>,
}

impl Store {
    pub(crate) fn new(endpoint: &str, id_seed: &str) -> io::Result<Self> {
        let mut ids = Ids::new(id_seed);
        let keys = Keys::new(&ids.standard());
        let state = Mutex::new(State {
            endpoint: endpoint.to_owned(),
            ahead: 0,
            ids,
            keys,
            manager: String::new(),
            users: Users::default(),
            tables: Tables::default(),
            links: AllLinks::default(),
            storage: None,
            protected_domain: None,
            deliveries: Vec::new(),
            has_control: false,
            strict: false,
            tokens: Tokens::default(),
            sessions: Sessions::default(),
            custom_claims: None,
            policy: Policy::default(),
            codes: Codes::default(),
            verifications: Verifications::default(),
            connectors: Connectors::default(),
            attempts: Attempts::default(),
            interactions: HashMap::new(),
            cookie_keys: vec!["cookie-key".to_owned()],
            custom_domains: true,
            device_pages: HashSet::new(),
            sign_outs: HashMap::new(),
            requests: Vec::new(),
            token_requests: 0,
            faults: Faults::default(),
            observer: None,
            release: None,
        });
        Ok(Self(Arc::new(Shared { state, first: OnceLock::new(), kept: Mutex::default() })))
    }

    /// Has [`reset`](Self::reset) go back to what is known now.
    pub(crate) fn begin(&self) {
        let _ = self.0.first.set(self.lock().clone());
    }

    pub(crate) fn reset(&self) {
        if let Some(first) = self.0.first.get() {
            self.restore(first);
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what is known now under a name.
    pub(crate) fn keep(&self, name: &str) {
        let state = self.lock().clone();
        self.kept().insert(name.to_owned(), state);
    }

    /// Goes back to what was kept under this name, if there is something.
    pub(crate) fn go_back_to(&self, name: &str) -> bool {
        self.kept().get(name).map(|known| self.restore(known)).is_some()
    }

    pub(crate) fn drop_kept(&self, name: &str) -> bool {
        self.kept().remove(name).is_some()
    }

    /// Goes back to what was known, at the same address. What applications have got for themselves
    /// stays good: programs go on with it that do not know of the way back.
    pub(crate) fn restore(&self, known: &State) {
        let mut new = known.clone();
        let mut state = self.lock();
        new.endpoint.clone_from(&state.endpoint);
        let tables = &new.tables;
        new.tokens.keep_own(&state.tokens, |app| tables.find("applications", app).is_some());
        *state = new;
    }

    /// No guard lives across an `await`, and a poisoned state is still a state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        time::go_by(state.ahead);
        state
    }
}
