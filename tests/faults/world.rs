//! What the server keeps, and what is done to it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{
    issuer::Key,
    server::{Asked, not_found},
};

/// The time of day, in seconds.
pub(crate) const NOW: u64 = 784_111_777;

static KEY: LazyLock<Key> = LazyLock::new(|| Key::es384("k1"));

pub(crate) struct World {
    pub(crate) endpoint: String,
    /// How often something was created, changed, deleted, redeemed or renewed.
    pub(crate) effects: usize,
    deleted: bool,
    redeemed: bool,
    /// The number of the refresh token that is good, and of the one before it, which is for a
    /// moment more.
    refresh: usize,
}

impl Default for World {
    fn default() -> Self {
        Self { endpoint: String::new(), effects: 0, deleted: false, redeemed: false, refresh: 1 }
    }
}

impl World {
    /// Does what was asked for, and gives the body of the answer, if it has one.
    pub(crate) fn answer(&mut self, asked: &Asked) -> Option<Value> {
        match (asked.method.as_str(), asked.target.as_str()) {
            ("POST", "/oidc/token") => Some(self.token(&asked.body)),
            ("GET", "/oidc/jwks") => Some(json!({"keys": [KEY.jwk()]})),
            ("GET", _) => Some(json!([user()])),
            ("DELETE", _) if self.deleted => Some(not_found()),
            ("DELETE", _) => {
                (self.deleted, self.effects) = (true, self.effects + 1);
                None
            }
            _ => {
                self.effects += 1;
                Some(user())
            }
        }
    }

    fn token(&mut self, form: &str) -> Value {
        let of_user = |number: usize, id_token: Option<String>| {
            json!({
                "access_token": format!("opaque-{number}"), "token_type": "Bearer",
                "expires_in": 3600, "refresh_token": format!("refresh-{number}"),
                "scope": "openid offline_access", "id_token": id_token,
            })
        };
        if form.contains("grant_type=authorization_code") {
            assert!(!self.redeemed, "a code is redeemed twice");
            (self.redeemed, self.effects) = (true, self.effects + 1);
            return of_user(self.refresh, Some(KEY.sign(&self.claims())));
        }
        if form.contains("grant_type=refresh_token") {
            let sent = form.rsplit("refresh_token=refresh-").next().unwrap_or_default();
            let sent: usize =
                sent.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
            if sent == self.refresh {
                (self.refresh, self.effects) = (self.refresh + 1, self.effects + 1);
            }
            return of_user(self.refresh, None);
        }
        json!({"access_token": "m2m", "token_type": "Bearer", "expires_in": 3600, "scope": "all"})
    }

    fn claims(&self) -> Value {
        json!({
            "iss": format!("{}/oidc", self.endpoint), "aud": "web-app", "sub": "u1", "iat": NOW,
            "exp": NOW + 3600, "nonce": "n0nce",
        })
    }
}

fn user() -> Value {
    json!({
        "id": "u1", "customData": {}, "identities": {}, "createdAt": 1, "updatedAt": 1,
        "profile": {}, "isSuspended": false, "username": "alice", "primaryEmail": null,
        "primaryPhone": null, "name": "Alice", "avatar": null, "applicationId": null,
        "lastSignInAt": null,
    })
}
