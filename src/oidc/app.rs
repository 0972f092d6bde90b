//! The application that a user signs in to.

use std::fmt;

use crate::{Error, Result};

/// An application that users sign in to. Confidential clients have a secret; native and single-page
/// applications have none.
#[derive(Clone)]
pub(crate) struct App {
    pub(super) client_id: String,
    pub(super) secret: Option<String>,
}

impl App {
    pub(crate) fn new(client_id: String, secret: Option<String>) -> Result<Self> {
        if client_id.trim().is_empty() {
            return Err(Error::config(
                "the client id is empty: copy the app id from the application's page",
            ));
        }
        if secret.as_deref().is_some_and(|secret| secret.trim().is_empty()) {
            return Err(Error::config(
                "the client secret is empty: copy it from the application's page, or pass none for \
                 a native or single-page application",
            ));
        }
        Ok(Self { client_id, secret })
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("client_id", &self.client_id)
            .field("secret", &self.secret.as_ref().map(|_| "[redacted]"))
            .finish()
    }
}
