//! What Logto decides. Nothing here knows of HTTP but by the numbers of its statuses.

pub(crate) mod apps;
pub(crate) mod authorizations;
pub(crate) mod behaviours;
pub(crate) mod call;
pub(crate) mod catalog;
pub(crate) mod claims;
pub(crate) mod codes;
pub(crate) mod connectors;
pub(crate) mod contract;
mod digests;
pub(crate) mod engine;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod factors;
pub(crate) mod formats;
pub(crate) mod guard;
pub(crate) mod logs;
pub(crate) mod passwords;
pub(crate) mod plan;
pub(crate) mod scopes;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod spec;
pub(crate) mod totp;
pub(crate) mod users;
pub(crate) mod web_authn;
