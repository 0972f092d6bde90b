//! A Logto whose sessions are shared by processes, and the store that they share.

#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use logto_api::{
    Client, MemoryTokenStore, RetryPolicy, StoreError, TokenStore,
    reqwest::Url,
    sign_in::{StoredTokens, UserSessions, UserTokens},
};
use serde_json::{Value, json};

use super::{
    clock::TestClock,
    desk::{Desk, Reply, Seen},
};

pub const TOKEN: &str = "/oidc/token";
pub const REVOCATION: &str = "/oidc/token/revocation";
pub const KEY: &str = "user:s1";

/// A store that can be down.
#[derive(Clone, Default)]
pub struct Store {
    pub kept: MemoryTokenStore,
    down: Arc<AtomicBool>,
}

impl Store {
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.down.load(Ordering::SeqCst) {
            true => Err("the store's own words".into()),
            false => Ok(()),
        }
    }

    /// The entry of the session.
    pub async fn entry(&self) -> Value {
        serde_json::from_str(&self.kept.load(KEY).await.unwrap().unwrap()).unwrap()
    }

    pub async fn set(&self, entry: &Value) {
        let before = self.kept.load(KEY).await.unwrap();
        let (before, text) = (before.as_deref(), entry.to_string());
        let hour = Duration::from_secs(3600);
        assert!(self.kept.compare_and_set(KEY, before, Some(&text), hour).await.unwrap());
    }
}

impl TokenStore for Store {
    async fn load(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.check()?;
        self.kept.load(key).await
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&str>,
        new: Option<&str>,
        keep_for: Duration,
    ) -> Result<bool, StoreError> {
        self.check()?;
        self.kept.compare_and_set(key, expected, new, keep_for).await
    }
}

/// A Logto whose refresh tokens are good once: the second use ends the session.
pub struct Logto {
    pub desk: Desk,
    pub clock: TestClock,
    pub store: Store,
    /// What is answered to token requests before all else.
    refusals: Arc<Mutex<Vec<Reply>>>,
    /// The store goes down when a token request comes.
    pub fails_then: Arc<AtomicBool>,
}

impl Logto {
    pub async fn open() -> Self {
        let (store, number) = (Store::default(), Arc::new(AtomicUsize::new(1)));
        let (refusals, fails_then) =
            (Arc::new(Mutex::new(Vec::new())), Arc::<AtomicBool>::default());
        let shared = (store.clone(), number, refusals.clone(), fails_then.clone());
        let desk = Desk::open(move |seen: Seen| {
            let (store, number, refusals, fails_then) = shared.clone();
            async move {
                match seen.target.as_str() {
                    TOKEN => {
                        if fails_then.load(Ordering::SeqCst) {
                            store.set_down(true);
                        }
                        let refusal = refusals.lock().unwrap().pop();
                        refusal.unwrap_or_else(|| token(&form(&seen), &number))
                    }
                    "/oidc/me" => Reply::json(200, &json!({"sub": "u1"})),
                    _ => Reply::json(200, &json!({})),
                }
            }
        })
        .await;
        Self { desk, clock: TestClock::new(0.5), store, refusals, fails_then }
    }

    pub fn client(&self) -> Client {
        let client = self.desk.builder().clock(self.clock.clone());
        client.retry(RetryPolicy::never()).build().unwrap()
    }

    /// The sessions, as one process sees them.
    pub fn sessions(&self) -> UserSessions {
        UserSessions::new(&self.client(), self.store.clone()).client_secret("s3cret")
    }

    /// The tokens of one process, of a user who is signed in.
    pub async fn process(&self) -> UserTokens {
        self.sessions().get("s1").await.unwrap().unwrap()
    }

    pub async fn signed_in() -> Self {
        let logto = Self::open().await;
        let tokens = set().restore(&logto.client(), Some("s3cret")).unwrap();
        logto.sessions().insert("s1", &tokens).await.unwrap();
        logto
    }

    pub fn refuse(&self, reply: Reply) {
        self.refusals.lock().unwrap().push(reply);
    }

    /// Somebody else has begun to renew, and nobody knows what became of it.
    pub async fn leave_in_doubt(&self) {
        let mut entry = self.store.entry().await;
        entry["renewal"] = json!({"by": "another", "beat": 3, "lost": true});
        self.store.set(&entry).await;
    }
}

pub fn set() -> StoredTokens {
    serde_json::from_value(json!({
        "client_id": "web-app", "access_token": "opaque-1", "refresh_token": "refresh-1",
        "expires_at": (TestClock::START + 3600) * 1000, "scope": "openid offline_access",
        "resources": ["https://api.acme.com"],
    }))
    .unwrap()
}

pub fn token(form: &HashMap<String, String>, number: &AtomicUsize) -> Reply {
    let last = number.load(Ordering::SeqCst);
    if form["grant_type"] == "refresh_token" && form["refresh_token"] != format!("refresh-{last}") {
        number.store(1000, Ordering::SeqCst);
        return Reply::json(400, &json!({"error": "invalid_grant", "error_description": "reused"}));
    }
    let next = number.fetch_add(1, Ordering::SeqCst) + 1;
    Reply::json(
        200,
        &json!({
            "access_token": format!("opaque-{next}"), "refresh_token": format!("refresh-{next}"),
            "expires_in": 3600, "token_type": "Bearer",
        }),
    )
}

pub fn form(seen: &Seen) -> HashMap<String, String> {
    let query = Url::parse(&format!("http://form/?{}", seen.body)).unwrap();
    query.query_pairs().into_owned().collect()
}
