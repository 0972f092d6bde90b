//! The sessions of users, whose refresh tokens are replaced at each use.

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    issuer::Key,
    judge::{Kind, Problem},
};

/// For so long Logto takes a refresh token that it has replaced.
const REUSE: Duration = Duration::from_secs(3);

pub(crate) struct Sessions {
    port: u16,
    key: Key,
    /// By the operation that began them.
    sessions: HashMap<String, Session>,
}

struct Session {
    /// The number of the refresh token that is good.
    newest: u64,
    /// When it took the place of the one before.
    replaced: Instant,
    /// Whether it has been sent to the client.
    arrived: bool,
}

impl Sessions {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, key: Key::es384("k1"), sessions: HashMap::new() }
    }

    pub(crate) fn keys(&self) -> Value {
        json!({"keys": [self.key.jwk()]})
    }

    /// A session of whoever signs in.
    pub(crate) fn begin(&mut self, body: &mut Value, host: &str, operation: &str) {
        let operation = operation.split('&').next().unwrap_or_default();
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let issuer = format!("http://{host}:{}/oidc", self.port);
        let claims = json!({
            "iss": issuer, "aud": host.replace('.', "-"), "sub": operation, "iat": now,
            "exp": now + 3600, "nonce": "n0nce",
        });
        body["id_token"] = self.key.sign(&claims).into();
        body["scope"] = "openid offline_access".into();
        let session = Session { newest: 1, replaced: Instant::now(), arrived: true };
        self.sessions.insert(operation.to_owned(), session);
        body["refresh_token"] = format!("r-{operation}-1").into();
    }

    /// Gives the next refresh token, or ends the session, which may be the client's mistake.
    pub(crate) fn renew(
        &mut self,
        body: &mut Value,
        form: &str,
        arrives: bool,
    ) -> Result<(), Option<Problem>> {
        let sent = form.split('&').find_map(|pair| pair.strip_prefix("refresh_token=r-"));
        let (operation, number) = sent.unwrap().split_once('-').unwrap();
        let number: u64 = number.parse().unwrap();
        let Some(session) = self.sessions.get_mut(operation) else {
            return Err(None);
        };
        let now = Instant::now();
        if number == session.newest {
            *session = Session { newest: number + 1, replaced: now, arrived: arrives };
        } else if number + 1 == session.newest && now - session.replaced < REUSE {
            session.arrived |= arrives;
        } else {
            let text = format!("the refresh token {number} of {operation} comes late");
            let problem = session.arrived.then(|| Problem::new(Kind::Ended, text));
            self.sessions.remove(operation);
            return Err(problem);
        }
        body["scope"] = "openid offline_access".into();
        body["refresh_token"] = format!("r-{operation}-{}", session.newest).into();
        Ok(())
    }
}
