//! The `logto-api` crate.
