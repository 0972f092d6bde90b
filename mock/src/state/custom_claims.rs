//! What stands in for the scripts by which a tenant adds claims to access tokens.

use std::sync::Arc;

use serde_json::{Map, Value};

/// What a script for custom claims says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CustomClaims {
    /// The token gets these claims, but for those that every token has.
    Add(Map<String, Value>),
    /// There is no token: the token endpoint answers 400 `access_denied` with this description.
    Deny(String),
    /// The script threw this: the token has no custom claims, and the audit log says why.
    Fail(String),
}

/// Takes what a script is given: `token` and `context`.
pub(crate) type Customizer = Arc<dyn Fn(&Value) -> CustomClaims + Send + Sync>;
