//! A Logto that publishes keys, and tokens that they sign.

#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use logto_api::{
    Clock, Error,
    verify::{TokenVerifier, TokenVerifierBuilder},
};
use serde_json::{Value, json};

use super::{
    desk::{Desk, Reply, Seen},
    issuer::Key,
};

pub const API: &str = "https://api.acme.com";
pub const JWKS: &str = "/oidc/jwks";
pub const INTROSPECTION: &str = "/oidc/token/introspection";
pub const NOW: u64 = 1_795_658_100;

/// A clock that stands where the test puts it.
#[derive(Clone)]
pub struct At(Arc<Mutex<(u64, Instant)>>);

impl At {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new((NOW, Instant::now()))))
    }

    pub fn forward(&self, seconds: u64) {
        let mut now = self.0.lock().unwrap();
        now.0 += seconds;
        now.1 += Duration::from_secs(seconds);
    }

    pub fn set(&self, wall: u64) {
        self.0.lock().unwrap().0 = wall;
    }
}

impl Clock for At {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().1
    }

    fn wall_time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.lock().unwrap().0)
    }

    fn sleep(&self, _: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

/// A Logto that publishes keys, as long as it is up.
pub struct Logto {
    pub desk: Desk,
    pub keys: Arc<Mutex<Option<Value>>>,
    /// What is told of every token that is asked about.
    pub introspection: Arc<Mutex<Value>>,
    /// Held by a test that keeps those waiting who ask about a token.
    pub held: Arc<tokio::sync::Mutex<()>>,
    pub clock: At,
}

impl Logto {
    pub async fn with(keys: Value) -> Self {
        let keys = Arc::new(Mutex::new(Some(keys)));
        let shown = keys.clone();
        let introspection = Arc::new(Mutex::new(Value::Null));
        let told = introspection.clone();
        let held = Arc::new(tokio::sync::Mutex::new(()));
        let gate = held.clone();
        let desk = Desk::open(move |seen: Seen| {
            let (shown, told, gate) = (shown.clone(), told.clone(), gate.clone());
            async move {
                if seen.target == INTROSPECTION {
                    drop(gate.lock().await);
                }
                match (&*shown.lock().unwrap(), &*seen.target) {
                    (None, _) => Reply::new(503, ""),
                    (_, INTROSPECTION) => Reply::json(200, &told.lock().unwrap()),
                    (Some(keys), _) => Reply::json(200, keys),
                }
            }
        })
        .await;
        Self { desk, keys, introspection, held, clock: At::new() }
    }

    pub async fn of(key: &Key) -> Self {
        Self::with(json!({"keys": [key.jwk()]})).await
    }

    pub fn builder(&self) -> TokenVerifierBuilder {
        let clock = self.clock.clone();
        TokenVerifier::builder(&self.desk.endpoint).configure(|client| client.clock(clock))
    }

    pub fn verifier(&self) -> TokenVerifier {
        self.builder().audience(API).build().unwrap()
    }

    pub fn claims(&self) -> Value {
        json!({
            "jti": "j", "sub": "u1", "iat": NOW - 10, "exp": NOW + 3600, "scope": "read write",
            "client_id": "app", "iss": format!("{}/oidc", self.desk.endpoint), "aud": API,
        })
    }

    pub fn changed(&self, changes: &Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    pub fn fetches(&self) -> usize {
        self.desk.count(JWKS)
    }
}

pub fn header(key: &Key) -> Value {
    json!({"alg": key.algorithm(), "typ": "at+jwt", "kid": key.id})
}

pub fn sign(key: &Key, claims: &Value) -> String {
    key.sign_with(&header(key), claims)
}

pub fn rejected(outcome: Result<impl std::fmt::Debug, Error>) -> Error {
    let error = outcome.unwrap_err();
    assert!(error.is_invalid_token(), "{error}");
    error
}
