//! Claims about a user: those of an ID token, and the response of the userinfo endpoint.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::{Timestamp, models::redacted::redacted_debug};

/// A user, as returned by Logto's userinfo endpoint.
///
/// Which fields are present depends on the granted scopes: `profile`, `email`, `phone`, `address`,
/// `custom_data`, `identities`, `roles`, `urn:logto:scope:organizations` and
/// `urn:logto:scope:organization_roles`. `Debug` does not show fields that may hold arbitrary data.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// The user's id.
    pub sub: String,
    /// The full name.
    #[serde(default)]
    pub name: Option<String>,
    /// The surname.
    #[serde(default)]
    pub family_name: Option<String>,
    /// The first name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// The names between the two.
    #[serde(default)]
    pub middle_name: Option<String>,
    /// The casual name.
    #[serde(default)]
    pub nickname: Option<String>,
    /// The display name, which users can choose freely: it does not identify them.
    #[serde(default)]
    pub preferred_username: Option<String>,
    /// The URL of the profile page.
    #[serde(default)]
    pub profile: Option<String>,
    /// The URL of the picture.
    #[serde(default)]
    pub picture: Option<String>,
    /// The URL of the website.
    #[serde(default)]
    pub website: Option<String>,
    /// The gender.
    #[serde(default)]
    pub gender: Option<String>,
    /// The date of birth, as `YYYY-MM-DD`.
    #[serde(default)]
    pub birthdate: Option<String>,
    /// The time zone, such as `Europe/Paris`.
    #[serde(default)]
    pub zoneinfo: Option<String>,
    /// The language, such as `fr-CA`.
    #[serde(default)]
    pub locale: Option<String>,
    /// The postal address, with the fields of OpenID Connect: `country`, `locality`, …
    #[serde(default)]
    pub address: Option<Map<String, Value>>,
    /// The username, to sign in with.
    #[serde(default)]
    pub username: Option<String>,
    /// When the user was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When the user was last updated.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the e-mail address is verified.
    #[serde(default)]
    pub email_verified: Option<bool>,
    /// The phone number, in digits.
    #[serde(default)]
    pub phone_number: Option<String>,
    /// Whether the phone number is verified.
    #[serde(default)]
    pub phone_number_verified: Option<bool>,
    /// The custom data that your application stores with the user.
    #[serde(default)]
    pub custom_data: Option<Map<String, Value>>,
    /// The user's social accounts, by the target of the connector.
    #[serde(default)]
    pub identities: Option<Map<String, Value>>,
    /// The user's accounts with enterprise identity providers.
    #[serde(default)]
    pub sso_identities: Option<Vec<Value>>,
    /// The names of the user's roles.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// The ids of the user's organizations.
    #[serde(default)]
    pub organizations: Option<Vec<String>>,
    /// The user's organizations, with names and descriptions.
    #[serde(default)]
    pub organization_data: Option<Vec<Value>>,
    /// The user's roles in organizations, as `organization-id:role-name`.
    #[serde(default)]
    pub organization_roles: Option<Vec<String>>,
    /// All other claims.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The claims of a validated ID token: who signed in, and how.
#[derive(Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct IdTokenClaims {
    /// The issuer: the endpoint with the path `/oidc`.
    pub iss: String,
    /// The audience: includes the id of your application.
    #[serde(deserialize_with = "one_or_more")]
    pub aud: Vec<String>,
    /// The authorized party: the application that requested the token, if it is for several.
    #[serde(default)]
    pub azp: Option<String>,
    /// When the token expires.
    #[serde(deserialize_with = "seconds")]
    pub exp: Timestamp,
    /// When the token was issued.
    #[serde(deserialize_with = "seconds")]
    pub iat: Timestamp,
    /// Before this time, the token is not valid.
    #[serde(default, deserialize_with = "maybe_seconds")]
    pub nbf: Option<Timestamp>,
    /// When the user authenticated. Logto includes it if the authorization request set `max_age`,
    /// or forced the user to sign in again.
    #[serde(default, deserialize_with = "maybe_seconds")]
    pub auth_time: Option<Timestamp>,
    /// The authentication context class.
    #[serde(default)]
    pub acr: Option<String>,
    /// The authentication methods.
    #[serde(default)]
    pub amr: Option<Vec<String>>,
    /// The id of the user's session with Logto. Logto includes it if the application requires it
    /// for back-channel logout.
    #[serde(default)]
    pub sid: Option<String>,
    #[serde(default)]
    pub(super) nonce: Option<String>,
    /// The user, as far as the token has claims about them.
    #[serde(flatten)]
    pub user: UserInfo,
}

redacted_debug!(IdTokenClaims {
    iss, aud, azp, exp, iat, nbf, auth_time, acr, amr, user,
} hides { sid, nonce });

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo")
            .field("sub", &self.sub)
            .field("name", &self.name)
            .field("username", &self.username)
            .field("email", &self.email)
            .field("phone_number", &self.phone_number)
            .field("roles", &self.roles)
            .field("organizations", &self.organizations)
            .finish_non_exhaustive()
    }
}

/// `aud` is a string if there is only one.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    })
}

/// A `NumericDate` of a token: seconds since the epoch, possibly with a fraction.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    // Beyond this no sum of two of them is a number of milliseconds.
    const FAR: f64 = 1e12;
    match seconds.abs() < FAR {
        true => Ok(Timestamp::from_millis((seconds * 1000.0) as i64)),
        false => Err(D::Error::custom("expected seconds since the epoch")),
    }
}

pub(crate) fn maybe_seconds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    struct Seconds(#[serde(deserialize_with = "seconds")] Timestamp);
    Ok(Option::<Seconds>::deserialize(deserializer)?.map(|Seconds(at)| at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_logto_tells_of_a_user() {
        let told = json!({
            "sub": "u1", "name": "Ann", "picture": null, "updated_at": 1_795_372_674_317_i64,
            "email": "ann@example.com", "email_verified": true, "phone_number": null,
            "phone_number_verified": false, "address": {"country": "ES"}, "custom_data": {"k": 1},
            "identities": {}, "sso_identities": [], "roles": ["admin"], "organizations": [],
            "my_claim": {"deep": "hunter2"},
        });
        let user: UserInfo = serde_json::from_value(told).unwrap();
        assert_eq!((user.sub.as_str(), user.name.as_deref()), ("u1", Some("Ann")));
        assert_eq!((user.picture.as_ref(), user.phone_number.as_ref()), (None, None));
        assert_eq!(user.updated_at.unwrap().as_millis(), 1_795_372_674_317);
        assert_eq!(user.roles.as_deref(), Some(&["admin".to_owned()][..]));
        assert_eq!(user.custom_data.as_ref().unwrap()["k"], 1);
        assert_eq!(user.extra["my_claim"]["deep"], "hunter2");
        assert_eq!(user.extra.len(), 1);
        assert!(!format!("{user:?}").contains("hunter2"));
    }

    #[test]
    fn reads_the_claims_of_a_token() {
        let claims = json!({
            "iss": "i", "aud": "a", "exp": 1_700_000_000.5, "iat": 1_700_000_000, "sub": "u1",
            "auth_time": 1_700_000_001, "nonce": "hunter2", "username": null, "at_hash": "x",
        });
        let claims: IdTokenClaims = serde_json::from_value(claims).unwrap();
        assert_eq!(claims.aud, ["a"]);
        assert_eq!(claims.exp.as_millis(), 1_700_000_000_500);
        assert_eq!(claims.auth_time.unwrap().as_millis(), 1_700_000_001_000);
        assert_eq!((claims.nbf, claims.user.username.as_ref()), (None, None));
        assert_eq!(claims.user.extra.keys().collect::<Vec<_>>(), ["at_hash"]);
        assert!(!format!("{claims:?}").contains("hunter2"));
        for exp in [json!(1e300), json!("soon"), json!(null)] {
            let claims = json!({"iss": "i", "aud": ["a", "b"], "exp": exp, "iat": 1, "sub": "u1"});
            assert!(serde_json::from_value::<IdTokenClaims>(claims).is_err());
        }
    }
}
