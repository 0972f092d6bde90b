//! Authentication of requests to the Account API: a user's token and, where it is asked for, a
//! verification.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{
    routes::auth::{authorization, bearer},
    rules::errors::Failure,
    state::Store,
};

/// The user whose token a request carries.
pub(crate) struct Account(pub(super) String);

/// The same, with a verification that names them in `logto-verification-id`.
pub(super) struct Verified(pub(super) String);

/// What the token of a request lets its bearer see of the user.
pub(super) struct Scopes(String);

impl Scopes {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.0.split(' ').any(|own| own == scope)
    }
}

impl FromRequestParts<Store> for Scopes {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, store: &Store) -> Result<Self, Failure> {
        let token = authorization(&parts.headers).and_then(bearer).unwrap_or_default();
        let state = store.lock();
        let token = state.tokens.access(token, state.now());
        Ok(Self(token.map(|token| token.scope.clone()).unwrap_or_default()))
    }
}

impl FromRequestParts<Store> for Account {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, store: &Store) -> Result<Self, Failure> {
        let header = authorization(&parts.headers)
            .ok_or_else(|| Failure::new(401, "auth.authorization_header_missing"))?;
        let state = store.lock();
        let token = bearer(header).and_then(|token| state.tokens.access(token, state.now()));
        // A token for an API is not one for the account.
        let token = token.filter(|token| token.audience.is_none() && token.has_scope("openid"));
        let user = token.and_then(|token| state.users.find(token.user_id.as_deref()?));
        let user = user.filter(|user| !user.is_suspended());
        let user = user.ok_or_else(|| Failure::new(401, "auth.unauthorized"))?;
        Ok(Self(user.id.clone()))
    }
}

const SESSIONS: [&str; 2] = ["/api/my-account/sessions", "/api/my-account/grants"];

impl FromRequestParts<Store> for Verified {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, store: &Store) -> Result<Self, Failure> {
        let Account(user_id) = Account::from_request_parts(parts, store).await?;
        let scopes = Scopes::from_request_parts(parts, store).await?;
        let is_about_sessions = SESSIONS.iter().any(|path| parts.uri.path().starts_with(path));
        if is_about_sessions && !scopes.has("urn:logto:scope:sessions") {
            return Err(Failure::new(401, "auth.unauthorized"));
        }
        let id = parts.headers.get("logto-verification-id").and_then(|id| id.to_str().ok());
        let state = store.lock();
        match id.is_some_and(|id| state.verifications.prove(id, &user_id)) {
            true => Ok(Self(user_id)),
            false => Err(Failure::new(401, "verification_record.permission_denied")),
        }
    }
}
