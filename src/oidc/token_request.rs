//! A user's tokens for other APIs, and in organizations.

/// A token of a user's that is asked for.
#[derive(Debug)]
pub struct TokenRequest {}
