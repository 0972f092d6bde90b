//! The payloads of deliveries.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{Timestamp, models::redacted::redacted_debug};

/// A payload, with the fields that all payloads have. All fields but `event` are optional: test
/// deliveries lack some, and no missing field is a reason to lose a delivery.
macro_rules! payload {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$doc:meta])* $member:ident: $type:ty),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            /// The event's name.
            pub event: String,
            /// The id of the webhook that the event was sent to.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub hook_id: Option<String>,
            /// When the event occurred, in ISO 8601 as it was sent:
            /// [`Event::created_at`](super::Event::created_at) reads it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub created_at: Option<String>,
            /// The user agent of the request that caused it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub user_agent: Option<String>,
            /// The application that the request was made for.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub application: Option<Application>,
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $member: Option<$type>,
            )*
            /// All other fields.
            #[serde(flatten)]
            pub extra: Map<String, Value>,
        }

        impl Payload for $name {
            fn hook_id(&self) -> Option<&str> {
                self.hook_id.as_deref()
            }

            fn created_at(&self) -> Option<&str> {
                self.created_at.as_deref()
            }
        }

        redacted_debug!($name { event, hook_id, created_at });
    };
}

/// The fields of all payloads.
pub(super) trait Payload {
    fn hook_id(&self) -> Option<&str>;
    fn created_at(&self) -> Option<&str>;
}

payload! {
    /// A user signed in, registered or reset their password.
    Interaction {
        /// `SignIn`, `Register` or `ForgotPassword`.
        interaction_event: String,
        /// The id of the sign-in, which the events of one sign-in share.
        session_id: String,
        /// The user's id.
        user_id: String,
        /// The user's IP address.
        user_ip: String,
        /// The user.
        user: User,
    }
}

payload! {
    /// Data changed: by a request to the Management or the Account API, or in a sign-in.
    ///
    /// Which fields are present depends on it.
    DataChange {
        /// The current data, or that of a deleted user. Absent if a role, a scope or the like was
        /// deleted: its id is in `params`.
        data: Value,
        /// The path of the Management API request, without `/api` and the query.
        path: String,
        /// The route of the path, such as `/roles/:id`.
        matched_route: String,
        /// The parameters of the route.
        params: Map<String, Value>,
        /// The method of the request.
        method: String,
        /// The status of the response.
        status: u16,
        /// The IP address of the request.
        ip: String,
        /// `SignIn`, `Register` or `ForgotPassword`, if it occurred in a sign-in.
        interaction_event: String,
        /// The id of the sign-in.
        session_id: String,
        /// The id of the application that is signed in to.
        application_id: String,
        /// The organization whose membership changed.
        organization_id: String,
        /// The role whose scopes changed, if it is not in `params`.
        role_id: String,
        /// The organization role whose scopes changed, if it is not in `params`.
        organization_role_id: String,
        /// The ids of users who became members; absent before Logto 1.42.0.
        added_user_ids: Vec<String>,
        /// The ids of users who are no longer members.
        removed_user_ids: Vec<String>,
        /// The ids of applications that became members.
        added_application_ids: Vec<String>,
        /// The ids of applications that are no longer members.
        removed_application_ids: Vec<String>,
    }
}

impl DataChange {
    /// A parameter of the route, such as `id` or `userId`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.as_ref()?.get(name)?.as_str()
    }

    /// The data as a type of your own or, with the feature of its group, a model such as
    /// `models::Role`. `None` if there is no data.
    ///
    /// `User.Data.Updated` contains the whole user, or only the custom data or the profile if just
    /// these were set: `matched_route` tells which.
    ///
    /// # Errors
    ///
    /// When the data does not match the type.
    pub fn data_as<T: DeserializeOwned>(&self) -> serde_json::Result<Option<T>> {
        self.data.as_ref().map(T::deserialize).transpose()
    }

    /// The data as a user, if it is one.
    pub fn user(&self) -> Option<User> {
        let part = ["/custom-data", "/profile"];
        let route = self.matched_route.as_deref().or(self.path.as_deref()).unwrap_or_default();
        if !self.event.starts_with("User.") || part.iter().any(|end| route.ends_with(end)) {
            return None;
        }
        self.data_as().ok().flatten()
    }
}

payload! {
    /// An identifier was locked after too many failed attempts, or an attempt was made while it was.
    Lockout {
        /// What is locked: `username`, `email`, `phone` or `userId`.
        r#type: String,
        /// The identifier.
        value: String,
        /// The IP address of the request.
        ip: String,
        /// `SignIn`, `Register` or `ForgotPassword`, if it occurred in a sign-in.
        interaction_event: String,
        /// The id of the sign-in.
        session_id: String,
        /// The id of the application that is signed in to.
        application_id: String,
    }
}

payload! {
    /// Too many messages were requested.
    RateLimit {
        /// The rejected action: `VerificationCodeSend`.
        action: String,
        /// The e-mail address or phone number.
        recipient: String,
        /// The IP address of the request.
        ip: String,
        /// `SignIn`, `Register` or `ForgotPassword`, if it occurred in a sign-in.
        interaction_event: String,
        /// The id of the sign-in.
        session_id: String,
        /// The id of the application that is signed in to.
        application_id: String,
    }
}

payload! {
    /// Grants of a user were revoked because there were more than the application allows.
    GrantLimit {
        /// The user's id.
        user_id: String,
        /// The application's id.
        application_id: String,
        /// The IP address of the request.
        ip: String,
        /// The ids of the revoked grants.
        revoked_grant_ids: Vec<String>,
        /// How many grants the application allows.
        max_allowed_grants: u64,
        /// The number of grants before.
        pre_revocation_active_grant_count: u64,
    }
}

payload! {
    /// An event that this version of the crate does not know.
    UnknownEvent {}
}

/// The application that a request was made for.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Application {
    /// Its id.
    pub id: String,
    /// Its type, such as `SPA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

redacted_debug!(Application { id, name });

/// A user, as deliveries contain them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The user's id.
    pub id: String,
    /// The username to sign in with.
    #[serde(default)]
    pub username: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    pub primary_email: Option<String>,
    /// The phone number.
    #[serde(default)]
    pub primary_phone: Option<String>,
    /// The full name.
    #[serde(default)]
    pub name: Option<String>,
    /// The URL of a picture.
    #[serde(default)]
    pub avatar: Option<String>,
    /// The custom data that your application stores with the user.
    #[serde(default)]
    pub custom_data: Map<String, Value>,
    /// The user's social accounts, by the targets of their connectors.
    #[serde(default)]
    pub identities: Map<String, Value>,
    /// The OpenID Connect profile: the standard claims that are set.
    #[serde(default)]
    pub profile: Map<String, Value>,
    /// The application that the user last signed in to.
    #[serde(default)]
    pub application_id: Option<String>,
    /// Whether the user is suspended.
    #[serde(default)]
    pub is_suspended: bool,
    /// Whether the user has a password, if the payload says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_password: Option<bool>,
    /// When the user last signed in.
    #[serde(default)]
    pub last_sign_in_at: Option<Timestamp>,
    /// When the user was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When the user last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

redacted_debug!(User { id, is_suspended });

/// Parses a time such as `2026-11-26T01:53:15.662Z`.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let digits = |from: usize, to: usize| {
        let part = text.get(from..to)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok())?
    };
    let separators = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")];
    let fits = |(at, mark): &(usize, &str)| text.get(*at..*at + 1) == Some(*mark);
    if text.len() != 24 || !separators.iter().all(fits) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_since_epoch(year, month, day);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_millis(seconds * 1000 + digits(20, 23)?))
}

/// Days in the Gregorian calendar, of which 400 years have 146,097. A year is counted from March, so
/// that the leap day is its last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let months = (month + 9) % 12;
    let in_year = (153 * months + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_is_read_to_the_millisecond() {
        let millis = |text| time(text).map(|time| time.as_millis());
        assert_eq!(millis("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(millis("2000-02-29T23:59:59.999Z"), Some(951_868_799_999));
        assert_eq!(millis("2026-11-22T18:38:09.340Z"), Some(1_795_372_689_340));
        assert_eq!(millis("2100-03-01T00:00:00.001Z"), Some(4_107_542_400_001));
        for other in ["", "soon", "2026-13-22T18:38:09.340Z", "2026-11-22 18:38:09.340Z", "é"] {
            assert_eq!(millis(other), None, "{other}");
        }
    }
}
