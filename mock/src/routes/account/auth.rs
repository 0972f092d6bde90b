//! Who sends a request to the Account API, and what an operation asks of them: scopes, a proof of
//! who they are, and that the tenant's account center lets users see or change a field.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde_json::Value;

use crate::{
    routes::auth::{authorization, bearer},
    rules::{errors::Failure, releases::knows, users},
    state::{State, Store, collection::Members, user::User},
};

/// The user whose token a request carries.
pub(crate) struct Account {
    pub(super) id: String,
    scopes: String,
    /// Whether `logto-verification-id` names a proof of theirs.
    is_proved: bool,
}

/// What an operation asks for, in the order in which Logto looks.
pub(crate) enum Ask {
    Proof,
    /// A proof, unless the user has nothing to give one with.
    ProofIfAny,
    /// A scope, and the status without it.
    Scope(&'static str, u16),
    /// That a field may be seen.
    See(&'static str),
    /// That a field may be changed.
    Edit(&'static str),
}

impl FromRequestParts<Store> for Account {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, store: &Store) -> Result<Self, Failure> {
        let header = authorization(&parts.headers)
            .ok_or_else(|| Failure::new(401, "auth.authorization_header_missing"))?;
        let state = store.lock();
        let token = bearer(header).and_then(|token| state.tokens.access(token, state.now()));
        // A token for an API is not one for the account.
        let token = token.filter(|token| token.audience.is_none());
        let user = token.and_then(|token| state.users.find(token.user_id.as_deref()?));
        let user = user.filter(|user| !user.is_suspended());
        let (Some(token), Some(user)) = (token, user) else {
            return Err(Failure::new(401, "auth.unauthorized"));
        };
        if !token.has_scope("openid") {
            return Err(Failure::new(403, "auth.forbidden"));
        }
        let is_off = center(&state).is_some_and(|own| own.get("enabled") != Some(&true.into()));
        if is_off && parts.uri.path().starts_with("/api/my-account") {
            return Err(Failure::new(400, "account_center.not_enabled"));
        }
        let id = parts.headers.get("logto-verification-id").and_then(|id| id.to_str().ok());
        let is_proved = id.is_some_and(|id| state.verifications.prove(id, &user.id));
        Ok(Self { id: user.id.clone(), scopes: token.scope.clone(), is_proved })
    }
}

impl Account {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.split(' ').any(|own| own == scope)
    }

    pub(super) fn user<'a>(&self, state: &'a State) -> Result<&'a User, Failure> {
        state.users.find(&self.id).ok_or_else(users::not_found)
    }

    pub(super) fn user_mut<'a>(&self, state: &'a mut State) -> Result<&'a mut User, Failure> {
        state.users.find_mut(&self.id).ok_or_else(users::not_found)
    }

    /// Refuses who lacks what an operation asks for.
    pub(crate) fn check(&self, state: &State, asks: &[Ask]) -> Result<(), Failure> {
        for ask in asks {
            match *ask {
                Ask::ProofIfAny if knows(state, "1.40") && !can_prove(self.user(state)?) => {}
                Ask::Proof | Ask::ProofIfAny if !self.is_proved => {
                    return Err(Failure::new(401, "verification_record.permission_denied"));
                }
                Ask::Scope(scope, 403) if !self.has(scope) => {
                    return Err(Failure::new(403, "auth.forbidden"));
                }
                Ask::Scope(scope, status) if !self.has(scope) => {
                    return Err(Failure::new(status, "auth.unauthorized"));
                }
                Ask::See(field) if !is_shown(state, field) => {
                    return Err(Failure::new(400, "account_center.field_not_enabled"));
                }
                Ask::Edit(field) if control(state, field).is_some_and(|own| own != "Edit") => {
                    return Err(Failure::new(400, "account_center.field_not_editable"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The settings of the account center. As long as there are none, users may do everything.
fn center(state: &State) -> Option<&Members> {
    state.tables.get("account-center")?.get("", "").map(|row| &row.members)
}

/// What the tenant lets users do with a field, if it has said so. Passkeys go with second factors
/// unless they have a setting of their own.
fn control<'a>(state: &'a State, field: &str) -> Option<&'a str> {
    let fields = &center(state)?["fields"];
    let own = fields[field].as_str();
    let own = own.or_else(|| fields["mfa"].as_str().filter(|_| field == "passkey"));
    Some(own.unwrap_or("Off"))
}

/// Whether users may see a field.
pub(super) fn is_shown(state: &State, field: &str) -> bool {
    control(state, field).is_none_or(|own| own == "Edit" || own == "ReadOnly")
}

/// Whether a user has something to prove with who they are.
pub(super) fn can_prove(user: &User) -> bool {
    let has = |member: &str| user.get(member) != &Value::Null;
    user.password.is_some() || has("primaryEmail") || has("primaryPhone")
}
