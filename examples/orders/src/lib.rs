//! Orders of customers: an API that people of a customer may read or change, and a command that
//! makes customers and their people known to Logto.
//!
//! Each customer is an organization of Logto's, and each person one of its users with a role in it.
//! The tests run on the mock, `logto-mock`: see `docs/testing.md`.

pub mod api;
pub mod provision;

/// The API, as it is registered with Logto.
pub const API: &str = "https://orders.example";

/// The scopes of the API.
pub const READ: &str = "read:orders";
/// See [`READ`].
pub const WRITE: &str = "write:orders";
