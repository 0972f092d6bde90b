//! What Logto decides. Nothing here knows of HTTP but by the numbers of its statuses.

pub(crate) mod applications;
pub(crate) mod apps;
pub(crate) mod claims;
pub(crate) mod codes;
pub(crate) mod connectors;
pub(crate) mod errors;
pub(crate) mod factors;
pub(crate) mod guard;
pub(crate) mod one_time_tokens;
pub(crate) mod passwords;
pub(crate) mod search;
pub(crate) mod totp;
pub(crate) mod users;
pub(crate) mod web_authn;
